package rule

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
)

// Direction says which way changes go.
type Direction string

// Directions.
const (
	Both Direction = "both"
	In   Direction = "in"  // remote to hub only
	Out  Direction = "out" // hub to remote only
)

// Policy settles a field that both sides changed to different values.
type Policy string

// Policies. Whatever settles, the losing value stays in a conflict report.
const (
	Ask          Policy = "ask"      // neither side is touched in that field until a person decides
	Newest       Policy = "newest"   // the side with the later stamp; a tie is asked
	PreferCRM    Policy = "crm"      // the CRM's value, on a CRM link
	PreferClient Policy = "client"   // what devices wrote
	PreferMail   Policy = "exchange" // Exchange's value, on an Exchange link
)

// Removal is what becomes of the remote item when the object is deleted.
type Removal string

// Removals.
const (
	RemoveDelete   Removal = "delete"
	RemoveUnassign Removal = "unassign" // cut the user's tie, keep the record
	RemoveKeep     Removal = "keep"     // leave the record, stop syncing it
)

// Rules say what a link does. The zero value is completed by Defaults.
type Rules struct {
	Direction Direction `json:"direction,omitempty"`
	// Kinds to sync; empty means all that both collections can hold.
	Kinds []pim.Kind `json:"kinds,omitempty"`
	// PastDays and FutureDays bound the window; 0 means the default (60 and
	// 365), -1 no bound.
	PastDays   int `json:"pastDays,omitempty"`
	FutureDays int `json:"futureDays,omitempty"`
	// Since begins the window at a day instead of PastDays ago; "" is no such day.
	Since Day `json:"since,omitempty"`
	// Groups of the remote (folders, categories), by name or id, whose items are read;
	// empty means all items.
	Groups []string `json:"groups,omitempty"`
	// Types are the activity types read from the remote; empty means all.
	Types     []string `json:"types,omitempty"`
	AllOwners bool     `json:"allOwners,omitempty"`
	// Filter says which items of the remote are brought to the hub.
	Filter pim.Filter `json:"filter,omitzero"`
	// OnlyLinked makes only those items on the other side that a person linked.
	OnlyLinked bool `json:"onlyLinked,omitempty"`
	// Category is the switch of single items: only those are synced that carry it on either side. Taken away on one, both
	// copies stay and nothing is carried over any more; put on, it is again. "" is no such switch.
	Category string `json:"category,omitempty"`
	// RelatedContacts brings the contacts along that a contact of the link points at, such as
	// its owner, although groups, types or the filter leave them out; one step, not those that these
	// point at.
	RelatedContacts bool `json:"relatedContacts,omitempty"`
	// ActivityContacts puts the contacts of activities into the address book that the same
	// user has linked to the same account: by the link named ContactsLink, "" being the one made first.
	ActivityContacts bool   `json:"activityContacts,omitempty"`
	ContactsLink     string `json:"contactsLink,omitempty"`
	// Relate says how a new activity of a device is tied to company and contact; "" is
	// RelateByAddress.
	Relate Relate `json:"relate,omitempty"`
	// In and Out are what goes in each direction.
	In  Flow `json:"in,omitzero"`
	Out Flow `json:"out,omitzero"`
	// DefaultType is the type of activities made by clients, unless they have one or
	// a category of that name; "" leaves the choice to the remote.
	DefaultType string `json:"defaultType,omitempty"`
	// TypeNames are types of the remote that a category may name, besides those that
	// the other rules name.
	TypeNames []string `json:"typeNames,omitempty"`
	// HoldUntyped keeps activities without a type back until somebody chooses one.
	HoldUntyped bool   `json:"holdUntyped,omitempty"`
	Policy      Policy `json:"policy,omitempty"`
	// Remove says, per kind name, what a deletion by a client does. Default:
	// delete activities, unassign contacts.
	Remove map[pim.Kind]Removal `json:"remove,omitempty"`
	// Mail says whether a write of ours may make the remote mail anybody.
	Mail Mail `json:"mail,omitempty"`
	// Approve lets no deletion pass that a person has not approved, in either direction.
	Approve bool `json:"approve,omitempty"`
	// ArchiveDays is the age in days from which a vanished activity is taken for
	// archived, and left alone on the other side; 0 means never.
	ArchiveDays int `json:"archiveDays,omitempty"`
	// BrakeAbsolute and BrakeShare hold a run that would delete more (Brake).
	// 0 means the defaults, 10 and 0.2.
	BrakeAbsolute int     `json:"brakeAbsolute,omitempty"`
	BrakeShare    float64 `json:"brakeShare,omitempty"`
	// CreatesPerHour bounds how many items are made on the remote within an hour once the first run is over, MailsPerHour how many
	// people the remote is made to mail: what is more waits for a person's word (store.Link.ManyUntil). 0 means the defaults, 1000 and 100; -1 no bound.
	CreatesPerHour int `json:"createsPerHour,omitempty"`
	MailsPerHour   int `json:"mailsPerHour,omitempty"`
	// ReconcileEvery is how often remotes without tombstones are listed in full;
	// 0 means ten minutes.
	ReconcileEvery Duration `json:"reconcileEvery,omitempty"`
	// Series is what becomes of series on a remote that keeps none; "" is SeriesRefuse.
	Series Series `json:"series,omitempty"`
	// Fields are the changes of the field maps by kind; a kind that is missing has the
	// connection's own map.
	Fields map[pim.Kind]FieldMap `json:"fields,omitempty"`
	// FileMegabytes bounds one file of a message, FilesMegabytes those of one message together; 0 means the
	// defaults, 25 and 100, -1 for the first that no files are taken.
	FileMegabytes  int `json:"fileMegabytes,omitempty"`
	FilesMegabytes int `json:"filesMegabytes,omitempty"`
	// AnnotateAfter is how long an object has to rest before the relay adds what
	// only the remote can tell of it (see annotate.go); 0 means ten minutes.
	AnnotateAfter Duration `json:"annotateAfter,omitempty"`
}

