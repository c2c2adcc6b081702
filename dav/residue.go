package dav

import (
	"maps"
	"slices"
	"strings"

	"crmbridge/pim/line"
	"crmbridge/pim/tz"
)

// sheet is a text taken apart into units. A unit is what two sides cannot change apart from one another: most properties are one
// each, those that only mean something together share one (unitOf), and of those that list things each thing is one.
type sheet struct {
	root  *line.Block // a copy that may be edited: VCALENDAR or VCARD
	main  *line.Block // the component that the typed view shows; root for cards
	card  bool
	units map[string]*unit
	about map[string][]*line.Line // what the groups of a card say of their members, by the group in lower case
}

// unit is a part of a text.
type unit struct {
	says  []string // its meaning, sorted: equal ones mean the same, however they are written
	parts []spot   // where it stands
}

// spot is a line or a block directly in a block.
type spot struct {
	in   *line.Block
	part line.Part
}

// sheetOf takes a document apart that has a typed view. What programs write at every save belongs to no unit, nor do
// time zones: they follow from the times.
func sheetOf(d document) *sheet {
	s := &sheet{units: map[string]*unit{}}
	switch d := d.(type) {
	case calendarDocument:
		s.root = d.Calendar().Clone()
		for i, p := range d.Calendar().Parts {
			if p.Block != nil && p.Block == d.Master() {
				s.main = s.root.Parts[i].Block
			}
		}
	case cardDocument:
		s.root, s.card = d.Block().Clone(), true
		s.main = s.root
		s.about = abouts(s.main)
	}
	if s.main != s.root && s.root != nil {
		s.take(s.root)
	}
	if s.main != nil {
		s.take(s.main)
	}
	for _, u := range s.units {
		slices.Sort(u.says)
	}
	return s
}

// take sorts what stands directly in b into units.
func (s *sheet) take(b *line.Block) {
	for _, p := range b.Parts {
		switch {
		case p.Block == nil && (p.Line.Blank() || volatile(p.Line.Name)), p.Block != nil && (p.Block == s.main || p.Block.Name == "VTIMEZONE"):
		case p.Block != nil:
			s.note(unitOfBlock(p.Block), spot{b, p}, blockSays(p.Block))
		case s.card && isAbout(p.Line) && s.owned(p.Line.Group):
		default:
			about := s.about[strings.ToLower(p.Line.Group)]
			if isAbout(p.Line) {
				about = nil
			}
			key := unitOf(p.Line, s.card)
			if b != s.main {
				key = b.Name + "/" + key
			}
			s.note(key, spot{b, p}, lineSays(p.Line, about)...)
		}
	}
}

func (s *sheet) note(key string, p spot, says ...string) {
	u := s.units[key]
	if u == nil {
		u = &unit{}
		s.units[key] = u
	}
	u.says, u.parts = append(u.says, says...), append(u.parts, p)
}

// says is the meaning of a unit, nil when the text has none.
func (s *sheet) says(key string) []string {
	if u := s.units[key]; u != nil {
		return u.says
	}
	return nil
}

// value is what the first property of a name says, "" without one.
func (s *sheet) value(name string) string {
	if l := s.main.First(name); l != nil {
		return strings.Join(lineSays(l, nil), " ")
	}
	return ""
}

// owned reports whether a property lives in a group, rather than only lines that speak of one.
func (s *sheet) owned(group string) bool {
	return group != "" && slices.ContainsFunc(s.main.Parts, func(p line.Part) bool {
		return p.Line != nil && strings.EqualFold(p.Line.Group, group) && !isAbout(p.Line)
	})
}

// isAbout recognises the lines that say something of the property whose group they share: Apple's labels and formats of
// addresses.
func isAbout(l *line.Line) bool {
	return l.Group != "" && (l.Name == "X-ABLABEL" || l.Name == "X-ABADR")
}

func abouts(b *line.Block) map[string][]*line.Line {
	out := map[string][]*line.Line{}
	for _, l := range b.All("") {
		if isAbout(l) {
			g := strings.ToLower(l.Group)
			out[g] = append(out[g], l)
		}
	}
	return out
}

