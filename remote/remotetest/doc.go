// Package remotetest is the conformance suite of package remote: whatever the relay
// takes for granted of a remote is asked here, once for all drivers.
//
//	harness.go   Harness, Account, Behind: how the suite gets at a remote
//	run.go       Run and the list of cases
//	sample.go    items to write, and what must come back of them
//	texts.go     texts that break naive drivers
//	read.go create.go update.go remove.go   one item at a time
//	series.go    series as a rule with exceptions
//	relations.go  what items are tied to; people by address
//	files.go     files of items
//	changes.go paging.go scope.go           listings and cursors
//	probe.go     what "link test" tells
//	faults.go    what a driver makes of failures
//	faulty.go    Faulty: an HTTP server that fails on demand, for HarnessFaults
//	parallel.go  cancelled contexts, many callers
//
// A case is left out only because of a trait or because the harness lacks an
// ability, and says which. Packages crm/crmtest and exchange/exchangetest add what
// only their remotes have.
package remotetest
