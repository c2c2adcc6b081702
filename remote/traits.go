package remote

import (
	"time"

	"crmbridge/pim"
)

// Traits declare what a remote is weak at, so that the relay can make up for it
// and the conformance suite knows what to ask. The zero value promises nothing.
type Traits struct {
	// Carries is what survives a write and a read, per kind. A missing kind
	// cannot be stored at all. It holds of the occurrences of a series, too
	// (RuleRecurrence), but for pim.FieldAttachments: files are the series', and no occurrence tells or gets any.
	//
	// Who carries files tells all that an item has (but pictures inside an HTML body), the bytes of those that pim.Carry picks of
	// their sizes, in the remote's order. An Update of them adds those of the entry that are not there (pim.Attachment.Same; one that
	// is there without being carried is the same by its name) and removes those that it tells with bytes and that the entry has
	// not got. It never touches a file that is not carried.
	Carries map[pim.Kind]pim.FieldSet
	// ReadOnly fields are reported but never written (a record number, the URL).
	ReadOnly pim.FieldSet
	// Required fields may not be absent on create, per kind; the driver has a
	// default or refuses with ErrRefused and a public text.
	Required map[pim.Kind]pim.FieldSet
	// Lasting fields can be changed, but not taken away: an Update that clears one leaves it, and tells so in a Note.
	Lasting pim.FieldSet
	// CheckedWrites: Update and Delete compare versions atomically at the remote.
	// Otherwise the driver reads and compares just before it writes.
	CheckedWrites bool
	// ReportsDeletions: Delta.Removed is complete. Otherwise the relay
	// reconciles by listing ids and confirms each missing one by Fetch.
	ReportsDeletions bool
	// Idempotent: Create with a known key returns the first item.
	Idempotent bool
	// KeepsUID: Record.Item has the UID given at Create.
	KeepsUID bool
	// Place names the system behind the connection (host and database), the same
	// for every link to it. With it, ids that are only unique there are recognised
	// when a link is made anew. "" where ids are unique everywhere.
	Place string
	// LocalIDs: an id is unique in its collection only; another collection has the same
	// for another record. Links of the same records then have the same collection.
	LocalIDs bool
	// TimeStep is the resolution of times; 24 h means that only dates are kept
	// for tasks. 0 means nanoseconds.
	TimeStep time.Duration
	// StampStep is the resolution of versions made from time stamps; two changes
	// within it can share a version. 0 when versions are exact.
	StampStep time.Duration
	// Recurrence tells what happens to series.
	Recurrence Recurrence
	// OneContact: an activity has one contact (pim.FieldContact) and no attendees. The
	// relay takes the first attendee for it, and keeps the others.
	OneContact bool
	// AllDay: events without a time of day can be stored as such. If false an
	// all-day event is kept from midnight to midnight in the user's zone.
	AllDay bool
	// TextLimit is the longest text in characters, 0 unlimited; longer ones are
	// cut by the driver, and the relay keeps the full text.
	TextLimit map[pim.FieldID]int
	// MailsAttendees: a write of attendees, and any write to an item that has some,
	// makes the remote mail them, and the driver cannot keep it from that. A driver
	// that knows which writes do has Mailer instead.
	MailsAttendees bool
	// PageSize is the number of records of a full page of Changes, a hint.
	PageSize int
	// FreshCollections: Collections asks only for what became of them since it was called last, so that it can be called with every run.
	FreshCollections bool
	// Concurrency is how many calls at once the remote bears; 0 means one.
	Concurrency int
}

// Recurrence is how a remote keeps series.
type Recurrence uint8

// Recurrence abilities.
const (
	NoRecurrence Recurrence = iota // single items only
	// RuleRecurrence: a series is one item, a rule with exceptions. pim.FieldRecurrence is among
	// Traits.Carries for the kinds that repeat, and stands for all of it:
	//
	//   - What the remote shows has in Recurrence.Except the occurrences that are taken out, and in
	//     Recurrence.Changed each that differs from the series, with its Item: how it is as a whole, in
	//     the fields of Carries and no others, those that it has from the series among them. At is the
	//     start that the rule gives it: a moment, or the date of an all-day series. An occurrence
	//     that differs in nothing that is carried may be left out. Item is nil only where the remote
	//     tells no more than that one differs: then nothing is taken over for it.
	//   - A write with FieldRecurrence among the fields makes the rule, the extra dates, the
	//     exclusions and the occurrences of the item those of the series. An occurrence of Changed is
	//     to be as its Item is, in what is carried; one that differs at the remote and is in neither
	//     list is set back to what the series says; one whose Item is nil stays as it is. An occurrence
	//     that was taken out and is not in Except any more comes back.
	//   - A write without FieldRecurrence leaves occurrences alone. What the remote itself makes of
	//     them then, because they share fields with the series, is its change, and is read as such.
	//   - A rule that the remote cannot keep is pim.ErrUnsupported with a public text, and nothing is
	//     written.
	RuleRecurrence
	Materialised // each occurrence is an item
)
