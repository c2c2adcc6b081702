package pim_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"crmbridge/pim"
)

func TestKinds(t *testing.T) {
	t.Parallel()
	all := pim.Kinds(pim.KindEvent, pim.KindTask, pim.KindContact, pim.KindMessage).List()
	if len(all) != 4 {
		t.Fatalf("%v", all)
	}
	for _, k := range all {
		got, err := pim.ParseKind(k.String())
		if err != nil || got != k || pim.New(k).Kind() != k {
			t.Errorf("%v: %v, %v", k, got, err)
		}
	}
	if _, err := pim.ParseKind(""); err == nil {
		t.Error("no kind has a name")
	}
	if pim.New(0) != nil || pim.New(99) != nil {
		t.Error("items of no kind")
	}
	if s := pim.Kind(99).String(); s != "kind(99)" {
		t.Error(s)
	}
}

func TestWhen(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	berlin := pim.At(at, "Europe/Berlin")
	day := pim.On(2026, 11, 21)
	floating := pim.When{Time: at, Floating: true}
	if !berlin.Equal(pim.At(at, "")) || berlin.Equal(floating) || day.Equal(pim.At(day.Time, "")) {
		t.Error("Equal looks at how, not at what")
	}
	for w, want := range map[pim.When]string{
		berlin: "2026-11-21T10:00:00Z", day: "2026-11-21", floating: "2026-11-21T10:00:00", {}: "",
		pim.At(at.Add(time.Millisecond), ""): "2026-11-21T10:00:00.001Z",
	} {
		if w.String() != want {
			t.Errorf("got %q, want %q", w, want)
		}
	}
	if w := pim.At(at.Add(90*time.Second), "x").Truncate(time.Minute); !w.Time.Equal(at.Add(time.Minute)) || w.Zone != "x" {
		t.Errorf("truncated to %v", w)
	}
	if day.Truncate(time.Hour*7) != day || berlin.Truncate(0) != berlin {
		t.Error("Truncate changed what it has to leave")
	}
	if !pim.At(time.Time{}, "x").IsZero() {
		t.Error("no time is a time")
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	cause := errors.New("disk on fire at /secret")
	inner := &pim.Error{Op: "a", Kind: pim.ErrThrottled, Public: "slow down", After: time.Minute, Err: cause}
	outer := fmt.Errorf("b: %w", pim.Wrap("c", pim.ErrUnavailable, inner))
	if !errors.Is(outer, pim.ErrUnavailable) || !errors.Is(outer, pim.ErrThrottled) || !errors.Is(outer, cause) {
		t.Error("the chain is broken")
	}
	if pim.ReasonOf(outer) != pim.ErrUnavailable || pim.PublicText(outer) != "slow down" {
		t.Errorf("%v %q", pim.ReasonOf(outer), pim.PublicText(outer))
	}
	if pim.RetryAfter(inner) != time.Minute || pim.RetryAfter(cause) != 0 {
		t.Error("RetryAfter")
	}
	if pim.Wrap("x", pim.ErrInternal, nil) != nil {
		t.Error("nil became an error")
	}
	for err, want := range map[error]pim.Reason{
		context.Canceled: pim.ErrUnavailable, context.DeadlineExceeded: pim.ErrUnavailable,
		cause: pim.ErrInternal, pim.ErrHeld: pim.ErrHeld,
	} {
		if got := pim.ReasonOf(err); got != want {
			t.Errorf("%v: %v", err, got)
		}
	}
	if pim.ReasonOf(nil) != "" || pim.PublicText(nil) != "" {
		t.Error("nil has a reason")
	}
	if s := pim.PublicText(pim.Wrap("x", pim.ErrConflict, cause)); strings.Contains(s, "secret") {
		t.Errorf("the cause leaks: %q", s)
	}
}

func TestEveryReasonHasAStatus(t *testing.T) {
	t.Parallel()
	for _, r := range []pim.Reason{
		pim.ErrInvalid, pim.ErrUnsupported, pim.ErrTooLarge, pim.ErrNotFound, pim.ErrExists, pim.ErrConflict, pim.ErrCursorGone,
		pim.ErrAuth, pim.ErrForbidden, pim.ErrRefused, pim.ErrThrottled, pim.ErrUnavailable, pim.ErrProtocol, pim.ErrHeld, pim.ErrInternal,
	} {
		own := r == pim.ErrProtocol || r == pim.ErrInternal || r == pim.ErrCursorGone
		if s := r.Status(); (s >= 500) != (own || s == 503) || s < 400 {
			t.Errorf("%s: %d", r, s)
		}
	}
}

func TestFieldSets(t *testing.T) {
	t.Parallel()
	for _, k := range []pim.Kind{pim.KindEvent, pim.KindTask, pim.KindContact, pim.KindMessage} {
		all := pim.AllOf(k)
		if all.Len() != len(pim.Fields(k)) || all.IsEmpty() {
			t.Errorf("%v: %d fields", k, all.Len())
		}
		var one pim.FieldSet
		for _, f := range pim.Fields(k) {
			one = one.With(f)
		}
		if one != all || all.Minus(all) != (pim.FieldSet{}) || all.And(one) != all || (pim.FieldSet{}).Or(one) != all {
			t.Errorf("%v: set arithmetic", k)
		}
		again, err := pim.ParseFieldSet(all.IDs())
		if err != nil || again != all {
			t.Errorf("%v: %v", k, err)
		}
		b, err := json.Marshal(all)
		var back pim.FieldSet
		if err != nil || json.Unmarshal(b, &back) != nil || back != all {
			t.Errorf("%v: %s", k, b)
		}
	}
	if _, err := pim.ParseFieldSet([]pim.FieldID{"nonsense"}); err == nil {
		t.Error("an unknown field is known")
	}
	var s pim.FieldSet
	if err := json.Unmarshal([]byte(`["title","of a newer release"]`), &s); err != nil || s.String() != "title" {
		t.Errorf("%v %v", s, err)
	}
	if s.Has("nonsense") || !s.Has(pim.FieldTitle) {
		t.Error("Has")
	}
}

func TestFingerprintsAreEqualExactlyWhenItemsAre(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.SampledFrom(kinds).Draw(t, "kind")
		a := draw(t, k, "a")
		b := pim.Clone(a)
		if rapid.Bool().Draw(t, "changed") {
			f := rapid.SampledFrom(pim.Fields(k)).Draw(t, "field")
			f.Copy(b, draw(t, k, "b"))
		}
		within := pim.AllOf(k)
		if rapid.Bool().Draw(t, "some") {
			within = pim.FieldSet{}
			for _, f := range pim.Fields(k) {
				if rapid.Bool().Draw(t, string(f.ID)) {
					within = within.With(f)
				}
			}
		}
		same := pim.Fingerprint(a, within) == pim.Fingerprint(b, within)
		if same != pim.Equal(a, b, within) || same != pim.Diff(a, b, within).IsEmpty() {
			t.Fatalf("fingerprints equal: %v, items equal: %v, diff: %v", same, pim.Equal(a, b, within), pim.Diff(a, b, within))
		}
		if pim.Diff(a, b, within) != pim.Diff(b, a, within) {
			t.Fatal("Diff depends on the order")
		}
		for _, id := range pim.Diff(a, b, within).IDs() {
			if !within.Has(id) {
				t.Fatalf("%s is outside", id)
			}
		}
	})
}

