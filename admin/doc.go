// Package admin is the pages for people: an administrator decides there what the commands decide in a shell, and everybody has a page about
// their own account.
//
//	server.go    Server: what holds for every request, and what becomes of its answer
//	routes.go    the table of all pages: where, who may, what
//	call.go      call: one request, who asks and in which language
//	session.go   who is signed in: gorilla/sessions over the table of sessions
//	signin.go    signing in and out, the first administrator, proving anew who one is
//	codes.go     the code that is asked for beside the password, turned on and off
//	elsewhere.go signing in at a service of the organisation (package auth/openid)
//	answer.go    what a page answers: a page, another address, a file
//	view.go      templates and what they may call
//	form.go      forms: fields, what was put in, and what is wrong with it
//	lists.go     lists that people look through, with a filter and a next page
//	assets.go    the files that pages refer to, named by their content
//
// and a file for each group of pages. What pages say stands in package words, what they show and do in package manage; templates, in
// templates/, decide nothing but how it looks.
//
// # What holds for every page
//
// The table of routes says who may ask: anybody, somebody who is signed in, or an administrator. Nothing else in the package asks for a role. A
// person's pages name no account: theirs is put in.
//
// What changes something is a POST. It has to come from a page of this server (Sec-Fetch-Site, Origin) and to carry the token of the session.
//
// A session is a row, of which the cookie's secret is the key; the row has its hash only. Signing in begins a new one. Whoever is disabled or
// gets a new password is signed out everywhere at once.
//
// Pages have no code and no style of their own (Content-Security-Policy), and whatever comes from an item, a CRM or a person is text in them,
// never markup. htmx replaces parts of a page where it is allowed to run; without it every page works by links and forms.
package admin
