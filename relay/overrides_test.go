package relay

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/pim/ics"
	"crmbridge/relay/rule"
	"crmbridge/remote"
)

// daily is a series of five days from the 8th of January 2026 on, at nine.
func daily() *pim.Event {
	e := event("uid-a", "Meeting")
	e.Location = "Room 1"
	e.Recurrence = &pim.Recurrence{Rules: []string{"FREQ=DAILY;COUNT=5"}}
	return e
}

// nth is the start that the rule gives to an occurrence of daily, 0 the first.
func nth(n int) pim.When { return pim.At(event("", "").Start.Time.AddDate(0, 0, n), "") }

// occur changes one occurrence of a series.
func occur(n int, edit func(*pim.Event)) func(*pim.Event) {
	return func(e *pim.Event) { occurAt(e, nth(n), edit) }
}

func occurAt(e *pim.Event, at pim.When, edit func(*pim.Event)) {
	o := pim.OccurrenceAt(e, at).(*pim.Event)
	edit(o)
	rec := e.Recurrence
	rec.Except = slices.DeleteFunc(rec.Except, at.Equal)
	rec.Changed = append(slices.DeleteFunc(rec.Changed, func(o pim.Occurrence) bool { return o.At.Equal(at) }), pim.Occurrence{At: at, Item: o})
}

func exclude(n int) func(*pim.Event) {
	return func(e *pim.Event) {
		rec := e.Recurrence
		rec.Changed = slices.DeleteFunc(rec.Changed, func(o pim.Occurrence) bool { return o.At.Equal(nth(n)) })
		rec.Except = append(rec.Except, nth(n))
	}
}

func reset(n int) func(*pim.Event) {
	return func(e *pim.Event) {
		e.Recurrence.Changed = slices.DeleteFunc(e.Recurrence.Changed, func(o pim.Occurrence) bool { return o.At.Equal(nth(n)) })
	}
}

func retitle(s string) func(*pim.Event) { return func(e *pim.Event) { e.Title = s } }
func move(s string) func(*pim.Event)    { return func(e *pim.Event) { e.Location = s } }

// singled is what one side says of single occurrences, for comparing.
func singled(e *pim.Event) string {
	var lines []string
	for _, w := range e.Recurrence.Except {
		lines = append(lines, fmt.Sprintf("%s -", w))
	}
	for _, o := range e.Recurrence.Changed {
		v := o.Item.(*pim.Event)
		lines = append(lines, fmt.Sprintf("%s %s, %s, %s", o.At, v.Title, v.Location, v.Start))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// agree wants both sides to tell the same of single occurrences, and the next run to have nothing to do.
func (w *world) agree(want ...string) {
	w.t.Helper()
	w.quiet()
	here, there := singled(w.item(w.only())), singled(w.record().Item.(*pim.Event))
	if exp := strings.Join(want, "\n"); here != exp || there != exp {
		w.t.Errorf("here:\n%s\nthere:\n%s\nwant:\n%s", here, there, exp)
	}
}

func said(n int, title, place string) string {
	return fmt.Sprintf("%s %s, %s, %s", nth(n), title, place, nth(n))
}

func TestOccurrencesGoBothWays(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		series := daily()
		occurAt(series, nth(1), retitle("first"))
		exclude(2)(series)
		w.put("a.ics", series)
		w.clean()
		out := nth(2).String() + " -"
		w.agree(said(1, "first", "Room 1"), out)

		w.change(w.record().ID, occur(3, move("Garden")))
		w.clean()
		w.agree(said(1, "first", "Room 1"), out, said(3, "Meeting", "Garden"))

		w.edit("a.ics", occur(3, retitle("third")))
		w.clean()
		w.agree(said(1, "first", "Room 1"), out, said(3, "third", "Garden"))

		w.change(w.record().ID, exclude(3))
		w.clean()
		w.agree(said(1, "first", "Room 1"), out, nth(3).String()+" -")

		w.edit("a.ics", reset(1))
		w.clean()
		w.agree(out, nth(3).String()+" -")

		w.change(w.record().ID, func(e *pim.Event) { e.Recurrence.Except = nil })
		w.clean()
		w.agree()
	})
}