func TestClonesAreWholeAndIndependent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.SampledFrom(kinds).Draw(t, "kind")
		a := draw(t, k, "a")
		before, err := pim.EncodeItem(a)
		if err != nil {
			t.Fatal(err)
		}
		b := pim.Clone(a)
		if got, _ := pim.EncodeItem(b); string(got) != string(before) {
			t.Fatalf("the clone of\n%s is\n%s", before, got)
		}
		scribble(reflect.ValueOf(b).Elem())
		if got, _ := pim.EncodeItem(a); string(got) != string(before) {
			t.Fatalf("writing into the clone changed\n%s to\n%s", before, got)
		}
		back, err := pim.DecodeItem(before)
		if err != nil || !pim.Equal(a, back, pim.AllOf(k)) || back.ID() != a.ID() || back.Summary() != a.Summary() {
			t.Fatalf("%s does not decode to itself: %v", before, err)
		}
	})
	if pim.Clone(nil) != nil || pim.Fingerprint(nil, pim.FieldSet{}) != "" {
		t.Error("nil is something")
	}
	if b, err := pim.EncodeItem(nil); b != nil || err != nil {
		t.Error("nil has a text")
	}
	if it, err := pim.DecodeItem(nil); it != nil || err != nil {
		t.Error("no text is an item")
	}
	for _, bad := range []string{"{", `{"kind":"planet","item":{}}`, `{"kind":"event","item":[]}`, `{}`, `null`} {
		if it, err := pim.DecodeItem([]byte(bad)); err == nil {
			t.Errorf("%s is %v", bad, it)
		}
	}
}

