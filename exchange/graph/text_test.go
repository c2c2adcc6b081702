package graph

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"crmbridge/exchange"
	"crmbridge/exchange/series"
	"crmbridge/pim"
)

func TestPlainText(t *testing.T) {
	t.Parallel()
	for html, want := range map[string]string{
		"": "",
		"<html><head><title>x</title><style>p{}</style></head><body>\r\n<p>Hello <b>you</b></p>\r\n</body></html>": "Hello you",
		"one<br>two<br/>three":                          "one\ntwo\nthree",
		"<div>one</div><div>two</div>":                  "one\ntwo",
		"<ul><li>a</li><li>b</li></ul>after":            "a\nb\nafter",
		"a &amp; b &lt;c&gt; &#8364;":                   "a & b <c> €",
		"<p>a\n   b</p><script>alert(1)</script><p>c":   "a b\nc",
		"kept&nbsp;&nbsp;apart":                         "kept\u00a0\u00a0apart",
		"<table><tr><td>x</td></tr><tr><td>y</td></tr>": "x\ny",
		"not < html": "not < html",
	} {
		if got := strings.TrimRight(plainText(html), " \n"); got != want {
			t.Errorf("%q: %q, want %q", html, got, want)
		}
	}
	if got := (itemBody{"html", "<p>a</p>"}).text(); got != "a" {
		t.Errorf("an HTML body is %q", got)
	}
	if got := (itemBody{"text", "<p>a\r\nb</p>"}).text(); got != "<p>a\nb</p>" {
		t.Errorf("a text body is %q", got)
	}
}

func FuzzPlainText(f *testing.F) {
	for _, s := range []string{"<p>a<br>b", "</head></head>x", "<style><p>", "a<!-- b -->c", "\x00<\xff>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got := plainText(s); len(got) > 4*len(s)+4 {
			t.Errorf("%d bytes of %d", len(got), len(s))
		}
	})
}

func FuzzCursor(f *testing.F) {
	good, err := cursor{Link: "https://graph.example.org/x", Window: "a/b"}.encode()
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{string(good), "g1.", "g1.e30", "g1.bnVsbA", "x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := decodeCursor(remoteCursor(s))
		if err != nil {
			if pim.ReasonOf(err) != pim.ErrCursorGone {
				t.Errorf("%v", err)
			}
			return
		}
		again, err := c.encode()
		if err != nil {
			t.Fatal(err)
		}
		if back, err := decodeCursor(again); err != nil || back != c {
			t.Errorf("%+v, %v, want %+v", back, err, c)
		}
	})
}

func drawPattern(t *rapid.T) series.Pattern {
	p := series.Pattern{Form: series.Form(rapid.IntRange(1, 6).Draw(t, "form")), Interval: rapid.IntRange(1, 12).Draw(t, "interval")}
	switch p.Form {
	case series.Weekly:
		for d := range 7 {
			if rapid.Bool().Draw(t, "day") {
				p.Days = append(p.Days, time.Weekday((d+1)%7))
			}
		}
		p.FirstDay = time.Weekday(rapid.IntRange(0, 6).Draw(t, "first"))
	case series.AbsoluteMonthly, series.AbsoluteYearly:
		p.DayOfMonth = rapid.IntRange(1, 31).Draw(t, "dayOfMonth")
	case series.RelativeMonthly, series.RelativeYearly:
		p.Days = []time.Weekday{time.Weekday(rapid.IntRange(0, 6).Draw(t, "weekday"))}
		p.Index = rapid.SampledFrom([]int{1, 2, 3, 4, series.Last}).Draw(t, "index")
	}
	if p.Form == series.AbsoluteYearly || p.Form == series.RelativeYearly {
		p.Month = time.Month(rapid.IntRange(1, 12).Draw(t, "month"))
	}
	switch rapid.IntRange(0, 2).Draw(t, "end") {
	case 1:
		p.Count = rapid.IntRange(1, 999).Draw(t, "count")
	case 2:
		p.Until = pim.On(2027, time.Month(rapid.IntRange(1, 12).Draw(t, "until")), 1)
	}
	return p
}

// A pattern goes to Graph's words and back.
func TestPatternsComeBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := drawPattern(t)
		r := recurring(want, time.Date(2026, 5, 1, 10, 0, 0, 0, time.UTC), "UTC")
		got, ok := r.pattern()
		if !ok || !got.Same(want) || got.FirstDay != want.FirstDay && want.Form == series.Weekly {
			t.Fatalf("%+v became %+v, %v, by %+v", want, got, ok, r)
		}
	})
}

func TestPatternsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]*recurrence{
		"no type":      {Range: recurrenceRange{Type: "noEnd"}},
		"a new type":   {Pattern: recurrencePattern{Type: "hourly"}, Range: recurrenceRange{Type: "noEnd"}},
		"no such day":  {Pattern: recurrencePattern{Type: "weekly", DaysOfWeek: []string{"someday"}}, Range: recurrenceRange{Type: "noEnd"}},
		"no range":     {Pattern: recurrencePattern{Type: "daily"}},
		"an odd end":   {Pattern: recurrencePattern{Type: "daily"}, Range: recurrenceRange{Type: "endDate", EndDate: "soon"}},
		"no number":    {Pattern: recurrencePattern{Type: "daily"}, Range: recurrenceRange{Type: "numbered"}},
		"no days left": {Pattern: recurrencePattern{Type: "weekly"}, Range: recurrenceRange{Type: "noEnd"}},
	} {
		c := &connector{zone: time.UTC}
		if got := c.ruleOf(r, pim.On(2026, 5, 1)); got != nil {
			t.Errorf("%s: %v", name, got.Rules)
		}
	}
}

