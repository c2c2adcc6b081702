// Package creatio is the driver for Creatio (formerly bpm'online; BPMSoft has the
// same data model) over its OData 4 service.
//
//	driver.go  options.go   the Driver value and its settings
//	connector.go            remote.Remote: which call goes to which shelf
//	auth.go  oauth.go       sessions: forms login and client credentials
//	site.go                 one request: session, renewal, base path, tunnelling
//	odata.go  filter.go  row.go   queries, conditions, rows
//	errors.go               answers that are refusals, as *pim.Error
//	manner.go               how a site understands filters, found out once
//	lookups.go  known.go    pick-lists: loaded, recognised, never assumed
//	looking.go              the names that one write looks up, and what a person is told of them
//	people.go  companies.go  places.go   contacts, companies and cities by name
//	activityfields.go  contactfields.go   the tables: which field is kept in which columns
//	fieldmap.go  columns.go  model.go  plain.go   the map, shown and changed: the site's own
//	                        columns from $metadata, plain values in any of them
//	activities.go  activitywrite.go  participants.go  times.go   events and tasks
//	messages.go  messagefields.go  files.go   e-mails, which are activities, too; files of activities
//	contacts.go  contactwrite.go  communications.go  addresses.go  contacts
//	relations.go  relate.go  directory.go   what items are tied to, and a change of it; who people are by their addresses
//	kids.go                 rows of child entities; the version of a record
//	folders.go              folders as groups, and counting
//	mails.go                whom a write would make Creatio mail
//	find.go                 what became of a create
//	parallel.go             several requests at once
//	changes.go  cursor.go  scope.go  list.go   what changed, what is there
//	probe.go                the connection test
//
// Facts that shape it: every write moves ModifiedOn, participants and numbers move
// only their own; there are no tombstones and no conditional writes; clients may
// choose ids. So a version is the record's stamp with a digest of its children's,
// writes read and compare first and send only what differs, and an item's id is
// made from the idempotency key. Of an e-mail that key is the same for all users, and so is the
// record. A file is a row first and has its bytes later, so that it bears another name until
// they are whole.
//
// What Creatio cannot keep: repetition, privacy, categories, whether time is
// blocked, more than one reminder, priorities between high, medium and low,
// prefixes and suffixes of names, labels of e-mail addresses, photos (for now).
//
// Not here: OData 3, the delete log of 8.3.2.
package creatio
