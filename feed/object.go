package feed

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"crmbridge/pim/ics"
	"crmbridge/pim/line"
)

// object is one stored object on its way into the feed.
type object struct {
	*renderer
	entry Entry
	ics   *ics.Object
	uid   string // as the feed shows it
}

// object is what of an entry is in the feed: components without the VCALENDAR around them,
// nil when nothing is.
func (r *renderer) object(e Entry) []*line.Block {
	o, err := parse(e.Text)
	if err != nil {
		r.res.Broken++
		return nil
	}
	p, ok := r.choose(o)
	if !ok || !r.inWindow(o) {
		return nil
	}
	x := object{renderer: r, entry: e, ics: o, uid: r.uidOf(e, o)}
	out := make([]*line.Block, 0, len(p.kept))
	for _, c := range p.kept {
		b := x.component(c)
		if b == nil {
			continue
		}
		switch {
		case p.master == c:
			x.except(b, p.dropped)
		case p.alone:
			// Its series is not here: it stands for itself.
			x.detach(b)
		}
		out = append(out, b)
	}
	if len(out) > 0 {
		r.res.Shown++
	}
	return out
}

// inWindow reports whether an occurrence of o is in the window. One whose expansion takes
// too many steps is.
func (r *renderer) inWindow(o *ics.Object) bool {
	w := ics.TimeRange{From: r.cal.From, Until: r.cal.Until}
	return w == ics.TimeRange{} || o.MatchesRange(ics.Zones{Local: r.cal.Zone.Loc}, w, 0)
}

// parts are the components of an object, sorted by what becomes of them.
type parts struct {
	kept []*line.Block
	// master is the kept one that repeats, nil when there is none.
	master *line.Block
	// dropped are the overrides whose occurrences are not in the feed.
	dropped []*line.Block
	// alone says that overrides stay whose series does not.
	alone bool
}

// choose says which components may be seen; false when none may.
func (r *renderer) choose(o *ics.Object) (parts, bool) {
	var p parts
	var overrides []*line.Block
	all := slices.DeleteFunc(o.Calendar().Blocks(""), func(b *line.Block) bool { return !r.wanted(b) })
	endless := slices.ContainsFunc(all, changesFuture)
	for _, c := range all {
		if c.First("RECURRENCE-ID") != nil {
			overrides = append(overrides, c)
			continue
		}
		if !r.cal.Private && !public(c) {
			return p, false // and its overrides with it, whatever they say
		}
		if r.hidden(c) && !endless {
			p.alone = true
			continue
		}
		p.kept = append(p.kept, c)
		if p.master == nil {
			p.master = c
		}
	}
	for _, c := range overrides {
		switch {
		case !r.cal.Private && !public(c):
			if changesFuture(c) {
				return p, false // there is no telling what of the series is public
			}
			p.dropped = append(p.dropped, c)
		case r.hidden(c) && !endless:
			p.dropped = append(p.dropped, c)
		default:
			p.kept = append(p.kept, c)
		}
	}
	return p, len(p.kept) > 0
}

// wanted reports the kinds of components that a feed has. A time that is not blocked by
// anything is no business of a feed of busy times, so it has no tasks.
func (r *renderer) wanted(b *line.Block) bool {
	return b.Name == "VEVENT" || b.Name == "VTODO" && r.cal.Tasks && !r.cal.Busy
}

// public reports a component that everybody may see. RFC 5545 3.8.1.3: a class that is not
// known is private. X-CALENDARSERVER-ACCESS is what Apple writes instead.
func public(c *line.Block) bool {
	for _, name := range []string{"CLASS", "X-CALENDARSERVER-ACCESS"} {
		for _, l := range c.All(name) {
			if v := upper(l.Value); v != "PUBLIC" && v != "" {
				return false
			}
		}
	}
	return true
}

// idle reports a component that blocks no time.
func idle(c *line.Block) bool {
	return upper(c.Value("STATUS")) == "CANCELLED" || busyStatus(c) == "FREE"
}

// hidden reports a component that says of a time that nothing is then: in a feed of busy
// times what is free; for Outlook, which shows what is cancelled like all else, that.
func (r *renderer) hidden(c *line.Block) bool {
	return r.cal.Busy && idle(c) || r.cal.Outlook && upper(c.Value("STATUS")) == "CANCELLED"
}

// changesFuture reports an override of an occurrence and all that follow.
func changesFuture(c *line.Block) bool {
	l := c.First("RECURRENCE-ID")
	return l != nil && upper(l.Param("RANGE")) == "THISANDFUTURE"
}

// except takes the occurrences of overrides out of the series.
func (x *object) except(master *line.Block, overrides []*line.Block) {
	for _, c := range overrides {
		if l := x.times(c.First("RECURRENCE-ID").WithName("EXDATE").WithoutParam("RANGE")); l != nil {
			master.Parts = append(master.Parts, line.Part{Line: l})
		}
	}
	// Lines ahead of alarms.
	slices.SortStableFunc(master.Parts, func(a, b line.Part) int { return rank(a) - rank(b) })
}

func rank(p line.Part) int {
	if p.Block != nil {
		return 1
	}
	return 0
}

// detach makes an override an event of its own.
func (x *object) detach(b *line.Block) {
	id := b.First("RECURRENCE-ID")
	if id == nil {
		return
	}
	b.Set(line.New("UID", x.hashed(x.entry.UID+"\n"+id.Value)))
	b.Remove("RECURRENCE-ID")
}

// uidOf is the UID in the feed. That of a stored object may hold anything, addresses and
// names of places too.
func (r *renderer) uidOf(e Entry, o *ics.Object) string {
	uid := e.UID
	if uid == "" {
		uid = o.UID()
	}
	if r.cal.Busy || uid == "" {
		return r.hashed(uid + o.Master().Value("DTSTART"))
	}
	return line.Escape(uid)
}

// hashed is a name that says nothing to who has not the key.
func (r *renderer) hashed(s string) string {
	h := hmac.New(sha256.New, r.cal.Key)
	h.Write([]byte(s))
	return hex.EncodeToString(h.Sum(nil)[:20])
}

// upper is a value of an enumeration as it is compared.
func upper(s string) string { return strings.ToUpper(strings.TrimSpace(s)) }
