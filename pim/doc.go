// Package pim is the vocabulary of the bridge: what an event, a task, a contact
// and a message are, which fields they have, what a change is and how things
// fail. Everything else speaks in these words.
//
//	item.go      Kind, Item (the typed view of one calendar object or card)
//	when.go      When: a date, a floating time or an instant with its zone
//	activity.go  what events and tasks share
//	event.go task.go contact.go message.go   the four kinds
//	html.go      bodies of messages, from HTML and to it
//	attachment.go Attachment: files of events and tasks, how much of them is carried
//	occurrence.go shift.go   occurrences of series that differ; their names when a series moves
//	series.go rules.go   the merge of series, by occurrence; rules that mean the same
//	custom.go    Custom: values of a CRM's own columns, by field map
//	code.go      companies written as #CODE#
//	field.go     Field and FieldSet
//	table.go     the one field table; merge, diff, fingerprint, masks, filters,
//	             maps and pages all run over it (build.go: how a row is made,
//	             canon.go: the texts by which compound values are compared)
//	filter.go    Filter: conditions over the table, and in words
//	diff.go      Diff, Equal, Fingerprint, Copy, Clone
//	domains.go   mail domains that tell nothing of a company
//	error.go     Reason and Error: the one error type and its kinds
//
// The text a client sent is the truth (packages pim/ics and pim/vcf); the types
// here are a view of it that a CRM or Exchange can be compared with.
//
// Of ours the package imports what knows of time (pim/tz, pim/rrule) only; it does no I/O and reads no clock.
package pim