// A series that a person made at the remote comes with all that it says.
func TestASeriesOfTheRemoteComesWithItsOccurrences(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		series := daily()
		occurAt(series, nth(1), retitle("first"))
		exclude(2)(series)
		w.crm.Add(series, "")
		w.clean()
		w.agree(said(1, "first", "Room 1"), nth(2).String()+" -")
		// The page of the series is that of its occurrences, too.
		o := w.item(w.only())
		if page := o.Recurrence.Changed[0].Item.(*pim.Event).URL; page == "" || page != o.URL {
			t.Errorf("the page of the occurrence is %q, of the series %q", page, o.URL)
		}
	})
}

func TestTwoPeopleWithOneSeries(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before, mine, theirs func(*pim.Event)
		want                 []string
		reports              int
	}{
		"two occurrences": {nil, occur(1, retitle("mine")), occur(2, retitle("theirs")), []string{said(1, "mine", "Room 1"), said(2, "theirs", "Room 1")}, 0},
		"two fields":      {nil, occur(1, retitle("mine")), occur(1, move("theirs")), []string{said(1, "mine", "theirs")}, 0},
		"two fields of one that differed": {occur(1, retitle("was")), occur(1, retitle("mine")), occur(1, move("theirs")),
			[]string{said(1, "mine", "theirs")}, 0},
		"an exclusion and a change of another": {nil, exclude(1), occur(2, retitle("theirs")), []string{nth(1).String() + " -", said(2, "theirs", "Room 1")}, 0},
		"two exclusions":                       {nil, exclude(1), exclude(2), []string{nth(1).String() + " -", nth(2).String() + " -"}, 0},
		"the rule and an occurrence": {nil, func(e *pim.Event) { e.Recurrence.Rules = []string{"FREQ=DAILY;COUNT=9"} }, occur(1, retitle("theirs")),
			[]string{said(1, "theirs", "Room 1")}, 0},
		"the series renamed there, an occurrence moved here": {nil, occur(1, move("mine")), retitle("theirs"), []string{said(1, "theirs", "mine")}, 0},
		"excluded here, changed there":                       {nil, exclude(1), occur(1, retitle("theirs")), []string{said(1, "theirs", "Room 1")}, 1},
		"changed here, excluded there":                       {occur(1, move("was")), occur(1, retitle("mine")), exclude(1), []string{said(1, "mine", "was")}, 1},
		"excluded there, as it was here":                     {occur(1, move("was")), occur(2, retitle("mine")), exclude(1), []string{nth(1).String() + " -", said(2, "mine", "Room 1")}, 0},
		"set back there, another field here":                 {occur(1, move("was")), occur(1, retitle("mine")), reset(1), []string{said(1, "mine", "Room 1")}, 0},
		"set back here, another field there":                 {occur(1, move("was")), reset(1), occur(1, retitle("theirs")), []string{said(1, "theirs", "Room 1")}, 0},
		"set back on both sides":                             {occur(1, move("was")), reset(1), reset(1), nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
				series := daily()
				if c.before != nil {
					c.before(series)
				}
				w.put("a.ics", series)
				w.clean()
				w.edit("a.ics", c.mine)
				w.change(w.record().ID, c.theirs)
				w.clean()
				w.agree(c.want...)
				if open, all := w.conflicts(false), w.conflicts(true); len(open) > 0 || len(all) != c.reports {
					t.Errorf("%d reports, %d of them open", len(all), len(open))
				}
			})
		})
	}
}

// The same field of one occurrence is settled by the policy; whatever else both sides changed stays.
func TestTwoPeopleWithOneFieldOfAnOccurrence(t *testing.T) {
	t.Parallel()
	for policy, title := range map[rule.Policy]string{rule.PreferCRM: "theirs", rule.PreferClient: "mine", rule.Ask: ""} {
		t.Run(string(policy), func(t *testing.T) {
			t.Parallel()
			onBoth(t, mem.Options{}, open(policy), func(w *world) {
				w.put("a.ics", daily())
				w.clean()
				w.edit("a.ics", func(e *pim.Event) { occur(1, retitle("mine"))(e); occur(2, move("mine"))(e) })
				w.change(w.record().ID, func(e *pim.Event) { occur(1, retitle("theirs"))(e); occur(3, move("theirs"))(e) })
				w.clean()
				if cs := w.conflicts(true); len(cs) != 1 || (cs[0].ResolvedAt == nil) != (policy == rule.Ask) ||
					!bytes.Contains(cs[0].Mine, []byte("mine")) || !bytes.Contains(cs[0].Theirs, []byte("theirs")) {
					t.Fatalf("%+v", cs)
				}
				if policy == rule.Ask {
					if err := w.engine.Settle(w.ctx, w.conflicts(false)[0].ID, Choice{All: Theirs}, "ann"); err != nil {
						t.Fatal(err)
					}
					w.clean()
					w.agree(said(1, "theirs", "Room 1"), said(3, "Meeting", "theirs"))
					return
				}
				w.agree(said(1, title, "Room 1"), said(2, "Meeting", "mine"), said(3, "Meeting", "theirs"))
			})
		})
	}
}

