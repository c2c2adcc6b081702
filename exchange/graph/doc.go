// Package graph is the driver for Microsoft 365 by Microsoft Graph v1.0: calendars, To Do lists, contacts and mail of one mailbox, for a
// program with application permissions, or by the sign-in of a person.
//
//	driver.go  options.go   the Driver value and its settings; clouds
//	oauth.go  assertion.go  the login: client credentials by secret or certificate
//	signin.go               the login of a person: authorisation code and refresh token
//	call.go  batch.go       one request, and many reads in one request
//	paging.go               pages: bounded, of one host, none passed over
//	desks.go                how many requests at once a mailbox has, for all its links
//	errors.go               the one table of what Graph's errors mean
//	connector.go            remote.Remote: which call goes to which shelf; versions
//	folders.go  tasklists.go   collections; who the mailbox is; task lists, which are followed
//	fields.go               what a table of fields is
//	event.go  eventfields.go  events.go  eventwrite.go   events, and whom a write would mail
//	respond.go              answers to invitations
//	recurrence.go  occurrences.go  reshape.go            series: read, and made as wanted
//	tasks.go  taskfields.go To Do
//	attachments.go          files of events and tasks, each a request
//	contacts.go  contactfields.go   contacts, with photos
//	times.go  body.go       zones and days; HTML as text
//	mails.go  message.go  allmail.go  files.go   mail, which is read only: folders, messages, all mail by category, bytes of files
//	changes.go  cursor.go  window.go   delta queries, and the window of a calendar
//	marker.go  keyring.go   the key that items carry: Finder, Marker; all keys of a folder
//	watch.go  subscribe.go  hub.go  throttle.go   hints of changes: by looking, and by subscription where we can be reached
//	probe.go                the connection test
//
// Facts that shape it:
//
//   - Ids of events and contacts stay when an item is moved, if every request asks for such ids; those of tasks do not.
//   - A version is the etag. It goes out as If-Match, which the documentation does not promise to be heeded, so that the driver reads and
//     compares first.
//   - A calendar is followed by the delta of a view, whose window is part of the token for good; a moved window asks for a
//     fresh token. The view shows occurrences, and says "@removed" of what only left it: the items are read by id.
//   - Which task lists there are is followed by a delta query as well. A driver keeps nothing between processes (cursors are of one
//     collection, and the relay's), so that its token is in the connector alone: each process reads the lists once, and then what became of them.
//   - Graph mails the attendees of a meeting with every write. Attendees are written only where this mailbox is the organiser, and Mails
//     tells beforehand.
//   - A new pattern makes Exchange forget what differs from a series: it is sent only when it is another one.
//
// What Graph cannot keep: events that are called off and stay, more than one reminder, labels of e-mail addresses, fax numbers, times of day of
// tasks, occurrences of tasks that differ, groups of contacts; it does not take away a contact's photo.
//
// Not here: the address at which Hub is served (cmd/bridge/notify.go); who keeps sign-ins (cmd/bridge/signinkeep.go).
package graph
