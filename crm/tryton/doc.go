// Package tryton is the driver for Tryton (6.0, as in Debian 12): parties as
// contacts and project tasks as tasks, over the JSON-RPC that Tryton's own clients
// speak.
//
//	driver.go     the Driver value and its options
//	connector.go  connector: Traits, Collections, Close
//	rpc.go        one call; session.go login and renewal; failure.go errors
//	wire.go       values as Tryton's JSON has them
//	facts.go      what this server has: modules, rights, company, statuses
//	shelf.go      what the two collections have in common: paging and reading
//	changes.go    Changes and List; cursor.go what a cursor remembers

//	write.go      Create, Update, Delete of both collections
//	party*.go name.go mechanism*.go address*.go country.go employer.go category.go
//	task*.go status.go project.go marker.go
//	probe.go      the steps of a link test; lookups.go pick-lists
//
// What Tryton is and what follows from it:
//
//   - write_date is null until the first change, and a change of a phone or an
//     address leaves the party's stamp alone. Changes asks for the stamps of all of
//     them, and Record.Version is made of all of them.
//   - _timestamp, Tryton's own lock, has microseconds on PostgreSQL and whole
//     seconds on SQLite. Update and Delete compare the version themselves, and then
//     hand the lock over too.
//   - There are no tombstones and no ids of ours. List finds deletions. A made record
//     carries its key: a party as an identifier, a task as invisible characters at
//     the end of its comment (marker.go).
//   - An archived party (active = false) is out of scope and not deleted: Fetch finds
//     it, Changes and List do not. Unassign archives. Delete deletes, but archives
//     what something else in Tryton points to, because Tryton would empty or delete
//     that too.
//   - Parties and tasks belong to nobody, so that Scope.AllOwners changes nothing
//     and tasks cannot be unassigned.
//
// Nothing here makes Tryton send mail.
package tryton
