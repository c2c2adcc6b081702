package birthday

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"crmbridge/pim"
	"crmbridge/pim/ics"
	"crmbridge/pim/line"
	"crmbridge/pim/vcf"
	"crmbridge/store"
)

// kind is one of the dates of a card.
type kind struct {
	name     string // of resources
	sign     string // ahead of the name in the title
	category string
	of       func(*pim.Contact) pim.When
}

var kinds = [...]kind{
	{"birthday", "\U0001F382", "Birthday", func(p *pim.Contact) pim.When { return p.Birthday }},
	{"anniversary", "\U0001F48D", "Anniversary", func(p *pim.Contact) pim.When { return p.Anniversary }},
}

// resource is the name of the event of a card.
func (k kind) resource(card store.ObjectID) string { return fmt.Sprintf("%s-%d.ics", k.name, card) }

// event is what is to be in the calendar.
type event struct {
	kind kind
	who  string
	on   pim.When // vcf.NoYear where the year is not known
	// private is what the card is: feeds and other readers must not learn from the event what the card keeps from them.
	private bool
}

// eventsOf are those of a card; groups have none.
func eventsOf(c *vcf.Card) []event {
	p := c.Item()
	if p.Group {
		return nil
	}
	var out []event
	for _, k := range kinds {
		if on := k.of(p); !on.IsZero() {
			out = append(out, event{k, vcf.FullName(p), on, !c.Public()})
		}
	}
	return out
}

// uid follows from the book and the card.
func (e event) uid(book store.CollectionID, o *store.Object) string {
	card := o.UID
	if card == "" {
		card = fmt.Sprintf("#%d", o.ID)
	}
	return uuid.NewSHA1(uuid.NameSpaceURL, fmt.Appendf(nil, "urn:crmbridge:%s:%d:%s", e.kind.name, book, card)).String()
}

// Years in which a series may begin. Outlook has none before 1900.
const (
	earliestYear = 1900
	leapYear     = 1972 // stands for a year that is not known
	oldLeapYear  = 1904 // stands for one before the earliest
)

// first is the day on which the series begins.
func (e event) first() time.Time {
	y, m, d := e.on.Time.Date()
	switch {
	case y == vcf.NoYear:
		y = leapYear
	case y < earliestYear:
		y = oldLeapYear
	}
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// rule repeats every year. Who was born on 29 February is not left out in common years.
func (e event) rule() string {
	if _, m, d := e.on.Time.Date(); m == time.February && d == 29 {
		return "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1"
	}
	return "FREQ=YEARLY"
}

// title is the name, and the year if it is known.
func (e event) title() string {
	who := strings.Join(strings.Fields(e.who), " ")
	if y := e.on.Time.Year(); y != vcf.NoYear {
		return fmt.Sprintf("%s %s (%d)", e.kind.sign, who, y)
	}
	return e.kind.sign + " " + who
}

const (
	day       = "20060102"
	utcFormat = "20060102T150405Z"
)

// made is a text with its place in the index.
type made struct {
	text       []byte
	start, end int64
}

// text is the calendar object; stamp is its DTSTAMP.
func (e event) text(uid string, stamp time.Time) (made, error) {
	first := e.first()
	date := line.P("VALUE", "DATE")
	cal := line.NewBlock("VCALENDAR", line.New("VERSION", "2.0"), line.New("PRODID", "-//crmbridge//birthdays//EN"))
	cal.AddBlock(line.NewBlock("VEVENT",
		line.New("UID", uid),
		line.New("DTSTAMP", stamp.UTC().Format(utcFormat)),
		line.New("DTSTART", first.Format(day), date),
		line.New("DTEND", first.AddDate(0, 0, 1).Format(day), date),
		line.New("RRULE", e.rule()),
		line.New("SUMMARY", line.Escape(e.title())),
		line.New("CATEGORIES", e.kind.category),
		line.New("TRANSP", "TRANSPARENT"),
	))
	if e.private { // RFC 5545 3.8.1.3: what has no CLASS is public
		cal.Blocks("VEVENT")[0].Add(line.New("CLASS", "PRIVATE"))
	}
	b := line.NewText(cal).Bytes()
	o, err := ics.Parse(b, ics.DefaultLimits())
	if err != nil {
		return made{}, fmt.Errorf("birthday: event: %w", err)
	}
	start, end := o.Bounds()
	return made{b, start, end}, nil
}

// stampOf is the DTSTAMP of a text that was made here. An event that says the same keeps it, and with it its ETag.
func stampOf(text []byte) (time.Time, bool) {
	_, rest, ok := strings.Cut(string(text), "\r\nDTSTAMP:")
	if !ok || len(rest) < len(utcFormat) {
		return time.Time{}, false
	}
	t, err := time.Parse(utcFormat, rest[:len(utcFormat)])
	return t, err == nil
}
