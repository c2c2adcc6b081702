// Package remote is the contract between the relay and every system that is not
// ours: CRMs (package crm) and mail servers (package exchange) alike.
//
//	remote.go   Remote and what passes through it
//	traits.go   Traits: what a remote can and cannot do, declared, not hidden
//	ability.go  the small optional interfaces
//	column.go   Column, Mapping: in which columns fields are kept
//	relations.go  what items are tied to; who people are by their addresses
//	fieldmap.go FieldMapper: the map of a connection, shown and changed
//	driver.go   Driver, Option, Settings, Env: how a remote is described and opened
//
// A driver translates; it decides nothing. Conflicts, retries of items, order,
// deletion brakes and bookkeeping are the relay's. Conformance is judged by
// package remote/remotetest.
package remote
