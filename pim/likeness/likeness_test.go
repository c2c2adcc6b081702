package likeness

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"crmbridge/pim"
)

func card(given, family string, more ...string) *pim.Contact {
	c := &pim.Contact{Given: given, Family: family, FullName: strings.TrimSpace(given + " " + family)}
	for _, m := range more {
		switch {
		case strings.Contains(m, "@"):
			c.Emails = append(c.Emails, pim.Labeled{Value: m})
		case strings.HasPrefix(m, "b:"):
			at, err := time.Parse("2006-01-02", m[2:])
			if err != nil {
				panic(err)
			}
			c.Birthday = pim.On(at.Date())
		case strings.HasPrefix(m, "c:"):
			c.Company = m[2:]
		default:
			c.Phones = append(c.Phones, pim.Labeled{Value: m})
		}
	}
	return c
}

func meeting(title, at string, more ...string) *pim.Event {
	start, err := time.Parse("2006-01-02T15:04", at)
	if err != nil {
		panic(err)
	}
	e := &pim.Event{Activity: pim.Activity{Title: title}, Start: pim.At(start, ""), End: pim.At(start.Add(time.Hour), "")}
	for _, m := range more {
		switch {
		case strings.Contains(m, "@"):
			e.Attendees = append(e.Attendees, pim.Attendee{Person: pim.Person{Email: m}})
		case strings.HasPrefix(m, "FREQ"):
			e.Recurrence = &pim.Recurrence{Rules: []string{m}}
		case m == "long":
			e.End = pim.At(start.Add(2*time.Hour), "")
		default:
			e.Location = m
		}
	}
	return e
}

func todo(title, due string) *pim.Task {
	t := &pim.Task{Activity: pim.Activity{Title: title}}
	if due != "" {
		at, err := time.Parse("2006-01-02", due)
		if err != nil {
			panic(err)
		}
		t.Due = pim.On(at.Date())
	}
	return t
}