// Relate says how an activity that comes from a device is tied to the remote's records.
type Relate string

// Ways to find out what a new activity is about.
const (
	RelateByAddress Relate = "addresses" // by those of its attendees and organizer
	RelateNever     Relate = "never"     // by what the item names, and no more
)

// Series says what becomes of a repeating item on a remote that keeps single items only.
type Series string

// Ways to treat series.
const (
	SeriesRefuse Series = "refuse" // it stays here, set aside with the reason
	SeriesExpand Series = "expand" // its occurrences in the window become single items
)

// Duration is a time.Duration written as "90s" in JSON.
type Duration time.Duration

// MarshalText writes it as time.Duration prints it.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err != nil {
		return fmt.Errorf("rule: %q is no duration such as 90s or 10m", b)
	}
	*d = Duration(v)
	return nil
}

// Parse reads stored rules; empty input gives the defaults.
func Parse(b []byte) (Rules, error) {
	var r Rules
	if len(b) > 0 {
		// A rule that is not understood must not be passed over: it may have kept
		// something back.
		d := json.NewDecoder(bytes.NewReader(b))
		d.DisallowUnknownFields()
		if err := d.Decode(&r); err != nil {
			return Rules{}, fmt.Errorf("rule: %w", err)
		}
	}
	r = r.Defaults()
	return r, r.Validate()
}

