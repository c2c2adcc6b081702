// Package tryton is the driver for Tryton (6.0, as in Debian 12): parties as
// contacts and project tasks as tasks, over the JSON-RPC that Tryton's own clients
// speak.
//
//	driver.go     the Driver value and its options
//	connector.go  connector: Traits, Collections, Close
//	rpc.go        one call; session.go: login and renewal; failure.go: errors
//	wire.go       values as Tryton's JSON has them
//	facts.go      what this server has: modules, rights, company, statuses
//	shelf.go      what the two collections have in common
//	changes.go    Changes, List and Fetch; cursor.go: what a cursor remembers
//	write.go      Create, Find, Update and Delete; marker.go: the key of a create
//	partyfields.go taskfields.go  the tables: which field is kept in which columns
//	party.go      a party as a contact; partywrite.go: and back
//	name.go       one text or its parts
//	mechanism.go address.go country.go category.go employer.go
//	edits.go      rows that hang on a party: mechanismwrite.go, addresswrite.go
//	task.go       a work as a task; taskwrite.go: and back; status.go, project.go
//	fieldmap.go   FieldMap and Mapped: the tables shown and changed
//	columns.go    Columns: what fields_get tells; plain.go: values of mapped columns
//	relations.go  what records are tied to: Roles, Related, Candidates, Relate
//	probe.go      the steps of a link test; lookups.go: pick-lists
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
//   - An archived party (active = false) is out of scope and not deleted: to Tryton's
//     users it is gone, but it can come back as the same record. Fetch finds it,
//     Changes and List do not. Unassign archives. Delete deletes, but archives
//     what something else in Tryton points to, because Tryton would empty or delete
//     that too.
//   - Tryton's people add columns by modules. Those that a field map names are asked for
//     with every reading and are part of the version: what Tryton works out, and what
//     the record that a column leads to is called, changes without a stamp.
//   - Parties and tasks belong to nobody, so that Scope.AllOwners changes nothing
//     and tasks cannot be unassigned.
//
// Nothing here makes Tryton send mail.
package tryton