// fewFields is a remote that knows of series, and of each item little.
func fewFields() mem.Options {
	return mem.Options{Carries: map[pim.Kind]pim.FieldSet{pim.KindEvent: pim.Set(pim.FieldTitle, pim.FieldTime, pim.FieldClass, pim.FieldRecurrence)}}
}

// rich is a series with an occurrence that says more than the remote carries, and more than fields hold.
func (w *world) rich(class string) {
	w.t.Helper()
	text := strings.ReplaceAll(`BEGIN:VCALENDAR
VERSION:2.0
PRODID:x
BEGIN:VEVENT
UID:uid-a
DTSTAMP:20260101T000000Z
DTSTART:20260108T090000Z
DTEND:20260108T100000Z
RRULE:FREQ=DAILY;COUNT=5
SUMMARY:Meeting
DESCRIPTION:of the series
CLASS:`+class+`
END:VEVENT
BEGIN:VEVENT
UID:uid-a
DTSTAMP:20260101T000000Z
RECURRENCE-ID:20260109T090000Z
DTSTART:20260109T110000Z
DTEND:20260109T120000Z
SUMMARY;LANGUAGE=en:Special
DESCRIPTION:only of this one
LOCATION:Cellar
COLOR:red
CLASS:`+class+`
ATTENDEE;CUTYPE=ROOM:mailto:room@example.org
BEGIN:VALARM
ACTION:AUDIO
TRIGGER:-PT5M
X-TUNE:1
END:VALARM
END:VEVENT
END:VCALENDAR
`, "\n", "\r\n")
	o, err := ics.Parse([]byte(text), ics.DefaultLimits())
	if err != nil {
		w.t.Fatal(err)
	}
	w.putText("a.ics", "uid-a", objectText(o))
}

// override is the component of the series' occurrence that differs.
func (w *world) override() string {
	w.t.Helper()
	o, err := ics.Parse(w.object("a.ics").Text, calendarLimits())
	if err != nil || len(o.Overrides()) != 1 {
		w.t.Fatalf("%v\n%s", err, w.object("a.ics").Text)
	}
	return string(o.Overrides()[0].Bytes())
}

// without stamps a component is what a person wrote.
func unstampedText(s string) string {
	var out []string
	for l := range strings.Lines(s) {
		if !strings.HasPrefix(l, "DTSTAMP") && !strings.HasPrefix(l, "LAST-MODIFIED") && !strings.HasPrefix(l, "SEQUENCE") {
			out = append(out, l)
		}
	}
	return strings.Join(out, "")
}

