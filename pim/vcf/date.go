package vcf

import (
	"strings"
	"time"

	"crmbridge/pim"
	"crmbridge/pim/line"
)

// NoYear stands for an unknown year in pim.Contact's dates, as Apple has it; it is a leap year.
const NoYear = 1604

const omitYear = "X-APPLE-OMIT-YEAR"

// dateProp is a field that is a date, with the properties that may hold it, the first two
// being those to write in version 4.0 and 3.0.
type dateProp struct {
	id     pim.FieldID
	v4, v3 string
	others []string
	label  string // of an X-ABDATE
}

var dateProps = [...]dateProp{
	{pim.FieldBirthday, "BDAY", "BDAY", nil, ""},
	{pim.FieldAnniversary, "ANNIVERSARY", "X-ANNIVERSARY", []string{"X-EVOLUTION-ANNIVERSARY", "X-MS-ANNIVERSARY"}, "anniversary"},
}

// dateLine is the first line that holds the date, else the first that should, nil when
// there is none.
func (c *Card) dateLine(p dateProp) *line.Line {
	var lines []*line.Line
	for _, name := range append([]string{p.v4, p.v3}, p.others...) {
		lines = append(lines, c.card.All(name)...)
	}
	ls := c.labels()
	for _, l := range c.card.All("X-ABDATE") {
		if p.label != "" && ls.of(l) == p.label {
			lines = append(lines, l)
		}
	}
	for _, l := range lines {
		if _, ok := dateOf(l); ok {
			return l
		}
	}
	if len(lines) > 0 {
		return lines[0]
	}
	return nil
}

// dateOf reads 19850412, 1985-04-12, --0412, --04-12 and the date of a date-time
// (RFC 6350 4.3, RFC 2426 3.1.5). Dates that lack more than the year are none.
func dateOf(l *line.Line) (pim.When, bool) {
	v, _, _ := strings.Cut(strings.ToUpper(trim(textOf(l))), "T")
	y := ""
	switch {
	case strings.HasPrefix(v, "--"):
		y, v = "1604", v[2:]
	case len(v) >= 8:
		y, v = v[:4], strings.TrimPrefix(v[4:], "-")
	}
	v = strings.Replace(v, "-", "", 1)
	t, err := time.Parse("20060102", y+v)
	if err != nil || t.IsZero() {
		return pim.When{}, false
	}
	if l.Param(omitYear) == y {
		t = time.Date(NoYear, t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	}
	return pim.On(t.Year(), t.Month(), t.Day()), true
}

// dateValue writes a date for version v. Without a year it is --0412, and Apple's way
// in version 3.0, which has no such form.
func dateValue(l *line.Line, w pim.When, v Version) *line.Line {
	l = l.WithoutParam("VALUE", omitYear, "ENCODING", "CHARSET", "CALSCALE")
	basic := v == V4
	if old := trim(l.Value); old != "" {
		basic = !strings.Contains(strings.TrimPrefix(old, "--"), "-")
	}
	switch {
	case w.Time.Year() == NoYear && v == V4:
		return l.WithValue(w.Time.Format("--0102"))
	case w.Time.Year() == NoYear:
		return l.WithParam(line.P(omitYear, "1604")).WithValue(w.Time.Format("2006-01-02"))
	case basic:
		return l.WithValue(w.Time.Format("20060102"))
	}
	return l.WithValue(w.Time.Format("2006-01-02"))
}