func TestTimes(t *testing.T) {
	t.Parallel()
	vienna, err := time.LoadLocation("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	c := &connector{zone: vienna, env: exchange.Env{Zone: "Europe/Vienna"}}
	for name, want := range map[string]string{
		"W. Europe Standard Time": "Europe/Vienna", // the user's, of those that share the name
		"Europe/Oslo":             "Europe/Oslo", "Pacific Standard Time": "America/Los_Angeles", "UTC": "", "tzone://Microsoft/Custom": "", "": "",
	} {
		if got := c.zoneNamed(name); got != want {
			t.Errorf("zone %q is %q, want %q", name, got, want)
		}
	}
	at := time.Date(2026, 7, 1, 8, 30, 0, 0, time.UTC)
	for want, w := range map[dateTime]pim.When{
		{"2026-07-01T08:30:00", "UTC"}:                     pim.At(at, ""),
		{"2026-07-01T10:30:00", "W. Europe Standard Time"}: pim.At(at, "Europe/Vienna"),
		{"2026-07-01T01:30:00", "Pacific Standard Time"}:   pim.At(at, "America/Los_Angeles"),
		{"2026-07-01T00:00:00", "W. Europe Standard Time"}: pim.On(2026, 7, 1),
		{"2026-07-01T08:30:01", "W. Europe Standard Time"}: {Time: at.Add(time.Second), Floating: true},
	} {
		if got := c.written(w); got != want {
			t.Errorf("%v is written as %v, want %v", w, got, want)
		}
	}
	for _, d := range []dateTime{{"2026-07-01T08:30:00.0000000", "UTC"}, {"2026-07-01T10:30:00", "W. Europe Standard Time"}, {"2026-07-01T08:30:00Z", "UTC"}} {
		if got := d.instant(); !got.Equal(at) {
			t.Errorf("%v is %v", d, got)
		}
	}
	// Midnight in Vienna, as Graph tells it in UTC.
	for _, d := range []dateTime{{"2026-06-30T22:00:00", "UTC"}, {"2026-07-01T00:00:00.0000000", "UTC"}, {"2026-07-01T00:00:00", "Pacific Standard Time"}} {
		if got := d.day(vienna); !got.Equal(pim.On(2026, 7, 1)) {
			t.Errorf("%v is the day %v", d, got)
		}
	}
	if got := (&dateTime{"soon", "UTC"}).instant(); !got.IsZero() {
		t.Errorf("what cannot be read is %v", got)
	}
}

func TestBirthdays(t *testing.T) {
	t.Parallel()
	oslo, err := time.LoadLocation("Europe/Oslo")
	if err != nil {
		t.Fatal(err)
	}
	c := &connector{zone: oslo}
	for text, want := range map[string]pim.When{
		"1974-07-22T11:59:00Z": pim.On(1974, 7, 22), // by Outlook on the web
		"1974-07-22T00:00:00Z": pim.On(1974, 7, 22),
		"1974-07-21T23:00:00Z": pim.On(1974, 7, 22), // midnight in Oslo, by Outlook
		"1604-02-29T11:59:00Z": pim.On(1604, 2, 29), // without a year
		"0001-01-01T00:00:00Z": {}, "": {}, "soon": {},
	} {
		it := &pim.Contact{}
		if c.readBirthday(&contact{Birthday: text}, it); !it.Birthday.Equal(want) {
			t.Errorf("%q is %v, want %v", text, it.Birthday, want)
		}
	}
}

// The windows of a scope that moves stay the same for days, and never leave out what is in it.
func TestWindow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 10_000).Draw(t, "hours")) * time.Hour)
		c := &connector{zone: time.UTC, back: rapid.IntRange(0, 900).Draw(t, "back"), ahead: rapid.IntRange(1, 900).Draw(t, "ahead"), env: exchange.Env{Now: func() time.Time { return now }}}
		s := remoteScope(time.Time{}, time.Time{})
		if rapid.Bool().Draw(t, "bounded") {
			s = remoteScope(now.AddDate(0, 0, -rapid.IntRange(0, 800).Draw(t, "from")), now.AddDate(0, 0, rapid.IntRange(1, 800).Draw(t, "until")))
		}
		w := c.window(s)
		from, until := now.AddDate(0, 0, -c.back), now.AddDate(0, 0, c.ahead)
		if !s.From.IsZero() {
			from, until = s.From, s.Until
		}
		if w.begin.After(from) || w.end.Before(until) {
			t.Fatalf("%v to %v leaves out some of %v to %v", w.begin, w.end, from, until)
		}
		if days := w.end.Sub(w.begin).Hours() / 24; days > 1825 {
			t.Fatalf("%v days are more than Graph takes", days)
		}
		now = now.Add(time.Minute)
		if s.From.IsZero() && c.window(s).key() != w.key() && now.Truncate(step).Equal(now.Add(-time.Minute).Truncate(step)) && c.back%7 == 0 && c.ahead%7 == 0 {
			t.Fatal("a minute later it is another window within the same step")
		}
	})
}
