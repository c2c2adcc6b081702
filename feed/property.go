package feed

import (
	"strings"

	"crmbridge/pim/line"
	"crmbridge/pim/rrule"
)

// pass says how a property gets into a feed.
type pass uint8

const (
	never   pass = iota
	asIs         // the value as it is
	moment       // a time, or several, in a zone of the feed
	utcOnly      // a time in UTC
	lasting      // a DURATION
	rule         // a recurrence rule, written anew
	number       // an integer
	word         // one of a few words
	link         // a web address; data inside the text and files of a mail program are not
	person       // an address with its name, without what is said of answers
)

// property is one row of the table: what of it is in a feed in full and in one that says
// only when somebody is busy.
type property struct {
	full, busy pass
	words      string // for word
	many       bool   // RFC 5545 3.6.1: it may come more than once; of others the first counts
}

// properties is every property of an event or a task that a feed may have. What calendar
// programs do not show (what the bridge keeps of the CRM, marks of devices, UIDs of other
// items) is not in it, nor is ATTENDEE: see the package comment.
var properties = map[string]property{
	"DTSTAMP":       {full: utcOnly, busy: utcOnly},
	"DTSTART":       {full: moment, busy: moment},
	"DTEND":         {full: moment, busy: moment},
	"DURATION":      {full: lasting, busy: lasting},
	"RECURRENCE-ID": {full: moment, busy: moment},
	"RDATE":         {full: moment, busy: moment, many: true},
	"EXDATE":        {full: moment, busy: moment, many: true},
	"RRULE":         {full: rule, busy: rule, many: true},
	"EXRULE":        {full: rule, busy: rule, many: true},
	"SEQUENCE":      {full: number, busy: number},
	"CLASS":         {full: asIs, busy: word, words: "PUBLIC PRIVATE CONFIDENTIAL"},
	"STATUS":        {full: asIs, busy: word, words: "CONFIRMED TENTATIVE CANCELLED"},
	"TRANSP":        {full: asIs, busy: word, words: "OPAQUE TRANSPARENT"},

	"SUMMARY":          {full: asIs},
	"DESCRIPTION":      {full: asIs},
	"LOCATION":         {full: asIs},
	"GEO":              {full: asIs},
	"URL":              {full: asIs},
	"CATEGORIES":       {full: asIs, many: true},
	"COMMENT":          {full: asIs, many: true},
	"CONTACT":          {full: asIs, many: true},
	"RESOURCES":        {full: asIs, many: true},
	"PRIORITY":         {full: number},
	"COLOR":            {full: asIs},
	"CONFERENCE":       {full: asIs, many: true},
	"ATTACH":           {full: link, many: true},
	"IMAGE":            {full: link, many: true},
	"ORGANIZER":        {full: person},
	"CREATED":          {full: utcOnly},
	"LAST-MODIFIED":    {full: utcOnly},
	"DUE":              {full: moment},
	"COMPLETED":        {full: utcOnly},
	"PERCENT-COMPLETE": {full: number},

	"X-ALT-DESC":                       {full: asIs, many: true},
	"X-APPLE-STRUCTURED-LOCATION":      {full: asIs},
	"X-APPLE-TRAVEL-DURATION":          {full: lasting},
	"X-GOOGLE-CONFERENCE":              {full: asIs},
	"X-MICROSOFT-CDO-ALLDAYEVENT":      {full: asIs, busy: word, words: "TRUE FALSE"},
	"X-MICROSOFT-CDO-BUSYSTATUS":       {full: asIs, busy: word, words: "BUSY TENTATIVE FREE"},
	"X-MICROSOFT-CDO-IMPORTANCE":       {full: number},
	"X-MICROSOFT-SKYPETEAMSMEETINGURL": {full: asIs},
}

// component is c with what may be seen of it, nil when it has no time to be shown at.
func (x *object) component(c *line.Block) *line.Block {
	out := &line.Block{Name: c.Name}
	add := func(l *line.Line) {
		if l != nil {
			out.Parts = append(out.Parts, line.Part{Line: l})
		}
	}
	add(line.New("UID", x.uid))
	for _, l := range c.All("") {
		if properties[l.Name].many || out.First(l.Name) == nil {
			add(x.property(l))
		}
	}
	if c.Name == "VEVENT" && out.First("DTSTART") == nil { // RFC 5546 3.2.1
		return nil
	}
	x.untilInUTC(out)
	if out.First("DTSTAMP") == nil {
		add(line.New("DTSTAMP", x.entry.Changed.UTC().Format(utcLayout)))
	}
	if x.cal.Busy {
		add(line.New("SUMMARY", busyWord(c)))
	}
	if x.cal.Outlook && c.Name == "VEVENT" {
		for _, l := range outlookLines(out) {
			add(l)
		}
	}
	if x.cal.Alarms && !x.cal.Busy {
		for _, a := range c.Blocks("VALARM") {
			if b := alarm(a); b != nil {
				out.AddBlock(b)
			}
		}
	}
	return out
}