func TestCopySetsExactlyTheFields(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.SampledFrom(kinds).Draw(t, "kind")
		a, b := draw(t, k, "a"), draw(t, k, "b")
		f := rapid.SampledFrom(pim.Fields(k)).Draw(t, "field")
		c := pim.Clone(a)
		pim.Copy(c, b, (pim.FieldSet{}).With(f))
		if !f.Equal(c, b) {
			t.Fatalf("%s was not copied", f.ID)
		}
		if rest := pim.AllOf(k).Minus((pim.FieldSet{}).With(f)); !pim.Equal(a, c, rest) {
			t.Fatalf("copying %s changed %v", f.ID, pim.Diff(a, c, rest))
		}
	})
}

func TestDiffAgainstNothing(t *testing.T) {
	t.Parallel()
	e := &pim.Event{Activity: pim.Activity{Title: "x"}}
	if got := pim.Diff(nil, e, pim.AllOf(pim.KindEvent)).String(); got != "title" {
		t.Error(got)
	}
	if got := pim.Diff(e, nil, pim.AllOf(pim.KindEvent)).String(); got != "title" {
		t.Error(got)
	}
	if !pim.Diff(nil, nil, pim.AllOf(pim.KindEvent)).IsEmpty() {
		t.Error("nothing differs from nothing")
	}
}

// What programs change without meaning it is no change.
func TestFingerprintIgnoresForm(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	a := &pim.Event{
		Activity: pim.Activity{
			UID: "1", Title: "x", Notes: "a  \r\nb\r\n\r\n", Categories: []string{"p", "q"},
			Attendees: []pim.Attendee{{Person: pim.Person{Email: "A@example.org", ID: "7"}}, {Person: pim.Person{Email: "b@example.org"}, Answer: "accepted"}},
		},
		Start: pim.At(at, "Europe/Berlin"), End: pim.At(at.Add(time.Hour), ""),
	}
	b := &pim.Event{
		Activity: pim.Activity{
			UID: "2", Title: "x", Notes: "a\nb", Categories: []string{"q", "p"},
			Attendees: []pim.Attendee{{Person: pim.Person{Email: "b@example.org"}, Answer: "accepted"}, {Person: pim.Person{Email: "a@example.org"}, Answer: "needs-action"}},
		},
		Start: pim.At(at, ""), End: pim.At(at.Add(time.Hour), "Asia/Tokyo"),
	}
	if d := pim.Diff(a, b, pim.AllOf(pim.KindEvent)); !d.IsEmpty() {
		t.Errorf("differ in %v", d)
	}
	b.Attendees[0].Optional = true
	if d := pim.Diff(a, b, pim.AllOf(pim.KindEvent)); d.String() != "attendees" {
		t.Errorf("differ in %v", d)
	}
}

