// Package api is the bridge as JSON over HTTP, for programs: what commands print with --json and pages show, and the same decisions.
//
//	operations.go  the table of all operations: where, who may, what
//	server.go      Server: what holds for every request; the description of the API
//	call.go        call: who asks, and whose things it is about
//	problem.go     what becomes of errors
//	schema.go      what the description says of our types
//	lists.go       long lists and how they are asked for; runs, errors, holds
//	me.go          one's own account
//	accounts.go    those of all people
//	devices.go     app passwords and feeds
//	links.go       links, their runs, their items, drivers
//	linkadd.go     new links
//	linkrules.go   rules and connections of links, and which items they are for
//	decisions.go   conflicts and duplicates; items explained and restored
//
// # What holds for every operation
//
// Who asks is told by a token (RFC 6750) that is good for the API alone. The table says who may ask: a person, about what is theirs, below /me; an
// administrator, about everything. Nothing else in the package asks for a role. An operation is written once, for the things of one account or
// of all: which, stands in the call before the operation sees it, and a person's path cannot name an account at all.
//
// Operations decide nothing: they call package manage and answer its rows, whose JSON names are kept. What fails is a problem (RFC 9457), made of a
// pim.Error in one place.
//
// The description (OpenAPI 3.1) is made of the types of what goes in and out by huma, see docs/decisions/0014. Tests hold every answer against it, by
// another library.
package api
