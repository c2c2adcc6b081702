// Package dav is the WebDAV, CalDAV and CardDAV server over package store.
//
// There is one tree, and calendars and address books differ in data only (flavor.go):
//
//	/, /principals/                       where a client may start
//	/.well-known/caldav, …/carddav        redirect to it (RFC 6764)
//	/dav/principals/USER/                 who somebody is, and where the homes are
//	/dav/calendars/USER/SLUG/NAME.ics     home, calendar, calendar object
//	/dav/addressbooks/USER/SLUG/NAME.vcf  home, address book, card
//
// A request goes through these states, each in its own file:
//
//	handler.go   recover, well-known, who is it, how many at once, dispatch
//	throttle.go  places per address and per user: who has too many requests is turned away, bodies that come slowly first
//	admission.go whose turn it is: who comes when all are at work waits, with the body already here
//	tree.go      path → target, target → path; a path of another user names nothing
//	load.go      target → resource, in a transaction
//	methods.go   the method table: which method works where, and Allow
//	<method>.go  one file per method
//	report_*.go  one file per REPORT; report.go has their table
//	errors.go    every failure → status and DAV:error body, in one place
//	compress.go  the answer on its way out: gzip for who takes it
//	detached.go  the answer of a transaction, which does not wait for its client; spool.go is the file for slow ones
//
// Properties are one table (props.go, props_*.go): name, kinds of resource, value, who may set it. It serves PROPFIND,
// PROPPATCH, MKCOL and every REPORT. Everything that is not in it is a dead property (dead.go).
//
// Writes read the body first and then do everything else inside one writing transaction of the store: conditions
// (cond.go, ifheader.go), what the device had seen (seen.go), merging a blind write (merge.go decides, overlay.go where they collide, residue.go tells
// what texts say, alarms.go tells alarms apart, splice.go edits them), the report of a conflict (conflict.go), the write. Listings are streamed from
// rows to the network; the reading transaction ends when they are made. Searches of address books ask the store's index of words first, and
// words.go sees to it that it is there for the next one.
//
// What a client says about how it wants its answer is read in prefer.go (Prefer, Brief: less, or what is stored now),
// zone.go (CalDAV-Timezones) and accept.go (versions of vCard); get.go has the one place where a text is made of it.
//
// Cards are completed on the way in (UID, FN, N; who made the N is kept) and suited to programs on the way out (version,
// REV, groups, size of photos, no marks of ours) in photo_cards.go; photo*.go scale photos, and put the originals back
// when scaled ones come home. Calendars made of address books are brought up to date before they are read (birthdays.go, package birthday).
//
// What clients need beyond the standards is one table too: quirks.go. How far each standard is kept, and which test
// shows it: docs/standards.md.
//
// Not here: passwords (an Authenticator is given), TLS, header and body deadlines (package cmd), XML (dav/davxml),
// iCalendar and vCard (pim/ics, pim/vcf), what happens to a change afterwards (package relay).
package dav
