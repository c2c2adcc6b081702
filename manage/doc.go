// Package manage is what people ask of the bridge and decide: who has an account, which devices and feeds may read it, what is linked to
// what. It is the one place for these use cases: commands print what it returns, the JSON API writes it, pages draw it.
//
//	office.go    Office: what all calls need, and on whose behalf they are made
//	accounts.go  people, their names, zones and passwords
//	devices.go   app passwords, one for each device
//	feeds.go     read-only addresses of calendars
//	links.go     ties between collections and CRMs or mail servers, and how they stand
//	linkadd.go   new links; linkplace.go: which collection of the other side one leads to
//	probe.go     tests of connections, step by step
//	rules.go     the rules of a link as people write them, and what a change of them does
//	drivers.go   the table of what can be linked to
//	runs.go      runs of links: begun, stopped, taken back; how links stand
//	preview.go   what a run would do
//	items.go     why an item is where it is
//	history.go   who changed an item, field by field; earlier versions made the newest again
//	first.go     the first administrator
//	overview.go  how the bridge stands
//	elsewhere.go  people who sign in at a service of their organisation: whose account it is
//	codes.go     codes beside passwords: turned on and off, recovery codes
//	ask.go       what is asked for one link or item: pause, retry, ignore, approve, tie
//	search.go    what somebody wants to see of a list, in their words
//	lists.go     lists that people look through, read to their limit; tables.go: their cells, for terminals and files
//	conflicts.go changes that collided: shown side by side, settled, taken back
//	audit.go     who did what: the log of all changes; acts.go: its words
//	duplicates.go  items that may be one: merged, ignored, taken back
//	backup.go    a copy of everything in a file
//	system.go    the program and its database, runs that are queued or under way
//	key.go       the key that secrets are sealed with: changed
//	fault.go     what is wrong with a value that somebody gave
//
// The rows that calls return (Account, Device, Feed, Link) are what people see: nothing secret is in them but what is shown once. Their JSON
// names are those of "bridge … --json" and of the API, and are kept.
//
// What people look through, such as errors and runs, is in package review; what the relay decides, in package relay.
package manage