func TestWhatARemoteDoesNotCarryStaysInOccurrences(t *testing.T) {
	t.Parallel()
	onBoth(t, fewFields(), open(rule.Ask), func(w *world) {
		w.rich("PUBLIC")
		w.clean()
		w.quiet()
		was := unstampedText(w.override())
		if got := w.record().Item.(*pim.Event).Recurrence.Changed[0].Item.(*pim.Event); got.Title != "Special" || got.Notes != "" || got.Location != "" {
			t.Fatalf("%+v", got)
		}
		// Another title there, for this occurrence and for one that was as the series.
		w.change(w.record().ID, func(e *pim.Event) { occur(1, retitle("Renamed"))(e); occur(3, retitle("New"))(e) })
		w.clean()
		w.quiet()
		o, err := ics.Parse(w.object("a.ics").Text, calendarLimits())
		if err != nil || len(o.Overrides()) != 2 {
			t.Fatalf("%v\n%s", err, w.object("a.ics").Text)
		}
		if got, want := unstampedText(string(o.Overrides()[0].Bytes())), strings.Replace(was, "SUMMARY;LANGUAGE=en:Special", "SUMMARY;LANGUAGE=en:Renamed", 1); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		if second := o.Overrides()[1]; second.Value("SUMMARY") != "New" || second.Value("DESCRIPTION") != "of the series" {
			t.Errorf("%s", second.Bytes())
		}
		// What it does not carry is not its business when it changes here.
		w.edit("a.ics", occur(1, move("Attic")))
		if rep := w.clean(); rep.Counts.Done() != 0 {
			t.Errorf("%+v", rep.Steps)
		}
		// It is set back there: what the series says of all of it.
		w.change(w.record().ID, reset(1))
		w.clean()
		w.quiet()
		if got := singled(w.item(w.only())); got != said(3, "New", "") {
			t.Errorf("%s", got)
		}
	})
}

func TestOccurrencesMeetWithoutABase(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(*world){
		"a new link": func(w *world) { w.relink(w.coll) },
		"a lost answer": func(w *world) {
			w.crm.LoseAnswers(1)
			w.edit("a.ics", occur(3, retitle("third")))
			_, _ = w.engine.Run(w.ctx, w.link.ID, RunOptions{Full: true})
			w.crm.LoseAnswers(0)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, fewFields(), open(rule.Ask), func(w *world) {
				w.rich("PUBLIC")
				w.clean()
				was := unstampedText(w.override())
				lose(w)
				w.want(1, 1)
				w.quiet()
				o, err := ics.Parse(w.only().Text, calendarLimits())
				if err != nil || unstampedText(string(o.Overrides()[0].Bytes())) != was {
					t.Errorf("%v\n%s\nwas\n%s", err, w.only().Text, was)
				}
				if cs := w.conflicts(true); len(cs) > 0 {
					t.Errorf("%+v", cs)
				}
			})
		})
	}
	// What only one side has then was not deleted on the other.
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		w.put("a.ics", daily())
		w.clean()
		w.edit("a.ics", func(e *pim.Event) { exclude(1)(e); occur(2, retitle("mine"))(e) })
		w.change(w.record().ID, func(e *pim.Event) { exclude(3)(e); occur(4, retitle("theirs"))(e) })
		w.relink(w.coll)
		w.want(1, 1)
		w.agree(nth(1).String()+" -", said(2, "mine", "Room 1"), nth(3).String()+" -", said(4, "theirs", "Room 1"))
	})
}

// What a remote cuts in an occurrence is no change of its.
func TestOccurrencesThatAreCut(t *testing.T) {
	t.Parallel()
	onBoth(t, cutting(), open(rule.PreferCRM), func(w *world) {
		e := daily()
		occurAt(e, nth(1), func(o *pim.Event) { o.Title, o.Notes = longTitle, longNotes })
		w.put("a.ics", e)
		w.clean()
		w.quiet()
		w.change(w.record().ID, occur(1, func(o *pim.Event) { o.Notes = strings.Replace(o.Notes, "First we count", "We count", 1) }))
		w.clean()
		w.quiet()
		w.relink(w.coll)
		w.want(1, 1)
		got := pim.OccurrenceAt(w.item(w.only()), nth(1)).(*pim.Event)
		if want := strings.Replace(longNotes, "First we count", "We count", 1); got.Notes != want || got.Title != longTitle {
			t.Errorf("%q\n%q", got.Title, got.Notes)
		}
	})
}

