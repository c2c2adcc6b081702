package relay

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
)

// TestRowX17NothingIsLostThroughAMap writes any custom values, notes and categories into
// texts and reads them back, whatever a person's notes look like.
func TestRowX17NothingIsLostThroughAMap(t *testing.T) {
	t.Parallel()
	col := func(name string, k remote.ValueKind) remote.Column { return remote.Column{Name: name, Kind: k} }
	all := []rule.Custom{
		{Column: col("A", remote.TextColumn), As: "X-A"}, {Column: col("B", remote.TextColumn), As: rule.AsNotes, Label: "Region"},
		{Column: col("C", remote.TextColumn), As: rule.AsNotes, Label: "Level"}, {Column: col("D", remote.FlagColumn), As: rule.AsCategory, Label: "Key"},
		{Column: col("E", remote.TextColumn), As: rule.AsCategory, Label: "Size"},
	}
	words := []string{"Region: x", "--- CRM ---", "Level:", "↵", `\↵`, `\`, "a, b; c", "Ünï 🎉", "", "Key", "\t", "word"}
	rapid.Check(t, func(t *rapid.T) {
		text := func(name, between string) string {
			return strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 0, 5).Draw(t, name), between)
		}
		for _, kind := range []pim.Kind{pim.KindEvent, pim.KindTask, pim.KindContact} {
			c := newCodec(time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC), "").with(rule.Rules{Fields: map[pim.Kind]rule.FieldMap{kind: {Custom: all}}})
			var it pim.Item = event("u", "Visit")
			switch kind {
			case pim.KindTask:
				it = &pim.Task{Activity: pim.Activity{UID: "u", Title: "Visit"}}
			case pim.KindContact:
				it = &pim.Contact{UID: "u", FullName: "Ann Example", Family: "Example", Given: "Ann"}
			}
			fill := func(it pim.Item) {
				*notesOf(it) = text("notes", "\n")
				setCategories(it, []string{"Trip"})
				var values []pim.Custom
				for _, f := range all {
					v := strings.Trim(text(f.Column.Name, "\n"), " \t\n")
					if f.IsFlag() && v != "" {
						v = "yes"
					}
					values = append(values, pim.Custom{Key: f.Key(), Name: f.Name(), Value: v})
				}
				pim.SetCustom(it, values)
			}
			fill(it)
			w, err := c.create(it, "u")
			if err != nil {
				t.Fatal(err)
			}
			same := func(what string, want pim.Item) {
				got, err := c.read(kind, w.text)
				if err != nil {
					t.Fatal(err)
				}
				for _, id := range []pim.FieldID{pim.FieldNotes, pim.FieldCategories, pim.FieldCustom} {
					if f, _ := pim.FieldByID(id); !f.Equal(want, got) {
						t.Fatalf("%s: %s is %q, want %q in\n%s", what, id, f.Show(got), f.Show(want), w.text)
					}
				}
			}
			same("made", it)
			next := pim.Clone(it)
			fill(next)
			set := pim.Set(pim.FieldCustom)
			if rapid.Bool().Draw(t, "notes too") {
				set = set.Or(pim.Set(pim.FieldNotes))
			} else {
				*notesOf(next) = *notesOf(it)
			}
			if w, err = c.apply(w.text, next, set); err != nil {
				t.Fatal(err)
			}
			same("changed", next)
		}
	})
}