// Values may not run into each other: two lists that read alike when joined are two.
func TestFieldTextsAreUnambiguous(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ a, b *pim.Contact }{
		{&pim.Contact{Categories: []string{"a", "b"}}, &pim.Contact{Categories: []string{`a"` + `"b`}}},
		{&pim.Contact{Given: "a"}, &pim.Contact{Family: "a"}},
		{&pim.Contact{Phones: []pim.Labeled{{Value: "1", Label: "work"}}}, &pim.Contact{Phones: []pim.Labeled{{Value: "1 (work)"}}}},
		{&pim.Contact{Phones: []pim.Labeled{{Value: "1", Preferred: true}}}, &pim.Contact{Phones: []pim.Labeled{{Value: "1 preferred"}}}},
		{&pim.Contact{Addresses: []pim.Address{{Street: "a"}}}, &pim.Contact{Addresses: []pim.Address{{City: "a"}}}},
		{&pim.Contact{Addresses: []pim.Address{{Street: "a, b"}}}, &pim.Contact{Addresses: []pim.Address{{Street: "a", City: "b"}}}},
		{&pim.Contact{Addresses: []pim.Address{{Label: "home"}}}, &pim.Contact{}},
		{&pim.Contact{Phones: []pim.Labeled{{}}}, &pim.Contact{}},
	} {
		if pim.Equal(c.a, c.b, pim.AllOf(pim.KindContact)) {
			t.Errorf("%+v equals %+v", c.a, c.b)
		}
	}
	event := func(a ...pim.Attendee) *pim.Event { return &pim.Event{Activity: pim.Activity{Attendees: a}} }
	for _, c := range []struct{ a, b *pim.Event }{
		{event(pim.Attendee{Person: pim.Person{Name: "a accepted"}}), event(pim.Attendee{Person: pim.Person{Name: "a"}, Answer: "accepted"})},
		{event(pim.Attendee{Person: pim.Person{Name: "a <b@example.org>"}}), event(pim.Attendee{Person: pim.Person{Name: "a", Email: "b@example.org"}})},
		{event(pim.Attendee{Person: pim.Person{Name: "b@example.org"}}), event(pim.Attendee{Person: pim.Person{Email: "b@example.org"}})},
	} {
		if pim.Equal(c.a, c.b, pim.AllOf(pim.KindEvent)) {
			t.Errorf("%+v equals %+v", c.a, c.b)
		}
	}
}

func TestMask(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.SampledFrom(kinds).Draw(t, "kind")
		a := draw(t, k, "a")
		m := pim.Mask(a, "Private")
		if m.Summary() != "Private" {
			t.Fatalf("the title is %q", m.Summary())
		}
		empty := pim.New(k)
		title := []pim.FieldID{pim.FieldTitle, pim.FieldFullName}
		for _, f := range pim.Fields(k) {
			switch {
			case f.ID == pim.FieldRecurrence:
				// Which occurrences differ is open, what they hold is masked as any item is.
				if f.Show(a) != f.Show(m) {
					t.Fatalf("the mask changes which occurrences there are: %s", f.Show(m))
				}
				for _, o := range occurrences(m) {
					if o.Item != nil && !pim.Equal(o.Item, pim.Mask(o.Item, "Private"), pim.AllOf(o.Item.Kind())) {
						t.Fatalf("the mask shows an occurrence: %v", o.Item)
					}
				}
			case f.Sensitivity == pim.Open && !f.Equal(a, m):
				t.Fatalf("the mask changes %s", f.ID)
			case f.Sensitivity == pim.Content && !slices.Contains(title, f.ID) && !f.Equal(empty, m):
				t.Fatalf("the mask shows %s: %q", f.ID, f.Text(m))
			}
		}
	})
}

func occurrences(it pim.Item) []pim.Occurrence {
	switch v := it.(type) {
	case *pim.Event:
		if v.Recurrence != nil {
			return v.Recurrence.Changed
		}
	case *pim.Task:
		if v.Recurrence != nil {
			return v.Recurrence.Changed
		}
	}
	return nil
}
