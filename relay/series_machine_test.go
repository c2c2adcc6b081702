package relay

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/pim/ics"
	"crmbridge/remote"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// seriesMachine edits series and single items on both sides at random, with runs that
// are killed and answers that are lost. In the end both sides have the same occurrences,
// each once; whatever was written on either side is there, or was replaced or taken out
// by somebody, or stands in a report; and a further run does nothing.
type seriesMachine struct {
	*world
	tokens   int
	replaced map[string]bool // knowingly, by a person who saw it
	parent   map[string]string
}

func (m *seriesMachine) token() string {
	m.tokens++
	return fmt.Sprintf("tok%05d", m.tokens)
}

// overwrite puts a new token in place of what a person sees there.
func (m *seriesMachine) overwrite(at *string) {
	tok := m.token()
	m.parent[tok] = *at
	*at = tok
}

func (m *seriesMachine) anObject(t *rapid.T) (store.Object, bool) {
	os := m.objects()
	names := make([]string, 0, len(os))
	for name := range os {
		names = append(names, name)
	}
	if len(names) == 0 {
		return store.Object{}, false
	}
	slices.Sort(names)
	return os[rapid.SampledFrom(names).Draw(t, "object")], true
}

// forgetAll notes that a person lets all tokens of a text go.
func (m *seriesMachine) forgetAll(text string) {
	for _, tok := range tokensIn(text) {
		m.replaced[tok] = true
	}
}

func tokensIn(text string) (out []string) {
	for {
		i := strings.Index(text, "tok")
		if i < 0 || len(text) < i+8 {
			return out
		}
		out = append(out, text[i:i+8])
		text = text[i+8:]
	}
}

func (m *seriesMachine) step(t *rapid.T) {
	what := rapid.SampledFrom([]string{"new", "new", "title", "time", "rule", "except", "override", "single", "delete",
		"edit there", "edit there", "delete there", "run", "run", "killed run", "killed run", "lost answer", "failing run", "time passes"}).Draw(t, "what")
	o, there := store.Object{}, false
	if slices.Contains([]string{"title", "time", "rule", "except", "override", "single", "delete"}, what) {
		if o, there = m.anObject(t); !there {
			return
		}
	}
	switch what {
	case "new":
		e := event(fmt.Sprintf("uid-%d", m.tokens), m.token())
		if rapid.Bool().Draw(t, "repeats") {
			e.Recurrence = &pim.Recurrence{Rules: []string{fmt.Sprintf("FREQ=DAILY;COUNT=%d", rapid.IntRange(1, 5).Draw(t, "count"))}}
		}
		m.put(e.UID+".ics", e)
	case "title":
		m.edit(o.Name, func(e *pim.Event) { m.overwrite(&e.Title) })
	case "time":
		m.edit(o.Name, func(e *pim.Event) {
			d := time.Duration(rapid.IntRange(1, 30).Draw(t, "hours")) * time.Hour
			e.Start, e.End = pim.At(e.Start.Time.Add(d), ""), pim.At(e.End.Time.Add(d), "")
		})
	case "rule":
		m.forgetAll(string(o.Text)) // occurrences may go with it
		m.edit(o.Name, func(e *pim.Event) {
			if e.Recurrence == nil {
				e.Recurrence = &pim.Recurrence{}
			}
			e.Recurrence.Rules = []string{fmt.Sprintf("FREQ=DAILY;COUNT=%d;INTERVAL=%d", rapid.IntRange(1, 5).Draw(t, "count"), rapid.IntRange(1, 2).Draw(t, "interval"))}
		})
	case "except", "override":
		m.occurrence(t, o, what == "except")
	case "single":
		m.forgetAll(string(o.Text))
		m.edit(o.Name, func(e *pim.Event) { e.Recurrence = nil })
	case "delete":
		m.forgetAll(string(o.Text))
		m.delete(o.Name)
	case "edit there":
		if r, ok := m.aRecord(t); ok {
			m.change(r.ID, func(e *pim.Event) {
				if rapid.Bool().Draw(t, "place") {
					m.overwrite(&e.Location)
				} else {
					m.overwrite(&e.Title)
				}
			})
		}
	case "delete there":
		if r, ok := m.aRecord(t); ok {
			e := r.Item.(*pim.Event)
			m.forgetAll(e.Title + " " + e.Location)
			m.crm.Remove(mem.Activities, r.ID)
		}
	case "run":
		m.try(t)
	case "killed run":
		m.kill(rapid.IntRange(1, 40).Draw(t, "step"))
		m.try(t)
		m.restart()
	case "lost answer":
		m.crm.LoseAnswers(rapid.IntRange(1, 3).Draw(t, "answers"))
		m.try(t)
		m.crm.LoseAnswers(0)
	case "failing run":
		m.crm.FailCall(rapid.IntRange(1, 6).Draw(t, "call"), &pim.Error{Op: "mem", Kind: rapid.SampledFrom([]pim.Reason{
			pim.ErrUnavailable, pim.ErrThrottled, pim.ErrRefused}).Draw(t, "reason"), Public: "no"})
		m.try(t)
	case "time passes":
		m.clock.Advance(time.Duration(rapid.IntRange(1, 7200).Draw(t, "seconds")) * time.Second)
	}
}

