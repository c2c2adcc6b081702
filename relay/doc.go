// Package relay keeps collections of the store and collections of remotes equal.
//
// It is state-based: what has to be done follows from what is stored about both
// sides, never from an event that could be lost. A run can be killed anywhere and
// begun again.
//
//	decide.go    Decide: pure, total: the step that two states ask for
//	merge.go     Merge: pure: per field, three ways
//	mergeseries.go overrides.go  the same of a series: its rule, exclusions, and each occurrence that differs
//	plan.go      Plan: pure: order of a run, and the deletion brake
//	rule/        Rules: what a link does, as one value; Judge
//	resolve.go   Resolve: pure: what a person's choice makes of a conflict
//	engine.go runends.go lease.go read.go hub.go list.go resume.go adopt.go identity.go place.go movedout.go act.go view.go do*.go deleteremote.go mergeact.go annotate.go
//	             Engine: carries one run out, part by part
//	refused.go   ResolveRefused: the same for a device's report; Standing
//	both.go      keeping both versions
//	undo.go undochoice.go undochoicehere.go undolook.go undowhole.go  taking a choice back: of a device's report, of a link's
//	match.go     which new items of both sides are one (pim/likeness)
//	duplicates.go combine.go duplicatemerge.go duplicateundo.go  items of a collection that may be one: found, merged, taken apart
//	settle.go    Settle: carries a person's choice out
//	connections.go  open remotes, kept between runs
//	vacant.go    what keeps a link from being made; RemoveLink
//	types.go     activity types asked of a remote, for rules that name them
//	codec.go     texts of the store as typed items, and back (pim/ics, pim/vcf)
//	waits.go     Waits: pure: when what failed is tried again
//	approve.go   a person answers to withheld deletions
//	judged.go    what the rules make of a view: masks, what is let through
//	mail.go      whom a write would mail: what goes alone, what waits
//	series.go occurrence.go  series on a remote that keeps none: as single items, tied
//	occurrencematch.go occurrencepair.go  which record is whose when a series changes
//	fold.go                  what was written to a single item, put into its series
//	undorun.go undoitem.go undohere.go pause.go  UndoRun: takes back what a run wrote, from its memos (memo.go)
//	bring.go     Bring: a person links a record that the rules leave out
//	related.go addressbook.go  contacts that come along with others, and with activities
//	resolverelations.go  what a new activity is about, by the addresses of its people
//	ties.go relate.go undorelate.go  what an item is tied to on a remote: shown, changed by a person, taken back
//	keys.go moves.go takeover.go  records that others made get a key, by which one that a person moves on the remote is known again
//	meanwhile.go what a person said of an item while a run was at it
//	resend.go    a run that sends everything again to one side, without deletions
//	fieldmap.go custom.go  the field map of a link, and columns of the CRM's own on devices
//	scope.go count.go  groups of the remote; how much of it a link brings
//	rerule.go explain.go  other rules for a link; why an item is where it is, ties, retries
//	coded.go notes.go notelines.go  a company as #CODE#; what became of names that were looked up
//	folders.go   what people call the folders of a link, and whether they are still there
//	message.go messagefiles.go messagesource.go messagestream.go messagefates.go  mail on its way to a CRM: what is different about it; its files, and what became of each
//	report.go    what a run tells
//	cut.go       texts of which a remote keeps the beginning: told, and kept whole here
//	memo.go      steps stored with their writes, and what undoing them takes
//	preview.go planning.go previewbrought.go dry.go dryrelations.go dryfiles.go  what a run would do: the same run on a copy, before a remote that sends no write
//	history.go restore.go origin.go  what happened to an item, by whom; versions put back
//	restored.go  for a restore: whether somebody works here; forgetting jobs
//	jobs.go gate.go  the queue: which run is begun when, and whose goes first
//	watch.go     remotes that tell of changes
//	stop.go      a person stops a run, from any process
//
// One run of a link has these parts, each safe to repeat:
//
//  1. lease: one run per link at a time, across processes;
//  2. resume: what became of writes whose answer was lost; then, of a mail server, whether the
//     folders of the link are still there;
//  3. read the remote: pages of changes are stored in the pairs together with the
//     cursor that covers them, in one transaction each;
//  4. read the hub: the collection's change sequence marks pairs dirty;
//  5. list: remotes without tombstones are listed; what is missing is
//     confirmed one by one;
//  6. follow moves: what is gone and carries a key is looked for elsewhere;
//  7. relate: which contacts come along, and bring along: they are read;
//  8. match: at a first meeting, which items of the two sides are one;
//  9. act: Plan, then each dirty pair on its own: Decide, then the one write it
//     asks for, then the new base. After that, give keys: to records that others
//     made; and suggest: after a first meeting, which items may be duplicates.
//
// A pair (store.Pair) is the agreed base of one item. It is written before the
// first write to a remote (Intent), so that a write whose answer was lost is found
// again. Both sides have their own base item, because remotes round, cut and fill
// in: what a remote made of our write is no change of theirs.
//
// Not here: HTTP, formats (pim/ics, pim/vcf), vendors (crm/…, exchange/…).
package relay
