// Package several shows several collections of a remote as one: all calendars of a mailbox, all of its task lists, or those
// that a person chose. A link to such a place is a link like any other.
//
//	place.go   Place: what such a place is called, and which collections it has; ids of items
//	folders.go Folders: the remote; which collections there are now
//	read.go    Changes, List, Fetch, Count
//	write.go   Create, Update, Delete, Find, Mails, keys
//	files.go   OpenFile
//	watch.go   Watch: one for each collection, also those that are made later
//
// An item's id tells its collection, so that nothing has to be remembered between calls; Bare is the id without that, by which an
// item is known again in whatever collection, chosen how, it is met. New items go to the first collection that takes them. A cursor
// is those of all collections.
//
// A collection that is made later belongs to All from the first run that finds it: each run looks where that is cheap
// (remote.Traits.FreshCollections), else one in five minutes. One that was deleted there ends the cursor, so that the relay lists, and finds what
// went with it. Of a choice by name every collection has to be there: else nothing is read, and nothing taken for deleted.
//
// Not here: which collections hold the same items (remote.Driver.Within). Such a remote, and one whose ids are unique in a
// collection only (remote.Traits.LocalIDs), must not be shown in this way.
package several
