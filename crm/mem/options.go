package mem

import (
	"errors"
	"fmt"
	"maps"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
)

// Options say what the CRM is weak at. Only Now is required.
type Options struct {
	Now  func() time.Time // the CRM's clock, called concurrently
	User string           // the connected person; "" is "me"
	Zone string           // IANA zone for NoAllDay and date-only tasks; "" is UTC
	// Skew is how far the CRM's clock is ahead of Now; negative is behind.
	Skew time.Duration
	// Place tells this CRM from others in memory, whose ids are the same.
	Place string
	// LocalIDs: ids are numbers, counted in each collection by itself.
	LocalIDs bool

	NoDeletionReport bool // deletions are not in Delta.Removed
	NoLister         bool // no List either: the relay has to list with Changes
	Unchecked        bool // versions are compared before the write, not with it
	NotIdempotent    bool // a key seen again makes a second item; Find finds the first
	NoFinder         bool // nothing finds an item by its key
	NoUID            bool // UIDs are forgotten
	Watch            bool // sessions tell of changes (remote.Watcher), and List and Find
	NoItemsInDelta   bool // Delta.Changed has refs only

	// Stamps makes versions time stamps of this step instead of exact numbers, so
	// that two changes within it share one. 0 is exact.
	Stamps time.Duration
	// Bump makes a write of identical values a change, as most CRMs do.
	Bump bool

	// Carries is what is kept, per kind; nil is every field of events, tasks and
	// contacts but those that nobody writes (readOnly). A kind that is missing cannot be stored.
	Carries   map[pim.Kind]pim.FieldSet
	Required  map[pim.Kind]pim.FieldSet
	TextLimit map[pim.FieldID]int // in characters
	TimeStep  time.Duration
	NoAllDay  bool
	NoSeries  bool // single items only

	// Columns are columns that rows have beside the fields, per kind; a field map names
	// them. Required and ReadOnly are not kept by force.
	Columns map[pim.Kind][]remote.Column

	// Mails makes every write to an item with attendees mail them, as some CRMs do;
	// CRM.Mails tells.
	Mails bool

	// Folders are collections of activities besides Activities; MovesChangeIDs gives an item that a
	// person moves (CRM.Move) another id, as Exchange does. Marks makes sessions tell every item's key and take others
	// (remote.Marker, and List and Find).
	Folders        []remote.CollectionID
	MovesChangeIDs bool
	Marks          bool

	// Types are those that activities can have; another one is refused. nil: any.
	Types []string
	// KnowsCompanies: the company of an item has to be one of AddCompany's, by name or as
	// #CODE#; else it is left out, or with CreatesCompanies made.
	KnowsCompanies, CreatesCompanies bool

	// NoRelations: nothing is known of what items are tied to.
	NoRelations bool

	// OneContact: an activity has one contact, who is in Contacts, and no attendees. An
	// unknown one is left out, or with CreatesContacts made.
	OneContact, CreatesContacts bool

	PageSize    int // records in a page of Changes; 0 is 50
	Concurrency int // 0 is 16

	// Between is called by Update and Delete under Unchecked, after the versions
	// were compared and before the write. It may change the CRM.
	Between func(op string, id remote.ItemID)
}

func (o Options) complete() (Options, *time.Location, error) {
	if o.Now == nil {
		return o, nil, errors.New("mem: no clock given")
	}
	if clock, skew := o.Now, o.Skew; skew != 0 {
		o.Now = func() time.Time { return clock().Add(skew) }
	}
	loc, err := time.LoadLocation(o.Zone)
	if err != nil {
		return o, nil, fmt.Errorf("mem: zone: %w", err)
	}
	if o.User == "" {
		o.User = "me"
	}
	if o.PageSize <= 0 {
		o.PageSize = 50
	}
	if o.Concurrency <= 0 {
		o.Concurrency = 16
	}
	if o.Carries == nil {
		o.Carries = map[pim.Kind]pim.FieldSet{}
		for _, k := range []pim.Kind{pim.KindEvent, pim.KindTask, pim.KindContact} {
			o.Carries[k] = pim.AllOf(k).Minus(readOnly()).Minus(pim.Set(pim.FieldCustom))
		}
	}
	if o.NoSeries {
		carries := map[pim.Kind]pim.FieldSet{}
		for k, set := range o.Carries {
			carries[k] = set.Minus(pim.Set(pim.FieldRecurrence))
		}
		o.Carries = carries
	}
	if o.OneContact {
		carries := maps.Clone(o.Carries)
		for _, k := range []pim.Kind{pim.KindEvent, pim.KindTask} {
			if set, ok := carries[k]; ok {
				carries[k] = set.Minus(pim.Set(pim.FieldAttendees, pim.FieldOrganizer))
			}
		}
		o.Carries = carries
	}
	return o, loc, nil
}

func (o Options) recurrence() remote.Recurrence {
	if o.NoSeries {
		return remote.NoRecurrence
	}
	return remote.RuleRecurrence
}

func (o Options) traits() remote.Traits {
	return remote.Traits{
		Place:            o.Place,
		LocalIDs:         o.LocalIDs,
		Carries:          o.Carries,
		ReadOnly:         readOnly(),
		Required:         o.Required,
		CheckedWrites:    !o.Unchecked,
		ReportsDeletions: !o.NoDeletionReport,
		Idempotent:       !o.NotIdempotent,
		KeepsUID:         !o.NoUID,
		TimeStep:         o.TimeStep,
		StampStep:        o.Stamps,
		Recurrence:       o.recurrence(),
		AllDay:           !o.NoAllDay,
		OneContact:       o.OneContact,
		TextLimit:        o.TextLimit,
		PageSize:         o.PageSize,
		Concurrency:      o.Concurrency,
		MailsAttendees:   o.Mails,
	}
}

// readOnly are the fields that the CRM fills in.
func readOnly() pim.FieldSet { return pim.Set(pim.FieldURL, pim.FieldAccess) }