// A masked series that comes back changed says when its occurrences are, and nothing else.
func TestOccurrencesOfMaskedSeries(t *testing.T) {
	t.Parallel()
	rules := open(rule.PreferCRM)
	rules.Out.Private = rule.PrivateMask
	onBoth(t, mem.Options{}, rules, func(w *world) {
		w.rich("PRIVATE")
		w.clean()
		w.quiet()
		if raw := fmt.Sprintf("%+v", *w.record().Item.(*pim.Event).Recurrence.Changed[0].Item.(*pim.Event)); strings.Contains(raw, "Special") || strings.Contains(raw, "Cellar") ||
			strings.Contains(raw, "only of this one") || strings.Contains(raw, "room@") {
			t.Fatalf("the remote sees %s", raw)
		}
		w.change(w.record().ID, func(e *pim.Event) {
			occur(1, func(o *pim.Event) {
				o.Title = "Guess"
				o.Start, o.End = pim.At(o.Start.Time.Add(time.Hour), ""), pim.At(o.End.Time.Add(time.Hour), "")
			})(e)
			occur(3, func(o *pim.Event) {
				o.Start, o.End = pim.At(o.Start.Time.Add(time.Hour), ""), pim.At(o.End.Time.Add(time.Hour), "")
			})(e)
			exclude(2)(e)
		})
		w.clean()
		w.quiet()
		o := w.item(w.only())
		if got, want := singled(o), strings.Join([]string{
			nth(1).String() + " Special, Cellar, 2026-01-09T12:00:00Z", nth(2).String() + " -", nth(3).String() + " Meeting, , 2026-01-11T10:00:00Z"}, "\n"); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		if text := string(w.only().Text); strings.Contains(text, "SUMMARY:Private") || strings.Contains(text, "Guess") || !strings.Contains(text, "X-TUNE:1") {
			t.Errorf("%s", text)
		}
		// Once it may be seen, all of it is there, and still nothing of the mask is here.
		w.setRules(`{"policy":"crm"}`)
		w.clean()
		w.quiet()
		if got := pim.OccurrenceAt(w.record().Item, nth(1)).(*pim.Event); got.Title == "Private" || got.Location != "Cellar" {
			t.Errorf("the remote has %+v", got)
		}
		if text := string(w.only().Text); strings.Contains(text, "Private\r\n") {
			t.Errorf("%s", text)
		}
	})
}

// One private occurrence of a series that is not is masked alone.
func TestAPrivateOccurrenceIsMaskedAlone(t *testing.T) {
	t.Parallel()
	rules := open(rule.PreferCRM)
	rules.Out.Private = rule.PrivateMask
	onBoth(t, mem.Options{}, rules, func(w *world) {
		e := daily()
		occurAt(e, nth(1), func(o *pim.Event) { o.Title, o.Location, o.Class = "Doctor", "Clinic", pim.Private })
		w.put("a.ics", e)
		w.clean()
		w.quiet()
		there := w.record().Item.(*pim.Event)
		if got := pim.OccurrenceAt(there, nth(1)).(*pim.Event); there.Title != "Meeting" || got.Title != rule.MaskTitle || got.Location != "" {
			t.Fatalf("%+v %+v", there, got)
		}
		w.change(w.record().ID, occur(1, func(o *pim.Event) {
			o.Location = "Guess"
			o.Start, o.End = pim.At(o.Start.Time.Add(time.Hour), ""), pim.At(o.End.Time.Add(time.Hour), "")
		}))
		w.clean()
		w.edit("a.ics", occur(2, move("Garden")))
		w.clean()
		w.quiet()
		if got, want := singled(w.item(w.only())), nth(1).String()+" Doctor, Clinic, 2026-01-09T10:00:00Z\n"+said(2, "Meeting", "Garden"); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		if raw := fmt.Sprintf("%+v", *pim.OccurrenceAt(w.record().Item, nth(1)).(*pim.Event)); strings.Contains(raw, "Doctor") || strings.Contains(raw, "Clinic") {
			t.Errorf("the remote sees %s", raw)
		}
	})
}

// Nobody who takes part in one occurrence is told of anything that the rules keep here. The CRM of these tests mails.
func TestPeopleOfOneOccurrenceStayHere(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		e := daily()
		occurAt(e, nth(1), func(o *pim.Event) { o.Attendees = []pim.Attendee{guest("bo")} })
		w.put("a.ics", e)
		w.clean()
		w.edit("a.ics", occur(1, func(o *pim.Event) { o.Attendees, o.Title = append(o.Attendees, guest("cy")), "x" }))
		w.clean()
		w.quiet()
		if got := pim.OccurrenceAt(w.record().Item, nth(1)).(*pim.Event); got.Title != "x" || len(got.Attendees) > 0 {
			t.Errorf("%+v", got)
		}
		if got := pim.OccurrenceAt(w.item(w.only()), nth(1)).(*pim.Event); len(got.Attendees) != 2 {
			t.Errorf("%+v", got.Attendees)
		}
	})
}

