package relay

import (
	"fmt"
	"slices"
	"strings"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
)

// expanding are rules that make single items of series.
func expanding() rule.Rules {
	r := open(rule.Ask)
	r.Series = rule.SeriesExpand
	return r
}

// dailySeries repeats n times from 8 January 2026, 9 o'clock.
func dailySeries(uid, title string, n int) *pim.Event {
	e := event(uid, title)
	e.Recurrence = &pim.Recurrence{Rules: []string{fmt.Sprintf("FREQ=DAILY;COUNT=%d", n)}}
	return e
}

// there tells what the CRM has: "8 9:00 Title" sorted.
func (w *world) there() []string {
	var out []string
	for _, rec := range w.records() {
		out = append(out, shown(rec.Item.(*pim.Event)))
	}
	slices.Sort(out)
	return out
}

func shown(e *pim.Event) string {
	return e.Start.Time.Format("02 15:04 ") + e.Title + strings.TrimSuffix(" "+e.Location, " ")
}

// here tells what devices see, occurrence by occurrence.
func (w *world) here() []string {
	w.t.Helper()
	var out []string
	for _, o := range w.objects() {
		r := &run{Engine: w.engine, now: w.clock.Now(), rules: expanding(), codec: newCodec(w.clock.Now(), "")}
		all, err := r.singles(o.Text, nil, nil)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, s := range all {
			it, err := r.codec.read(o.Kind, s.Object.Bytes())
			if err != nil {
				w.t.Fatal(err)
			}
			out = append(out, shown(it.(*pim.Event)))
		}
	}
	slices.Sort(out)
	return out
}

func (w *world) same(want ...string) {
	w.t.Helper()
	if got := w.there(); !slices.Equal(got, want) {
		w.t.Fatalf("the CRM has %q, want %q", got, want)
	}
	if got := w.here(); !slices.Equal(got, want) {
		w.t.Fatalf("devices see %q, want %q", got, want)
	}
}

func (w *world) recordAt(day int) remote.Record {
	w.t.Helper()
	for _, rec := range w.records() {
		if rec.Item.(*pim.Event).Start.Time.Day() == day {
			return rec
		}
	}
	w.t.Fatalf("no record on day %d: %q", day, w.there())
	return remote.Record{}
}

// failing are the pairs of the link that failed, by UID.
func (w *world) failing() map[string]store.Pair {
	w.t.Helper()
	out := map[string]store.Pair{}
	w.view(func(tx *store.Tx) error {
		ps, err := tx.PairsIn(w.link.ID, store.PairsFailing, 100, 0)
		for _, p := range ps {
			out[p.UID] = p
		}
		return err
	})
	return out
}
