package memory

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
)

// Options say what the system is weak at. Only Now is required.
type Options struct {
	Now  func() time.Time // the system's clock, called concurrently
	User string           // the connected person; "" is "me"
	Zone string           // IANA zone for NoAllDay and date-only tasks; "" is UTC
	// Skew is how far the system's clock is ahead of Now; negative is behind.
	Skew time.Duration
	// Place tells this system from others in memory, whose ids are the same.
	Place string
	// Pages is what the address of an item's page begins with; "" is no page.
	Pages string
	// LocalIDs: ids are numbers, counted in each collection by itself.
	LocalIDs bool

	NoDeletionReport bool // deletions are not in Delta.Removed
	NoLister         bool // crm/mem: no List either: the relay has to list with Changes
	Unchecked        bool // versions are compared before the write, not with it
	NotIdempotent    bool // a key seen again makes a second item; Find finds the first
	NoFinder         bool // crm/mem: nothing finds an item by its key
	NoUID            bool // UIDs are forgotten
	Watch            bool // crm/mem: sessions tell of changes (remote.Watcher), and List and Find
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
	// System.Mails tells.
	Mails bool

	// Collections are those that there are at first; nil is Activities and Contacts, with Folders of activities besides.
	// What is made by a person or looked up is put into the first one of its kind.
	Collections []remote.Collection
	Folders     []remote.CollectionID

	// MovesChangeIDs gives an item that a person moves (System.Move) another id, as Exchange does. Marks makes records tell every
	// item's key, and sessions of crm/mem take others (remote.Marker, and List and Find).
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

	// Messages: e-mail activities are kept in MailActivities, with files.
	Messages bool
	// AllMail is the collection that shows all messages of those that are for messages alone; "" is none.
	AllMail remote.CollectionID
	// UnknownSizes: how long a file is shows only when it has come. FileLimit is the largest that is taken, in bytes; 0 is any.
	// ForgetsBytes keeps how long files are, and not what is in them.
	UnknownSizes, ForgetsBytes bool
	FileLimit                  int64

	PageSize    int // records in a page of Changes; 0 is 50
	Concurrency int // 0 is 16

	// Between is called by Update and Delete under Unchecked, after the versions
	// were compared and before the write. It may change the system.
	Between func(op string, id remote.ItemID)
}

func (o Options) complete() (Options, *time.Location, error) {
	if o.Now == nil {
		return o, nil, errors.New("memory: no clock given")
	}
	if clock, skew := o.Now, o.Skew; skew != 0 {
		o.Now = func() time.Time { return clock().Add(skew) }
	}
	loc, err := time.LoadLocation(o.Zone)
	if err != nil {
		return o, nil, fmt.Errorf("memory: zone: %w", err)
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
	if o.Messages {
		o.Carries = maps.Clone(o.Carries)
		o.Carries[pim.KindMessage] = pim.AllOf(pim.KindMessage).Minus(readOnly()).Minus(pim.Set(pim.FieldFiles))
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

// collections are those of the beginning.
func (o Options) collections() []remote.Collection {
	if o.Collections != nil {
		return slices.Clone(o.Collections)
	}
	activities := pim.Kinds(pim.KindEvent, pim.KindTask)
	out := []remote.Collection{{ID: Activities, Name: "Activities", Kinds: activities}, {ID: Contacts, Name: "Contacts", Kinds: pim.Kinds(pim.KindContact)}}
	if o.Messages {
		out = append(out, remote.Collection{ID: MailActivities, Name: "E-mail", Kinds: pim.Kinds(pim.KindMessage)})
	}
	for _, f := range o.Folders {
		out = append(out, remote.Collection{ID: f, Name: string(f), Kinds: activities})
	}
	return out
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

// readOnly are the fields that the system fills in.
func readOnly() pim.FieldSet { return pim.Set(pim.FieldURL, pim.FieldAccess) }