// The series moves on one side, and an occurrence of it differs on the other: its name moves along.
func TestASeriesThatMovesTakesOccurrencesAlong(t *testing.T) {
	t.Parallel()
	later := func(e *pim.Event) {
		up := func(w pim.When) pim.When { return pim.At(w.Time.Add(time.Hour), "") }
		e.Start, e.End = up(e.Start), up(e.End)
		for i := range e.Recurrence.Except {
			e.Recurrence.Except[i] = up(e.Recurrence.Except[i])
		}
		for i := range e.Recurrence.Changed {
			e.Recurrence.Changed[i].At = up(e.Recurrence.Changed[i].At)
		}
	}
	up := func(n int) string { return pim.At(nth(n).Time.Add(time.Hour), "").String() }
	for name, c := range map[string]struct{ mine, theirs func(*pim.Event) }{
		"there": {func(e *pim.Event) { exclude(1)(e); occur(2, move("Garden"))(e) }, later},
		"here":  {later, func(e *pim.Event) { exclude(1)(e); occur(2, move("Garden"))(e) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
				w.put("a.ics", daily())
				w.clean()
				w.edit("a.ics", c.mine)
				w.change(w.record().ID, c.theirs)
				w.clean()
				w.agree(up(1)+" -", up(2)+" Meeting, Garden, "+up(2))
			})
		})
	}
}

// A series that was deleted here while it changed there comes back with what only its text had.
func TestADeletedSeriesComesBackWhole(t *testing.T) {
	t.Parallel()
	onBoth(t, fewFields(), open(rule.Ask), func(w *world) {
		w.rich("PUBLIC")
		w.clean()
		was := unstampedText(w.override())
		w.change(w.record().ID, func(e *pim.Event) { e.Title = "Changed" })
		w.delete("a.ics")
		w.want(1, 1)
		o, err := ics.Parse(w.only().Text, calendarLimits())
		if err != nil || len(o.Overrides()) != 1 || unstampedText(string(o.Overrides()[0].Bytes())) != was {
			t.Errorf("%v\n%s\nwas\n%s", err, w.only().Text, was)
		}
	})
}

// What is handed to a driver are whole occurrences; what it tells is compared in what it carries.
func TestDriversGetWholeOccurrences(t *testing.T) {
	t.Parallel()
	onBoth(t, fewFields(), open(rule.Ask), func(w *world) {
		got := map[string]*pim.Event{}
		w.engine.Remotes = fixed{listening{w.crm.Remote(), func(op string, e remote.Entry) {
			got[op] = pim.Clone(pim.RecurrenceOf(e.Item).Changed[0].Item).(*pim.Event)
		}}}
		w.rich("PUBLIC")
		w.clean()
		w.edit("a.ics", occur(1, retitle("x")))
		w.clean()
		w.quiet()
		for _, op := range []string{"create", "update"} {
			if e := got[op]; e == nil || e.Notes != "only of this one" || e.Location != "Cellar" || e.Start.String() != "2026-01-09T11:00:00Z" {
				t.Errorf("%s: %+v", op, e)
			}
		}
		if got["update"].Title != "x" {
			t.Errorf("%+v", got["update"])
		}
	})
}

// A masked series that was deleted here while its mask moved comes back as it was, and moved.
func TestAMaskedSeriesComesBackWithoutItsMask(t *testing.T) {
	t.Parallel()
	rules := open(rule.Ask)
	rules.Out.Private = rule.PrivateMask
	onBoth(t, mem.Options{}, rules, func(w *world) {
		w.rich("PRIVATE")
		w.clean()
		w.change(w.record().ID, occur(1, func(o *pim.Event) {
			o.Start, o.End = pim.At(o.Start.Time.Add(time.Hour), ""), pim.At(o.End.Time.Add(time.Hour), "")
		}))
		w.delete("a.ics")
		w.want(1, 1)
		got := pim.OccurrenceAt(w.item(w.only()), nth(1)).(*pim.Event)
		if text := string(w.only().Text); strings.Contains(text, "SUMMARY:Private") || got.Title != "Special" || got.Start.String() != "2026-01-09T12:00:00Z" {
			t.Errorf("%s", text)
		}
	})
}