func TestCompare(t *testing.T) {
	t.Parallel()
	const day = "2026-03-01T09:00"
	for name, c := range map[string]struct {
		a, b pim.Item
		want string // strong, weak or none
	}{
		"mail and name":                {card("Anna", "Berg", "anna@example.org"), card("ANNA", "berg", "Anna@Example.org", "c:Firm"), "strong"},
		"order and diacritics":         {card("Zoë", "Müller", "0301234567"), &pim.Contact{FullName: "Muller, Zoe", Phones: []pim.Labeled{{Value: "+49 30 1234567"}}}, "strong"},
		"country code as 00":           {card("A", "Berg", "0047 22 33 44 55"), card("A", "Berg", "22334455", "x@example.org"), "strong"},
		"trunk prefix in brackets":     {card("A", "Berg", "+44 (0)20 7946 0000"), card("A", "Berg", "020 7946 0000", "c:x"), "strong"},
		"birthday and name":            {card("A", "Berg", "b:1980-02-01"), card("A", "Berg", "b:1604-02-01", "c:x"), "strong"},
		"name alone":                   {card("Anna", "Berg", "anna@example.org"), card("Anna", "Berg", "0301234567"), "weak"},
		"company and name":             {card("Anna", "Berg", "c:Firm", "anna@example.org"), card("Anna", "Berg", "c:Firm"), "weak"},
		"namesakes":                    {card("Anna", "Berg", "a@example.org"), card("Anna", "Berg", "b@example.org"), "none"},
		"namesakes by birthday":        {card("Anna", "Berg", "a@example.org", "b:1980-02-01"), card("Anna", "Berg", "a@example.org", "b:2010-02-01"), "none"},
		"one mailbox, two people":      {card("Anna", "Berg", "office@example.org"), card("Otto", "Lund", "office@example.org"), "none"},
		"a switchboard":                {card("Anna", "Berg", "0301234567"), card("Otto", "Lund", "0301234567"), "none"},
		"a middle name":                {card("Anna Maria", "Berg", "a@example.org"), card("Anna", "Berg", "a@example.org", "c:x"), "strong"},
		"an initial":                   {card("A.", "Berg", "a@example.org"), card("Anna", "Berg", "a@example.org", "c:x"), "strong"},
		"only a mail":                  {card("", "", "a@example.org"), card("Anna", "Berg", "a@example.org"), "weak"},
		"an organisation":              {card("", "", "c:Firm", "0301234567"), &pim.Contact{FullName: "Firm", Company: "FIRM", Emails: []pim.Labeled{{Value: "a@example.org"}}, Phones: []pim.Labeled{{Value: "030 1234567"}}}, "strong"},
		"somebody of an organisation":  {&pim.Contact{FullName: "ACME", Company: "ACME", Emails: []pim.Labeled{{Value: "info@example.org"}}}, card("Ann", "Smith", "c:ACME", "info@example.org"), "weak"},
		"its mailbox and telephone":    {card("", "", "c:ACME", "info@example.org", "0301234567"), card("Ann", "Smith", "info@example.org", "0301234567"), "weak"},
		"group":                        {&pim.Contact{FullName: "x", Group: true}, &pim.Contact{FullName: "x", Group: true}, "none"},
		"same meeting":                 {meeting("Board: March", day, "Room 1"), meeting("board  march", day, "a@example.org"), "strong"},
		"other end":                    {meeting("Board", day), meeting("Board", day, "long"), "strong"},
		"other end and room":           {meeting("Board", day, "Room 1"), meeting("Board", day, "long", "Room 2"), "weak"},
		"other people":                 {meeting("Review", day, "a@example.org"), meeting("Review", day, "b@example.org"), "weak"},
		"other title":                  {meeting("Review", day), meeting("Lunch", day), "none"},
		"near title":                   {meeting("Review of the budget", day), meeting("Review of budget", day), "weak"},
		"other day":                    {meeting("Review", day), meeting("Review", "2026-03-02T09:00"), "none"},
		"a little later":               {meeting("Review", day), meeting("Review", "2026-03-01T09:30"), "weak"},
		"an occurrence and its series": {meeting("Review", day), meeting("Review", day, "FREQ=WEEKLY"), "none"},
		"one series in two spellings":  {meeting("Review", day, "FREQ=WEEKLY"), meeting("Review", day, "FREQ=WEEKLY;INTERVAL=1;BYDAY=SU"), "strong"},
		"two series":                   {meeting("Review", day, "FREQ=WEEKLY"), meeting("Review", day, "FREQ=DAILY"), "none"},
		"same task":                    {todo("Call Otto", "2026-03-01"), &pim.Task{Activity: pim.Activity{Title: "call otto", Location: "here"}, Due: pim.On(2026, 3, 1)}, "strong"},
		"task without due":             {todo("Call Otto", "2026-03-01"), todo("Call Otto", ""), "weak"},
		"task of another day":          {todo("Call Otto", "2026-03-01"), todo("Call Otto", "2026-03-08"), "none"},
		"two kinds":                    {todo("Call Otto", ""), meeting("Call Otto", day), "none"},
		"nothing":                      {&pim.Contact{}, &pim.Contact{}, "none"},
	} {
		l := Compare(Of(c.a), Of(c.b))
		got := "none"
		if l.Score >= Strong {
			got = "strong"
		} else if l.Score >= Weak {
			got = "weak"
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s: %+v", name, got, c.want, l)
		}
	}
}

func TestReasons(t *testing.T) {
	t.Parallel()
	l := Compare(Of(card("Anna", "Berg", "a@example.org", "c:Firm")), Of(card("Anna", "Berg", "a@example.org", "c:Other")))
	if !slices.Equal(l.Reasons, []string{"the same e-mail address", "the same name"}) || !slices.Equal(l.Against, []string{"different companies"}) {
		t.Errorf("%+v", l)
	}
	if strings.Contains(strings.Join(append(l.Reasons, l.Against...), " "), "example.org") {
		t.Error("a reason tells a value")
	}
}