// keys are the units that any of the sheets has, in order.
func keys(sheets ...*sheet) []string {
	all := map[string]bool{}
	for _, s := range sheets {
		for k := range s.units {
			all[k] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// sameMeaning reports whether two documents differ only in spelling and in what programs write at every save.
func sameMeaning(a, b document) bool {
	x, y := sheetOf(a), sheetOf(b)
	for _, k := range keys(x, y) {
		if !slices.Equal(x.says(k), y.says(k)) {
			return false
		}
	}
	return true
}

// volatile properties change with every save, or say who saved.
func volatile(name string) bool {
	switch name {
	case "DTSTAMP", "LAST-MODIFIED", "CREATED", "SEQUENCE", "PRODID", "REV", "VERSION", "CALSCALE", "X-MOZ-GENERATION":
		return true
	}
	return false
}

// unitOf names the unit of a property.
func unitOf(l *line.Line, card bool) string {
	switch l.Name {
	case "RELATED", "RELATED-TO", "ATTACH", "MEMBER", "X-ADDRESSBOOKSERVER-MEMBER", "X-ABRELATEDNAMES", "X-ABDATE", "X-SOCIALPROFILE",
		"TEL", "EMAIL", "IMPP", "ADR", "LANG", "ATTENDEE":
		return l.Name + "/" + valueSays(l)
	}
	if card {
		if l.Name == "URL" {
			return l.Name + "/" + valueSays(l)
		}
		return l.Name
	}
	switch l.Name {
	case "DTSTART", "DTEND", "DURATION", "DUE", "RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID", "X-MICROSOFT-CDO-ALLDAYEVENT":
		return schedule
	case "GEO", "X-APPLE-STRUCTURED-LOCATION":
		return "LOCATION"
	case "X-ALT-DESC":
		return "DESCRIPTION"
	case "X-MICROSOFT-CDO-IMPORTANCE":
		return "PRIORITY"
	case "X-MICROSOFT-CDO-BUSYSTATUS", "X-MICROSOFT-CDO-INTENDEDSTATUS":
		return "TRANSP"
	case "COMPLETED", "PERCENT-COMPLETE":
		return "STATUS"
	}
	return l.Name
}

// schedule is the unit of the times and of all that names occurrences by them, overrides included.
const schedule = "DTSTART"

func unitOfBlock(b *line.Block) string {
	if b.First("RECURRENCE-ID") != nil {
		return schedule
	}
	return "BEGIN/" + b.Name
}

// blockSays is what a whole component says, as one piece: its lines mean something together only.
func blockSays(b *line.Block) string {
	var lines []string
	for _, p := range b.Parts {
		switch {
		case p.Block != nil:
			lines = append(lines, blockSays(p.Block))
		case !p.Line.Blank() && !volatile(p.Line.Name):
			lines = append(lines, lineSays(p.Line, nil)...)
		}
	}
	slices.Sort(lines)
	return b.Name + "{" + strings.Join(lines, "\n") + "}"
}

// lineSays is what a property says, without its group, which programs number anew: a list says each of its values.
func lineSays(l *line.Line, about []*line.Line) []string {
	head := l.Name + paramsSay(l)
	tail := ""
	for _, a := range about {
		tail += " " + a.Name + ":" + a.Value
	}
	switch l.Name {
	case "TRANSP", "CLASS", "PRIORITY": // RFC 5545 3.8.2.7, 3.8.1.3, 3.8.1.9: the defaults
		switch strings.ToUpper(l.Value) {
		case "OPAQUE", "PUBLIC", "0":
			return nil
		}
	case "CATEGORIES", "NICKNAME", "X-CRM-DO-NOT-USE", "EXDATE", "RDATE":
		var out []string
		for _, v := range line.Split(l.Value, ',') {
			if v = plainText(strings.TrimSpace(v)); v != "" {
				out = append(out, head+":"+v+tail)
			}
		}
		return out
	}
	return []string{head + ":" + valueSays(l) + tail}
}

// valueSays is a value without what is only a way of writing it.
func valueSays(l *line.Line) string {
	switch l.Name {
	case "SUMMARY", "DESCRIPTION", "LOCATION", "COMMENT", "CONTACT", "FN", "NOTE", "TITLE", "ROLE":
		return plainText(l.Value)
	case "N", "ADR", "ORG", "GENDER": // RFC 6350 6.2.2: empty components at the end may be left out
		parts := line.Split(l.Value, ';')
		for i, p := range parts {
			values := line.Split(p, ',')
			for j, v := range values {
				values[j] = plainText(strings.TrimSpace(v))
			}
			parts[i] = strings.Join(values, ",")
		}
		return strings.TrimRight(strings.Join(parts, ";"), ";")
	case "ATTENDEE", "ORGANIZER":
		return strings.ToLower(strings.TrimSpace(l.Value))
	}
	return l.Value
}

func plainText(v string) string { return line.Escape(line.Unescape(v)) }

// paramsSay are the parameters of a property but for those that say what holds without them.
func paramsSay(l *line.Line) string {
	var out, types []string
	for _, p := range l.Params {
		if p.Name != "TYPE" && p.Name != "" {
			if s := paramSays(l, p); s != "" {
				out = append(out, s)
			}
			continue
		}
		for _, v := range p.Values {
			types = append(types, strings.Split(strings.ToLower(v), ",")...)
		}
	}
	slices.Sort(types)
	for _, t := range slices.Compact(types) {
		switch {
		case t == "", t == "voice" && l.Name == "TEL", t == "internet" && l.Name == "EMAIL": // RFC 2426 3.3.1, 3.3.2
		case t == "pref":
			out = append(out, "PREF=1")
		default:
			out = append(out, "TYPE="+t)
		}
	}
	slices.Sort(out)
	return strings.Join(append([]string{""}, slices.Compact(out)...), ";")
}

func paramSays(l *line.Line, p line.Param) string {
	v := strings.Join(p.Values, ",")
	upper := strings.ToUpper(v)
	switch p.Name {
	case "VALUE":
		switch upper {
		case "DATE", "DATE-TIME", "DATE-AND-OR-TIME", "URI": // as the value shows
			return ""
		}
		v = upper
	case "ENCODING":
		if upper == "BASE64" {
			upper = "B"
		}
		v = upper
	case "CHARSET":
		if upper == "UTF-8" {
			return ""
		}
	case "TZID":
		if zone, err := tz.Resolve(v); err == nil {
			v = zone.Name
		}
	case "PARTSTAT", "ROLE", "CUTYPE", "RSVP": // RFC 5545 3.2.3, 3.2.12, 3.2.16, 3.2.17: the defaults
		switch upper {
		case "NEEDS-ACTION", "REQ-PARTICIPANT", "INDIVIDUAL", "FALSE":
			return ""
		}
		v = upper
	}
	return p.Name + "=" + v
}