// occurrence takes one out of a series, or changes it alone, as a device does.
func (m *seriesMachine) occurrence(t *rapid.T, o store.Object, gone bool) {
	r := &run{Engine: m.engine, now: m.clock.Now(), rules: expanding(), codec: newCodec(m.clock.Now(), "")}
	all, err := r.singles(o.Text, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if pim.RecurrenceOf(m.item(o)) == nil || len(all) == 0 {
		return
	}
	s := rapid.SampledFrom(all).Draw(t, "occurrence")
	series := parseObject(t, o.Text)
	if gone {
		m.forgetAll(string(s.Object.Bytes()))
		if series, err = series.WithoutSingle(s.ID, r.icsOptions()); err != nil {
			t.Fatal(err)
		}
	} else {
		it, err := r.codec.read(o.Kind, s.Object.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		e := it.(*pim.Event)
		m.overwrite(&e.Location)
		w, err := r.codec.apply(s.Object.Bytes(), e, pim.Set(pim.FieldLocation))
		if err != nil {
			t.Fatal(err)
		}
		if series, err = series.WithSingle(s.ID, parseObject(t, w.text), r.icsOptions()); err != nil {
			t.Fatal(err)
		}
	}
	m.putText(o.Name, o.UID, objectText(series))
}

func parseObject(t *rapid.T, text []byte) *ics.Object {
	o, err := ics.Parse(text, calendarLimits())
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func (m *seriesMachine) aRecord(t *rapid.T) (remote.Record, bool) {
	rs := m.records()
	if len(rs) == 0 {
		return remote.Record{}, false
	}
	return rapid.SampledFrom(rs).Draw(t, "record"), true
}

func (m *seriesMachine) try(t *rapid.T) {
	rep, err := m.engine.Run(m.ctx, m.link.ID, RunOptions{Full: rapid.Bool().Draw(t, "full"), AllowDeletions: true})
	t.Logf("run: %v %v", brief(rep.Steps), err)
	if err == nil || errors.Is(err, errKilled) {
		return
	}
	switch pim.ReasonOf(err) {
	case pim.ErrUnavailable, pim.ErrThrottled, pim.ErrProtocol, pim.ErrRefused:
	default:
		t.Fatalf("run: %v", err)
	}
}

func (m *seriesMachine) finish(t *rapid.T) {
	m.crm.SetFaults(nil)
	for range 4 {
		m.clock.Advance(24 * time.Hour)
		m.try(t)
	}
	rep, err := m.engine.Run(m.ctx, m.link.ID, RunOptions{Full: true, AllowDeletions: true})
	if err != nil || rep.Counts.Done() != 0 || rep.Run.Outcome != OutcomeOK {
		t.Fatalf("a run with nothing to do: %v %s %+v", err, rep.Run.Outcome, rep.Steps)
	}
	// What a report leaves open may differ; all else is the same on both sides.
	if here, there := m.here(), m.there(); len(m.conflicts(false)) == 0 && !slices.Equal(here, there) {
		t.Fatalf("devices see %q, the CRM has %q", here, there)
	} else if len(here) != len(there) {
		t.Fatalf("devices see %d, the CRM has %d: %q %q", len(here), len(there), here, there)
	}
	fine := map[string]bool{"": true}
	mark := func(text string) {
		for _, tok := range tokensIn(text) {
			for !fine[tok] {
				fine[tok] = true
				tok = m.parent[tok]
			}
		}
	}
	for _, line := range slices.Concat(m.here(), m.there()) {
		mark(line)
	}
	for _, o := range m.objects() {
		mark(string(o.Text)) // a master of which every occurrence differs
	}
	for _, c := range m.conflicts(true) {
		mark(string(c.Base) + string(c.Mine) + string(c.Theirs))
	}
	for tok := range m.replaced {
		mark(tok)
	}
	for i := 1; i <= m.tokens; i++ {
		if tok := fmt.Sprintf("tok%05d", i); !fine[tok] {
			t.Fatalf("%s is gone: devices see %q, the CRM has %q", tok, m.here(), m.there())
		}
	}
}

// TestSeriesMachine is short here; more of it with -rapid.checks.
func TestSeriesMachine(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]mem.Options{
		"strong": {NoSeries: true},
		"weak":   {NoSeries: true, NoDeletionReport: true, NoUID: true, NoItemsInDelta: true, Stamps: time.Second, Bump: true, Unchecked: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Each(t, func(t *testing.T, s *store.Store) {
				n := 0
				rapid.Check(t, func(rt *rapid.T) {
					n++
					m := &seriesMachine{world: newWorld(t, s, fmt.Sprintf("u%d", n), o, expanding()), replaced: map[string]bool{}, parent: map[string]string{}}
					for range rapid.IntRange(1, 25).Draw(rt, "steps") {
						m.step(rt)
					}
					m.finish(rt)
				})
			})
		})
	}
}
