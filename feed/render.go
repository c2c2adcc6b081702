package feed

import (
	"bufio"
	"io"
	"time"

	"crmbridge/pim"
	"crmbridge/pim/ics"
	"crmbridge/pim/tz"
)

// Calendar says what Render makes of the objects it is given.
type Calendar struct {
	Name        string // for people; "" for none
	Description string
	Color       string // #RRGGBB or #RRGGBBAA; anything else is left out
	// Zone is that of the calendar: times that name no zone are in it. The zero Zone is UTC.
	Zone tz.Zone
	// Now is when the feed is made: zones are described as of the begin of its year.
	Now time.Time
	// Refresh is how often programs should ask again, in minutes; 0 says nothing of it.
	Refresh time.Duration

	Busy    bool // times only
	Private bool // items that are not public too
	Alarms  bool // not with Busy
	Tasks   bool // VTODO too; not with Busy
	// From and Until bound what is in it; zero is open. Series that touch the window are
	// in it whole.
	From, Until time.Time
	// Outlook writes what Outlook and Exchange read best.
	Outlook bool
	// Key makes the UIDs of a feed with Busy. The same key gives the same UIDs.
	Key []byte
	// ProdID is PRODID; required.
	ProdID string
}

// Entry is one stored object.
type Entry struct {
	UID     string
	Text    []byte
	Changed time.Time // DTSTAMP where the text has none
	First   int64     // where it begins, Unix seconds: store.Object.Start
}

// Source hands all objects of a collection to visit, until visit fails; Render calls it
// twice and wants the same objects both times.
type Source func(visit func(Entry) error) error

// Result counts what became of the objects.
type Result struct {
	Shown int
	// Broken are objects whose text cannot be read; they are left out.
	Broken int
}

// Render writes one VCALENDAR. It keeps one object at a time, and the zones. The error is
// that of w or of each; what was written until then is not whole.
func Render(w io.Writer, c Calendar, each Source) (Result, error) {
	if c.Zone.Loc == nil {
		c.Zone = utc()
	}
	r := renderer{cal: c, zones: newZoneBook(c)}
	// RFC 5545 lets zones stand anywhere; Outlook wants them ahead of what uses them. So
	// all objects are looked at once before the first is written.
	if err := each(r.survey); err != nil {
		return Result{}, err
	}
	shown := r.res.Shown
	r.res = Result{}
	out := bufio.NewWriterSize(w, 32<<10)
	_, _ = out.Write(r.head()) // an error stays in out
	_, _ = out.Write(r.zones.define(shown == 0))
	err := each(func(e Entry) error {
		comps := r.object(e)
		// Only what survey took for known by its first look can come as late as here.
		_, _ = out.Write(r.zones.define(false))
		for _, b := range comps {
			if _, err := out.Write(b.Bytes()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return r.res, err
	}
	_, _ = out.WriteString("END:VCALENDAR\r\n")
	return r.res, out.Flush()
}

type renderer struct {
	cal   Calendar
	zones *zoneBook
	res   Result
}

// survey finds out which zones an object needs. Most need none that is new, which is seen
// without reading them.
func (r *renderer) survey(e Entry) error {
	if r.res.Shown > 0 && r.zones.covers(e.Text, e.First) {
		return nil
	}
	r.object(e)
	return nil
}

// limits are those of the store's texts: what it holds was checked when it came in, and
// by larger limits perhaps.
func limits() ics.Limits {
	var lim ics.Limits
	lim.Bytes, lim.Depth = 64<<20, 32
	return lim
}

func parse(text []byte) (*ics.Object, error) {
	o, err := ics.Parse(text, limits())
	if err != nil {
		return nil, pim.Wrap("feed: parse", pim.ErrInvalid, err)
	}
	return o, nil
}
