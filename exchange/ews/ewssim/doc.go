// Package ewssim is a strict stand-in for Exchange Server 2019's web services (EWS). It is written from Microsoft's
// documentation, the published schemas and from what client programs report of live servers, not from what our driver
// happens to send: what the product refuses, it refuses, with the product's codes. For tests, trials and demos.
//
// As a library:
//
//	sim, err := ewssim.New(ewssim.Options{Mailboxes: []ewssim.Mailbox{{Address: "ann@example.org", Password: "secret"}}})
//	srv := httptest.NewServer(sim)          // the service is srv.URL + "/EWS/Exchange.asmx"
//	sim.AddFault(ewssim.Fault{Kind: ewssim.FaultBusy, Op: "GetItem", Count: 2, BackOff: 500})
//	sim.Mails()                             // what it would have sent, to whom
//	sim.Deliver(ewssim.Letter{…})           // a message arrives, in all mailboxes that it is to
//	sim.Requests(), sim.Counts()            // what was asked
//	sim.ExpireStates()                      // no SyncState is valid any more
//	sim.DropSubscriptions()                 // as a restart does
//
// As a program: cmd/ewssim prints its address and the token of /__sim/, where the same can be asked for with HTTP
// (serveControl lists how). Faults are named KIND,name=value,… there and on the command line: busy, busy-inside and
// unavailable are the three shapes of throttling; lost does what was asked and cuts the connection; code,code=
// ErrorMailboxMoveInProgress answers each part with a code; further kinds are beside Fault.
//
// A request travels: ServeHTTP → authenticate → incoming.read (envelope, grammar, version) → faults → newCall (mailbox,
// impersonation, zone) → one operation under one lock → answer → faults on the way out. An answer is complete before any
// byte of it is written, save for streams.
//
//	sim.go call.go soap.go          the way of a request, errors, envelopes
//	options.go auth.go ntlm.go      what can be switched, logins, impersonation
//	grammar.go grammar.txt grammarcheck.go xml.go  structure of requests, as the schemas have it, and the order of answers
//	mailbox.go ids.go view.go       folders, items, occurrences, what names them
//	folders.go folderwrite.go items.go update.go  operations on folders and items
//	draft.go extended.go settle.go appoint.go paths.go  what is stored of what is sent; which property is which
//	shape.go compute.go computecontact.go  what is shown, and what the product computes
//	find.go sync.go notify.go       queries, synchronisation, subscriptions
//	recur.go zones.go times.go      recurrence, zones
//	meeting.go attach.go other.go   meetings and mail, attachments, the small operations, autodiscover
//	letter.go                       messages that arrive
//	mime.go mimein.go icalout.go icalin.go   MimeContent both ways
//	journal.go                      a folder that everything is kept in
//	fault.go control.go stats.go later.go  failures on demand, /__sim/, counters, answers of tomorrow (what they share: internal/simkit)
//
// How sure each behaviour is. From the documentation and schemas: structure and order, response codes, required
// attributes, ids that change on a move, occurrences and their limits, SyncState, paging, throttling, impersonation,
// streaming. Seen by client programs: the header's content type, IsRecurring of an organiser's master, names and dates
// with offsets in recurrences, whole documents for HTML bodies. Assumed: that a rewritten pattern discards exceptions,
// that a new appointment has a reminder of 15 minutes, that Owner of a task is read-only but for its named property,
// that dates of tasks are midnights in UTC, that SyncFolderHierarchy tells of 100 folders at once, those that are older first, that a message that asked for an answer goes to Deleted Items with the answer,
// and that every change gives an appointment's occurrences a new ChangeKey.
// Where a choice was open, the one that is harder on clients was taken.
//
// Not here: what becomes of a task that repeats when it is done, public folders, archives, rules, permissions of delegates
// by folder, grouping, push subscriptions, Kerberos.
package ewssim
