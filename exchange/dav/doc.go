// Package dav is the driver for groupware that speaks CalDAV (RFC 4791) and CardDAV (RFC 6352): SOGo, Nextcloud, grommunio, Zimbra
// and others.
//
//	driver.go                the Driver value, its settings, Open
//	mailbox.go               remote.Remote: which call goes where; Traits
//	session.go               one request: login, hosts that are trusted with it, redirects
//	multistatus.go           207 answers, read within limits
//	href.go                  paths and entity tags in one spelling
//	requests.go              the XML that is sent
//	errors.go                answers that are refusals, as *pim.Error
//	discover.go              from an address or a mail domain to the home sets (RFC 6764)
//	folder.go                calendars and address books, what they take, what the user may do there
//	fetch.go                 items by name: multiget, and one at a time where that says nothing
//	text.go                  texts and items: reading, making, changing
//	write.go                 create, change and delete, each on a condition
//	changes.go  cursor.go    what changed: by sync-collection (RFC 6578), else by comparing entity tags
//	list.go  span.go         what is in scope; counting; when items are
//	silence.go  mails.go     what keeps a scheduling server (RFC 6638) from mailing, and whom it would mail
//	probe.go                 the connection test
//
// Facts that shape it: the other side keeps texts, so that a change is applied to the text that is there and everything else in it
// stays. Writes are conditional, so no version is overwritten unseen. The name of an item is made from the idempotency key, so that a
// create done twice makes one item. Every write is read back: servers that keep fields instead of texts drop what they do not know,
// and do not always say so. Deletions are told as they are seen, but a window moves and a cursor can be too large for one side of
// the comparison, so the relay lists now and then (Traits.ReportsDeletions is not set).
//
// Not carried: what only a CRM has (X-CRM-* properties). They are taken out of texts that are sent.
//
// Not here: free-busy, sharing, scheduling inboxes, attachments that a server manages (RFC 8607).
package dav
