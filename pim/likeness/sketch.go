package likeness

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"crmbridge/pim"
)

// Sketch is what is compared of an item. It holds no more than that, so that those of
// a large collection fit into memory. The zero Sketch is like nothing.
type Sketch struct {
	kind pim.Kind

	// Contacts.
	name     []string // folded words, sorted, each once
	company  string
	mails    []string
	phones   []phone
	birthday pim.When

	// Activities. at is the start of an event, the due time of a task.
	title  []string // folded words in their order
	at     pim.When
	end    pim.When
	place  string
	people []string
	series string // "" for a single one

	print string
}

// Of is the sketch of an item; the zero Sketch for one that is not compared: nil, a
// group of contacts, a message, an item without content.
func Of(it pim.Item) Sketch {
	var s Sketch
	switch v := it.(type) {
	case *pim.Contact:
		if v == nil || v.Group {
			return Sketch{}
		}
		s = contact(v)
	case *pim.Event:
		s = activity(&v.Activity)
		s.kind, s.at, s.end = pim.KindEvent, v.Start, v.End
	case *pim.Task:
		s = activity(&v.Activity)
		s.kind, s.at = pim.KindTask, v.Due
	default:
		return Sketch{}
	}
	if pim.RecurrenceOf(it) != nil {
		s.series = "series " + strings.Join(pim.CanonicalRules(it), "\n")
	}
	s.print = s.digest()
	return s
}

// Print identifies the compared fields: equal for items that agree in all of them, ""
// for what is not compared.
func (s Sketch) Print() string { return s.print }

// empty reports a sketch that has nothing to go by.
func (s Sketch) empty() bool {
	return len(s.name) == 0 && s.company == "" && len(s.mails) == 0 && len(s.phones) == 0 && len(s.title) == 0
}

func contact(c *pim.Contact) Sketch {
	s := Sketch{kind: pim.KindContact, company: strings.Join(words(c.Company), " "), birthday: c.Birthday}
	full := strings.Join([]string{c.Given, c.Middle, c.Family}, " ")
	if strings.TrimSpace(full) == "" {
		full = c.FullName
	}
	s.name = words(full)
	if strings.Join(s.name, " ") == s.company {
		s.name = nil // an organisation, whose name stands in for a person's
	}
	slices.Sort(s.name)
	s.name = slices.Compact(s.name)
	for _, m := range c.Emails {
		if a := strings.ToLower(strings.TrimSpace(m.Value)); strings.Contains(a, "@") {
			s.mails = append(s.mails, a)
		}
	}
	slices.Sort(s.mails)
	s.mails = slices.Compact(s.mails)
	for _, p := range c.Phones {
		if n, ok := dialled(p.Value); ok {
			s.phones = append(s.phones, n)
		}
	}
	slices.SortFunc(s.phones, phone.compare)
	s.phones = slices.Compact(s.phones)
	return s
}

func activity(a *pim.Activity) Sketch {
	s := Sketch{title: words(a.Title), place: strings.Join(words(a.Location), " ")}
	for _, p := range a.Attendees {
		who := strings.ToLower(strings.TrimSpace(p.Email))
		if who == "" {
			who = strings.Join(words(p.Name), " ")
		}
		if who != "" {
			s.people = append(s.people, who)
		}
	}
	slices.Sort(s.people)
	s.people = slices.Compact(s.people)
	return s
}

// letters that have no decomposition, as they are written without a keyboard for them.
var letters = strings.NewReplacer("ß", "ss", "æ", "ae", "œ", "oe", "ø", "o", "ð", "d", "þ", "th", "ł", "l", "đ", "d", "ı", "i")

// words are those of s in lower case, without diacritics and punctuation.
func words(s string) []string {
	var b strings.Builder
	for _, r := range letters.Replace(strings.ToLower(norm.NFKD.String(s))) {
		switch {
		case unicode.Is(unicode.Mn, r), r == '\'', r == '’':
		case unicode.IsLetter(r), unicode.IsDigit(r):
			b.WriteRune(r)
		default:
			b.WriteByte(' ')
		}
	}
	return strings.Fields(b.String())
}

func (s Sketch) digest() string {
	if s.empty() {
		return ""
	}
	h := sha256.New()
	add := func(parts ...string) {
		for _, p := range parts {
			h.Write([]byte(p)) // a hash never fails
			h.Write([]byte{0})
		}
		h.Write([]byte{1})
	}
	add(s.kind.String(), s.company, s.place, s.series, s.birthday.String(), s.at.String(), s.end.String())
	add(s.name...)
	add(s.mails...)
	add(s.title...)
	add(s.people...)
	for _, p := range s.phones {
		add(p.digits, map[bool]string{true: "+"}[p.abroad])
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// sameDay compares dates of a year, and the years where both tell one (1604 is "no
// year").
func sameDay(a, b pim.When) bool {
	const none = 1604
	x, y := a.Time, b.Time
	return x.Month() == y.Month() && x.Day() == y.Day() && (x.Year() == y.Year() || x.Year() == none || y.Year() == none)
}

// near reports two points in time at most d apart; a date is none.
func near(a, b pim.When, d time.Duration) bool {
	return !a.IsZero() && !b.IsZero() && a.Date == b.Date && a.Floating == b.Floating && a.Time.Sub(b.Time).Abs() <= d
}

// Kind is that of the item; 0 for the zero Sketch.
func (s Sketch) Kind() pim.Kind { return s.kind }
