// Package mem is a CRM in memory: a complete driver, the pattern for new ones and
// the other side in tests of everything that stands on the contract.
//
//	options.go  Options: what the CRM is weak at
//	crm.go      CRM: rows and what a person at its screen can do to them
//	remote.go   the driver: reads and writes
//	changes.go  the driver: Changes, List and the scope
//	columns.go  columns beside the fields; the field map
//	groups.go   groups of items, and counting
//	companies.go  companies and contacts that names are looked up in
//	relations.go  what items are tied to, and who people are by their addresses
//	moves.go    items that move between collections, and the keys they carry
//	mails.go    the mail that writes send, for CRMs that do
//	watch.go    hints of changes
//	weaken.go   what is left of an item under weak traits
//	fault.go    failures on demand: the nth call, lost answers, pauses
//	driver.go   the Driver value
//
// With zero Options it reports deletions, checks writes atomically, keeps keys and
// UIDs and every field. Each option takes one of these away.
//
// Not here: a network. What goes wrong on the wire is tested with the vendor
// drivers and package remote/remotetest.
package mem
