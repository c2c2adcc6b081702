// Package remote is the contract between the relay and every system that is not
// ours: CRMs (package crm) and mail servers (package exchange) alike.
//
//	remote.go   Remote and what passes through it
//	traits.go   Traits: what a remote can and cannot do, declared, not hidden
//	ability.go  the small optional interfaces
//	file.go     FileOpener, FileKeeper: files of items, as streams
//	column.go   Column, Mapping: in which columns fields are kept
//	relations.go  what items are tied to; who people are by their addresses
//	fieldmap.go FieldMapper: the map of a connection, shown and changed
//	driver.go   Driver, Option, Settings, Env: how a remote is described and opened
//
// Messages (pim.KindMessage) come from mailboxes and go to CRMs, once and in this direction only:
//
//   - A mailbox has a collection for each mail folder and one for all of them (exchange.AllMail); their Kinds are KindMessage alone,
//     and they are ReadOnly: Create, Update and Delete are ErrUnsupported there, and nothing is ever written to mail. Groups of the one
//     for all are the categories (Grouper): a message is in Scope.Groups that carries any of them. From and Until bound pim.Message.Time.
//     Drafts, and what is no note of a person (invitations, receipts, reports), are not told.
//   - Changes and Fetch tell the whole of pim.Message within its bounds (Bounded); Changes may leave Item nil, and should
//     where a page would be more than some MiB. A message that is moved is Removed from the one folder, or is not found there any
//     more, and new in the other.
//   - A CRM has a collection whose Kinds are KindMessage alone and that is not ReadOnly: its items are e-mail activities. It carries
//     FieldNotes or FieldHTML, or both; the relay fills in what is missing. Create has the key of every remote, but the same one from
//     every user of the CRM who has the message: the record is there once. Where it is another's, which this user may not see, the error is ErrExists.
//     Correspondents whom the CRM knows are tied to the activity like attendees. Files come afterwards (FileKeeper).
//
// A driver translates; it decides nothing. Conflicts, retries of items, order,
// deletion brakes and bookkeeping are the relay's. Conformance is judged by
// package remote/remotetest.
package remote
