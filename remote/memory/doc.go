// Package memory is a system in memory with all that the contract knows, and each weakness on demand. It has two faces: crm/mem is a
// CRM, exchange/mem a mailbox. They are complete drivers, patterns for new ones, and the other side in tests of everything that stands
// on the contract.
//
//	options.go    Options: what the system is weak at
//	system.go     System: rows, and what a person at its screen can do to them
//	session.go    Session: reads and writes; Open
//	changes.go    Changes, Lister and the scope
//	moves.go      items that move between collections; Marker: the keys they carry
//	watch.go      Watcher: hints of changes
//	mails.go      the mail that writes send, for systems that do
//	relations.go  Records: what items are tied to, and who people are by their addresses
//	columns.go    Records: columns beside the fields; the field map
//	groups.go     Records: groups of items; counting
//	names.go      lists that names are looked up in
//	weaken.go     what is left of an item under weak traits
//	fault.go      failures on demand: the nth call, lost answers, pauses
//
// With zero Options it reports deletions, checks writes atomically, keeps keys and
// UIDs and every field. Each option takes one of these away.
//
// Not here: a network. What goes wrong on the wire is tested with the vendor
// drivers and package remote/remotetest.
package memory
