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
//	table.go store.go journal.go  rows, indexes, transactions with undo, the append-only file behind Options.Dir
//	lex.go parse.go filter.go plan.go   the $filter language: tokens, grammar, evaluation, index use
//	query.go expand.go list.go    $select, $expand, $orderby, paging
//	odata.go read.go write.go     URL to operation; GET; POST, PATCH, DELETE
//	rules.go names.go mirror.go remove.go   what the product does on its own when rows change
//	batch.go metadata.go errors.go      $batch, $metadata, error bodies
//	auth.go oauth.go pages.go     sessions, tokens, the small human pages
//	fault.go faultio.go control.go stats.go   failures on demand, /__sim/, logs and counters
//	people.go                     the Go side: Find, Add, Edit, Remove, Participants, Mails, …
//	demo*.go                      sample data
//
// Not here: OData 3, DataService, multipart $batch (answered 501), file API, delete event log, any real mail.
package creatiosim
