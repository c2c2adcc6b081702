// Package ews is the driver for Exchange Server 2016, 2019 and Subscription Edition by Exchange Web Services.
//
//	driver.go  online.go     the Driver value, its settings; why Exchange Online is refused
//	mailbox.go               remote.Remote: what is carried
//	account.go               one call: where the server is, for whom, whose budget
//	login.go  ntlm.go        basic, OAuth and NTLM
//	autodiscover.go          the server of an address
//	xml.go  soap.go          requests as they are written
//	answer.go  item.go  lenient.go   answers as they are read; characters that XML has not got
//	errors.go                the table of response codes; when the server asks for a pause
//	probe.go                 the connection test
//	folders.go  tree.go      calendars, task lists, address books and mail folders; following what becomes of them
//	changes.go  cursor.go  scope.go  find.go   what changed, what is there, what carries a key
//	paging.go                FindItem by pages that nothing shifts
//	fetch.go                 items with their pictures and exceptions
//	row.go                   a row of a table of fields, and what a write is made of
//	shared.go  eventfields.go  taskfields.go   the tables of activities
//	contactfields.go  phones.go  addresses.go  the table of contacts
//	messages.go  messagelist.go  openfile.go   mail: messages, which there are, their files as streams
//	zones.go                 times, days and Windows zones
//	files.go  photo.go       attachments: files of activities, pictures of contacts
//	write.go                 create, update by field, delete; whom that mails
//	respond.go               answers to meetings of others
//	pattern.go  series.go    recurrences, exceptions, deleted occurrences
//	watch.go  streams.go     streaming notifications; which links share a stream, and the calls at once of an account
//
// Facts that shape it. A sync gives ids only and knows no conditions, so items are got by batches and the scope is applied to them. Updates
// and nothing else compare versions at the server. An item's id changes when it is moved; the key of ours in
// it (package exchange) stays. Setting one property can change others (a task's status, per cent and day of completion): such fields
// are one row of a table and are written together. Tasks have days, no times. The pattern of a series that is
// written anew forgets its exceptions, so they are planned from what is there afterwards (package exchange/series).
//
// Folders are followed by SyncFolderHierarchy. Its state is held in memory with the folders that it stands for (tree.go), by each link for
// itself, and all is read whole once when a link is opened: to keep the state without the folders would help nothing, they are few, and a
// program that starts has to look anyway. What it gives is that to ask again is one small request, where GetFolder and FindFolder were two
// that told everything, so that links to all calendars (package remote/several) can ask in each run, and links to all mail for each page. A state
// that Exchange does not take any more has all read whole again; no error takes a folder away. Delegates have no state, since rights
// change without any folder changing.
//
// What Exchange cannot keep: more than one reminder, cancelled events (they are shown as free), times of day of tasks, labels of e-mail
// addresses, priorities between high, normal and low, answers of attendees (it collects them itself), groups of contacts, patterns that it
// has no words for.
//
// Not here: public folders, other people's calendars that are shared.
package ews