// Defaults fills in what was left open.
func (r Rules) Defaults() Rules {
	if r.Direction == "" {
		r.Direction = Both
	}
	if r.PastDays == 0 {
		r.PastDays = 60
	}
	if r.FutureDays == 0 {
		r.FutureDays = 365
	}
	if r.Policy == "" {
		r.Policy = Ask
	}
	if r.Mail == "" {
		r.Mail = MailNever
	}
	if r.BrakeAbsolute == 0 {
		r.BrakeAbsolute = 10
	}
	if r.BrakeShare == 0 {
		r.BrakeShare = 0.2
	}
	if r.CreatesPerHour == 0 {
		r.CreatesPerHour = 1000
	}
	if r.MailsPerHour == 0 {
		r.MailsPerHour = 100
	}
	if r.ReconcileEvery == 0 {
		r.ReconcileEvery = Duration(10 * time.Minute)
	}
	if r.FileMegabytes == 0 {
		r.FileMegabytes = 25
	}
	if r.FilesMegabytes == 0 {
		r.FilesMegabytes = 100
	}
	if r.AnnotateAfter == 0 {
		r.AnnotateAfter = Duration(10 * time.Minute)
	}
	return r
}

// Removal is what deleting an item of kind k does to the remote.
func (r Rules) Removal(k pim.Kind) Removal {
	if v, ok := r.Remove[k]; ok {
		return v
	}
	if k == pim.KindContact {
		return RemoveUnassign
	}
	return RemoveDelete
}

// Scope is what the remote is asked for at time now.
func (r Rules) Scope(now time.Time, kinds pim.KindSet) remote.Scope {
	s := remote.Scope{Kinds: kinds, Types: r.Types, AllOwners: r.AllOwners, Groups: r.Groups}
	s.From, s.Until = r.window(r.In, now)
	return s
}

// Outside bounds what of the hub is made on the remote at time now; zero is open.
func (r Rules) Outside(now time.Time) (from, until time.Time) { return r.window(r.Out, now) }

// window bounds what a flow makes; zero is open.
func (r Rules) window(f Flow, now time.Time) (from, until time.Time) {
	since, past, future := r.begin(f)
	switch {
	case since != "":
		from = since.Time()
	case past > 0:
		from = now.AddDate(0, 0, -past)
	}
	if future > 0 {
		until = now.AddDate(0, 0, future)
	}
	return from, until
}

// begin is what bounds a flow: its own bounds before those of all. A day and a number of
// days exclude each other.
func (r Rules) begin(f Flow) (since Day, past, future int) {
	since, past, future = f.Since, f.PastDays, f.FutureDays
	if since == "" && past == 0 {
		since, past = r.Since, r.PastDays
	}
	if future == 0 {
		future = r.FutureDays
	}
	return since, past, future
}

// Typed is an activity that has a type, where the rules give it one; others come back as
// they are.
func (r Rules) Typed(it pim.Item) pim.Item {
	t := r.typeOfNew(it)
	it = pim.WithOccurrences(it, func(o pim.Occurrence) pim.Item { return r.Typed(o.Item) })
	if t == "" || TypeOf(it) == t {
		return it
	}
	out := pim.Clone(it)
	switch v := out.(type) {
	case *pim.Event:
		v.CRM.Type = t
	case *pim.Task:
		v.CRM.Type = t
	}
	return out
}

// NamedTypes are the types that the rules name, each once.
func (r Rules) NamedTypes() []string {
	var out []string
	for _, names := range [][]string{{r.DefaultType}, r.TypeNames, r.Types, r.In.Create, r.In.Carry, r.Out.Create, r.Out.Carry} {
		for _, name := range names {
			if name != "" && name != NoType && !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return out
}

// typeOfNew is the type that a new record gets: the item's own, that of a category by
// which the rules name a type, or the default; "" for none.
func (r Rules) typeOfNew(it pim.Item) string {
	if t := TypeOf(it); t != "" {
		return t
	}
	if k := it.Kind(); k != pim.KindEvent && k != pim.KindTask {
		return ""
	}
	for _, c := range pim.CategoriesOf(it) {
		for _, names := range [][]string{r.TypeNames, r.Out.Create, r.Out.Carry, r.Types} {
			for _, name := range names {
				if name != NoType && strings.EqualFold(name, strings.TrimSpace(c)) {
					return name
				}
			}
		}
	}
	return r.DefaultType
}