// anItem draws from few values, so that they meet.
func anItem(t *rapid.T) pim.Item {
	pick := func(of ...string) string { return rapid.SampledFrom(of).Draw(t, "value") }
	switch rapid.IntRange(0, 2).Draw(t, "kind") {
	case 0:
		c := card(pick("", "Anna", "A", "Otto", "Anna Maria"), pick("", "Berg", "Bérg", "B", "Lund"))
		for _, m := range []string{pick("", "a@example.org", "b@example.org"), pick("", "0301234567", "+49301234567", "+47301234567", "99999999"), pick("", "c:Firm", "c:Other"), pick("", "b:1980-02-01", "b:1604-02-01", "b:1999-01-01")} {
			if m != "" {
				more := card("", "", m)
				c.Emails, c.Phones = append(c.Emails, more.Emails...), append(c.Phones, more.Phones...)
				c.Company, c.Birthday = c.Company+more.Company, map[bool]pim.When{true: c.Birthday, false: more.Birthday}[more.Birthday.IsZero()]
			}
		}
		return c
	case 1:
		return meeting(pick("", "Review", "review of budget", "Review of the budget"), pick("2026-03-01T09:00", "2026-03-01T09:30", "2026-03-02T09:00"), pick("Room", "Hall", "a@example.org", "long", "FREQ=DAILY"))
	}
	return todo(pick("", "Call", "Call Otto now", "Call Otto"), pick("", "2026-03-01", "2026-03-02"))
}

func TestLikenessIsFair(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := Of(anItem(t)), Of(anItem(t))
		l, back := Compare(a, b), Compare(b, a)
		if fmt.Sprint(l) != fmt.Sprint(back) {
			t.Fatalf("%+v one way, %+v the other", l, back)
		}
		if l.Score < 0 || l.Score > 1 {
			t.Fatalf("%+v", l)
		}
		if a.Print() != "" && Compare(a, a).Score != 1 {
			t.Fatalf("unlike itself: %+v", Compare(a, a))
		}
		if l.Score >= Weak && len(l.Reasons) == 0 {
			t.Fatalf("no reason: %+v", l)
		}
		if l.Score >= Strong && slices.ContainsFunc(l.Against, func(s string) bool {
			return slices.Contains([]string{"different names", "different birthdays", "different times", "different titles", "due at different times", "they repeat differently"}, s)
		}) {
			t.Fatalf("strong against a strong sign: %+v", l)
		}
	})
}

func TestMatchIsOneToOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string) (list []Sketch) {
			for range rapid.IntRange(0, 12).Draw(t, label) {
				list = append(list, Of(anItem(t)))
			}
			return list
		}
		a, b := draw("a"), draw("b")
		pairs := Match(a, b)
		usedA, usedB := map[int]bool{}, map[int]bool{}
		for _, p := range pairs {
			if usedA[p.A] || usedB[p.B] {
				t.Fatalf("twice in %+v", pairs)
			}
			usedA[p.A], usedB[p.B] = true, true
			for i := range a {
				if l := Compare(a[i], b[p.B]); i != p.A && l.Score > p.Score-distance {
					t.Fatalf("%+v is nearly as good as %+v", l, p)
				}
			}
			for j := range b {
				if l := Compare(a[p.A], b[j]); j != p.B && l.Score > p.Score-distance {
					t.Fatalf("%+v is nearly as good as %+v", l, p)
				}
			}
		}
		// The keys hide no pair that comparing each with each finds.
		for i := range a {
			for j := range b {
				l := Compare(a[i], b[j])
				found := false
				candidates(a[i:i+1], b[j:j+1], false, func(Pair) { found = true })
				if l.Score >= Weak && !found {
					t.Fatalf("no key in common: %+v", l)
				}
			}
		}
		for _, p := range Within(a) {
			if p.A >= p.B || p.Score < Weak {
				t.Fatalf("%+v", p)
			}
		}
	})
}

// many are n contacts, each with a switchboard's number and a name that others have.
func many(n, seed int) []Sketch {
	list := make([]Sketch, n)
	for i := range list {
		k := (i*7919 + seed) % n
		list[i] = Of(card(fmt.Sprintf("Anna%d", k%500), fmt.Sprintf("Berg%d", k), "030 1234567", fmt.Sprintf("p%d@example.org", k), fmt.Sprintf("+49 171 %07d", k)))
	}
	return list
}

func TestALargeListIsMatched(t *testing.T) {
	t.Parallel()
	a, b := many(2000, 0), many(2000, 13)
	if got := len(Match(a, b)); got != 2000 {
		t.Errorf("%d of 2000 are matched", got)
	}
}

func BenchmarkMatch10000(b *testing.B) {
	x, y := many(10_000, 0), many(10_000, 13)
	for b.Loop() {
		Match(x, y)
	}
}
