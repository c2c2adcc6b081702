// Package graphsim is a strict and unkind stand-in for Microsoft Graph v1.0 as it shows Outlook's calendars, contacts,
// mail and To Do, with the token endpoint that goes with it. It is written from the service's documentation, from its own description
// of its types ($metadata) and from what client programs report of the live service, not from what our driver happens to
// send. It keeps no secrets worth having and is for tests, trials and demos.
//
// Use it as a library (New gives an http.Handler; Do, Receive, Deliver and Move do what people do in Outlook), or as the program
// cmd/graphsim. Login and API are one host here: /{tenant}/oauth2/v2.0/token and /authorize, and /v1.0/….
//
// A request travels: ServeHTTP → limits (a place, the rate) → failures on demand → token, or Bearer check → $batch (each of
// its requests goes from limits to work by itself), subscriptions, or resource: user, permission, scope, path → answer →
// failures on the way out. Work is done under one lock, so what a client sees is one state of the data.
//
//	options.go                       what can be switched
//	types.go schema.go check.go json.go   the type table, its parser, request bodies against it
//	request.go errors.go limit.go    URL, headers, preferences; refusals; Outlook's limits
//	token.go assertion.go delegated.go access.go   client credentials, signed assertions, codes and refresh tokens of
//	                                 people; Bearer, permissions, scope of mailboxes
//	store.go ids.go                  mailboxes, folders, items; ids of both forms and change keys
//	zone.go recur.go series.go       wall clocks and zones; recurrence; occurrences, exceptions
//	event.go eventview.go bodytext.go extended.go calendar.go   events: changes, how they show, paths
//	contact.go photo.go folders.go todo.go parts.go             contacts, folders of all kinds, tasks and what they hold
//	resource.go view.go page.go filter.go filterparse.go   paths; $select, $expand, $top, …; pages; $filter
//	delta.go deltasource.go          change tracking: states behind tokens; what is tracked
//	mailfolder.go message.go send.go mime.go   mail folders, messages, what is sent and arrives, RFC 5322
//	attach.go upload.go              attachments of events, messages and tasks; upload sessions
//	batch.go                         $batch
//	subscription.go notify.go        change notifications: validation, delivery, lifecycle
//	mail.go stats.go                 the invitations it would send; log and counters
//	fault.go faultio.go control.go people.go   failures on demand, /__sim/, the Go side (what they share: internal/simkit)
//
// How sure each behaviour is, for whoever doubts it. From the documentation: paths, statuses, permissions, error
// codes of meetings and views, immutable ids in answers and links, deltas (opaque tokens that hold the window, empty pages, repeated
// entries, @removed for what only left the window), 410 with Location, batches and 424, mails on each write, the limit of a
// moved occurrence, the default contact folder that is not listed, recurrence with its defaults, validation and lifecycle of
// subscriptions, options of deltas of messages, InefficientFilter, what of a sent message can be changed, steps, limits and
// addresses of upload sessions (with a login for tasks, without one for the others), sizes of attachments that are more than
// their bytes. Reported of live services: stubs for occurrences in deltas, @removed for events made outside of the window,
// cancelledOccurrences as "OID.<id>.<date>" and only when selected, exceptions that a changed series loses while the same
// recurrence sent again keeps them, whole days at midnight in any zone, ErrorDuplicateTransactionId, the texts of most
// errors, 412 out of nothing, null for a collection as UnableToDeserializePostBody. Assumed, because something has to
// happen, and then what is harder on clients: an immutable id without its preference is malformed; every change of a meeting
// mails all attendees; originalStart comes only when selected; a series whose start changes its date without a new range is
// refused; the default reminder is there unless it is switched off; due dates are midnight of the zone they came in; views
// of more than 1825 days, and a fourth e-mail address or third telephone number of a contact are refused;
// a deleted message or mail folder goes to Deleted Items, an occurrence that something is attached to is an exception, a part of
// a file that is not the next one is 416, attachments cannot come with a new event; $filter takes no lambda over linkedResources; "contacts" names the default contact folder in a path; which status some
// refusals have.
//
// Not here: groups, shared mailboxes of people, answers and forwards, messages posted as MIME, Mail.ReadBasic, search folders,
// rules, open extensions, calendar groups and permissions, $search, findMeetingTimes, beta; recurring tasks do not make their
// successor when they are completed.
package graphsim
