package graphsim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// follower is a client that knows a calendar by what deltas told it.
type follower struct {
	has  map[string]string // etag by id
	link string
}

func newSim(t *rapid.T, calm bool) *Sim {
	at := time.Date(2026, 10, 1, 8, 30, 0, 0, time.UTC)
	s, err := New(Options{Now: func() time.Time { return at }, Calm: calm, PageSize: rapid.IntRange(1, 4).Draw(t, "page"), Users: []User{{Name: "ann@example.org"}}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// must does what has to go well, with the link of a page as a path too.
func must(t *rapid.T, s *Sim, method, path string, body any) Fields {
	o, err := s.Do(method, strings.TrimPrefix(path, "http://localhost/v1.0"), body)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// catchUp reads a round.
func (f *follower) catchUp(t *rapid.T, s *Sim, begin string) {
	for url := orText(f.link, begin); url != ""; {
		o := must(t, s, "GET", url, nil)
		for _, v := range list(o, "value") {
			row := v.(object)
			if row["@removed"] != nil {
				delete(f.has, text(row["id"]))
			} else {
				f.has[text(row["id"])] = text(row["@odata.etag"])
			}
		}
		url, f.link = text(o["@odata.nextLink"]), text(o["@odata.deltaLink"])
	}
}

// act does one random thing to a calendar.
func act(t *rapid.T, s *Sim, calendars []string) {
	day := func() string {
		return fmt.Sprintf("2026-%02d-%02d", rapid.IntRange(9, 11).Draw(t, "month"), rapid.IntRange(1, 28).Draw(t, "day"))
	}
	at := func(day string) object {
		return object{"start": object{"dateTime": day + "T10:00:00", "timeZone": "Europe/Berlin"}, "end": object{"dateTime": day + "T11:00:00", "timeZone": "Europe/Berlin"}}
	}
	home := ann + "/calendars/" + rapid.SampledFrom(calendars).Draw(t, "calendar")
	events := list(must(t, s, "GET", home+"/events?$top=100", nil), "value")
	if len(events) == 0 || rapid.IntRange(0, 4).Draw(t, "make") == 0 {
		d := day()
		body := overlay(at(d), object{"subject": "e"})
		if rapid.Bool().Draw(t, "series") {
			body["recurrence"] = object{"pattern": object{"type": "daily", "interval": rapid.IntRange(1, 9).Draw(t, "interval")},
				"range": object{"type": "numbered", "startDate": d, "numberOfOccurrences": rapid.IntRange(1, 12).Draw(t, "count")}}
		}
		must(t, s, "POST", home+"/events", body)
		return
	}
	e := rapid.SampledFrom(events).Draw(t, "event").(object)
	path := ann + "/events/" + text(e["id"])
	switch rapid.IntRange(0, 5).Draw(t, "what") {
	case 0:
		must(t, s, "DELETE", path, nil)
	case 1:
		must(t, s, "PATCH", path, object{"subject": fmt.Sprint(rapid.Int().Draw(t, "subject"))})
	case 2:
		if e["type"] == "singleInstance" {
			must(t, s, "PATCH", path, at(day()))
		}
	case 3:
		if _, err := s.Move("ann@example.org", text(e["id"]), rapid.SampledFrom(calendars).Draw(t, "to")); err != nil {
			t.Fatal(err)
		}
	default:
		if e["type"] != "seriesMaster" {
			return
		}
		all := list(must(t, s, "GET", path+"/instances?$top=50&startDateTime=2026-01-01&endDateTime=2028-01-01", nil), "value")
		if len(all) == 0 {
			return
		}
		one := ann + "/events/" + text(rapid.SampledFrom(all).Draw(t, "occurrence").(object)["id"])
		if rapid.Bool().Draw(t, "delete") {
			must(t, s, "DELETE", one, nil)
		} else {
			must(t, s, "PATCH", one, object{"subject": "x"})
		}
	}
}

// TestDeltasConverge lets somebody change two calendars at random while a client follows one of them by deltas, and
// compares what it has in the end with what the calendar shows.
func TestDeltasConverge(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := newSim(t, rapid.Bool().Draw(t, "calm"))
		defer s.Close()
		other := text(must(t, s, "POST", ann+"/calendars", object{"name": "Other"})["id"])
		calendars := []string{text(must(t, s, "GET", ann+"/calendar", nil)["id"]), other}
		f := follower{has: map[string]string{}}
		begin := ann + "/calendarView/delta" + october
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			if rapid.IntRange(0, 4).Draw(t, "follow") == 0 {
				f.catchUp(t, s, begin)
			} else {
				act(t, s, calendars)
			}
		}
		f.catchUp(t, s, begin)
		want := map[string]string{}
		for _, v := range list(must(t, s, "GET", ann+"/calendarView"+october+"&$top=1000", nil), "value") {
			o := v.(object)
			want[text(o["id"])] = text(o["@odata.etag"])
			if master := text(o["seriesMasterId"]); master != "" {
				want[master] = text(must(t, s, "GET", ann+"/events/"+master, nil)["@odata.etag"])
			}
		}
		have, shown := slices.Sorted(maps.Keys(f.has)), slices.Sorted(maps.Keys(want))
		if !slices.Equal(have, shown) {
			t.Fatalf("the follower has %d events, the calendar shows %d", len(have), len(shown))
		}
		f.catchUp(t, s, begin)
		for id, tag := range want {
			if o := must(t, s, "GET", ann+"/events/"+id, nil); o["type"] != "occurrence" && f.has[id] != tag {
				t.Fatalf("the follower has an old version of a %v", o["type"])
			}
		}
	})
}
