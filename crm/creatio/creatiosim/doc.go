// Package creatiosim is a strict stand-in for a Creatio server: its OData 4 service, its forms login and its OAuth
// token endpoint, with the data model of a standard installation. It is written from the vendor's documentation and
// from what client programs report of the live product, not from what our driver happens to send: what the product
// refuses, it refuses, in the product's words. It keeps no secrets worth having and is for tests, trials and demos.
//
// Use it as a library (New gives an http.Handler with methods to look at and change the data behind the API's back,
// as a person in the CRM's web page would), or as the program cmd/creatiosim. Demo builds sample data.
//
// A request travels: ServeHTTP (log, counters) → faults → login, token, pages, /__sim/ control, or OData: session and
// CSRF check → one odata request → answer → faults on the way out. An answer is built completely before any byte is
// written, under one read or write lock, so what a client sees is one state of the data.
//
//	options.go user.go            what can be switched
//	entities.go schema.go         the entity table (columns, lengths, references) and its parser
//	value.go encode.go body.go    values, JSON out, JSON in
//	table.go store.go journal.go lock_*.go   rows, indexes, transactions with undo, the file behind Options.Dir
//	lex.go parse.go filter.go plan.go   the $filter language: tokens, grammar, evaluation, index use
//	query.go expand.go list.go    $select, $expand, $orderby, paging
//	odata.go read.go modify.go    URL to operation; GET; POST, PATCH, DELETE
//	write.go rules.go names.go mirror.go mirroraddr.go remove.go   a change and what the product does on its own with it
//	lookups.go                    the values of the pick-lists
//	batch.go metadata.go errors.go      $batch, $metadata, error bodies
//	auth.go oauth.go pages.go     sessions, tokens, the small human pages
//	fault.go faultio.go control.go stats.go   failures on demand, /__sim/, logs and counters (what they share: internal/simkit)
//	people.go record.go           the Go side: Find, Add, Edit, Remove, Participants, Mails, …
//	demo*.go                      sample data
//
// How sure each behaviour is, for whoever doubts it. From the vendor's documentation: the login's answer and cookies, Code 1
// with status 200, CSRF header and ForceUseSession, tokens, both base paths, own ids on POST, the shape of the 201 with
// its 100 ns stamps, empty text, all-zero lookups and the year 1, 200 and 204 for streams, the batch form with its 100
// requests and continue-on-error, 405 under WebDAV, 20 000 rows. Seen by client programs on live sites: 500 "Column by
// path OwnerId not found" for a lookup column in $filter where Owner/Id works, the same for a filtered column that is
// not selected, bare ids and dates, 404 for a missing row on GET and DELETE, 401 for a login below /0, a byte order mark
// before some answers, HTML where JSON was due, the names of collections. Taken from the libraries and databases the
// product is built on: the texts of 400s, of database errors, three-valued comparisons, the order of ids, text
// lengths in UTF-16 units. Assumed, because something has to happen: which status a missing CSRF token or
// ForceUseSession has (403, 401), how contact columns and rows are mirrored in detail, what is emptied or goes along
// on deletion, when mails would be sent, the messages of required columns, of files that are too large, and of those that
// nobody with these rights may hang on an activity; e-mails make no participants by themselves. Where a choice was open, the one that is harder on
// clients was taken.
//
// Not here: OData 3, DataService, multipart $batch (answered 501), file API, delete event log, any real mail.
package creatiosim