// busyWord is the title in a feed of busy times. What is free is in one only as part of a
// series that cannot be told apart.
func busyWord(c *line.Block) string {
	if idle(c) {
		return "Free"
	}
	return "Busy"
}

// property is a line as the feed has it, nil when it has not.
func (x *object) property(l *line.Line) *line.Line {
	if l.Group != "" {
		return nil // no part of iCalendar
	}
	row := properties[l.Name]
	how := row.full
	if x.cal.Busy {
		how = row.busy
	}
	switch how {
	case asIs:
		return tidy(l)
	case moment:
		return x.times(l)
	case utcOnly:
		if v, ok := inUTC(l.Value); ok {
			return line.New(l.Name, v)
		}
	case lasting:
		if v := upper(l.Value); isDuration(v) {
			return line.New(l.Name, v)
		}
	case rule:
		if rr, err := rrule.Parse(l.Value); err == nil {
			return line.New(l.Name, rr.String())
		}
	case number:
		if v := strings.TrimSpace(l.Value); isNumber(v) {
			return line.New(l.Name, v)
		}
	case word:
		if v := upper(l.Value); v != "" && strings.Contains(" "+row.words+" ", " "+v+" ") {
			return line.New(l.Name, v)
		} else if l.Name == "CLASS" {
			return line.New(l.Name, "PRIVATE") // RFC 5545 3.8.1.3
		}
	case link:
		if isWeb(l.Value) && !l.HasParam("MANAGED-ID") && upper(l.Param("VALUE")) != "BINARY" {
			return tidy(l)
		}
	case person:
		return organizer(l)
	}
	return nil
}

// organizer is ORGANIZER with the name only: RFC 5546 3.2.1 wants to see who publishes,
// and the rest is for programs that schedule.
func organizer(l *line.Line) *line.Line {
	if l = tidy(l); l.Param("CN") != "" {
		return l.WithParams(line.P("CN", l.Param("CN")))
	}
	return l.WithParams()
}

// tidy is a line whose parameters every reader can take: named, quoted where they must
// be, and without characters that no line may hold.
func tidy(l *line.Line) *line.Line {
	l = l.WithValue(l.Value)
	if len(l.Params) == 0 {
		return l
	}
	params := make([]line.Param, 0, len(l.Params))
	for _, p := range l.Params {
		if !isToken(p.Name) || len(p.Values) == 0 {
			continue
		}
		values := make([]string, len(p.Values))
		for i, v := range p.Values {
			values[i] = strings.ToValidUTF8(v, "\ufffd")
		}
		params = append(params, line.P(p.Name, values...))
	}
	return l.WithParams(params...)
}

// alarm is a reminder as programs of other people may have it: neither mail nor files.
func alarm(a *line.Block) *line.Block {
	action := upper(a.Value("ACTION"))
	trigger := a.First("TRIGGER")
	if trigger == nil || action != "DISPLAY" && action != "AUDIO" {
		return nil
	}
	out := &line.Block{Name: "VALARM"}
	add := func(l *line.Line) { out.Parts = append(out.Parts, line.Part{Line: l}) }
	add(line.New("ACTION", action))
	v := upper(trigger.Value)
	switch at, ok := inUTC(v); {
	case isDuration(v) && upper(trigger.Param("RELATED")) == "END":
		add(line.New("TRIGGER", v, line.P("RELATED", "END")))
	case isDuration(v):
		add(line.New("TRIGGER", v))
	case ok:
		add(line.New("TRIGGER", at, line.P("VALUE", "DATE-TIME")))
	default:
		return nil
	}
	if d, n := upper(a.Value("DURATION")), strings.TrimSpace(a.Value("REPEAT")); isDuration(d) && isNumber(n) {
		add(line.New("DURATION", d))
		add(line.New("REPEAT", n))
	}
	if action == "DISPLAY" { // RFC 5545 3.6.6: with a text
		text := a.First("DESCRIPTION")
		if text == nil {
			text = line.New("DESCRIPTION", "Reminder")
		}
		add(tidy(text))
	}
	return out
}

// isToken is iana-token of RFC 5545 3.1.
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return s != ""
}

func isNumber(s string) bool {
	return s != "" && len(s) < 10 && strings.Trim(s, "0123456789") == ""
}

func isWeb(s string) bool {
	s = strings.ToLower(strings.TrimSpace(s))
	return strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://")
}
