package relay

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"crmbridge/pim"
)

// aCard draws a contact of few values.
func aCard(t *rapid.T) *pim.Contact {
	pick := func(of ...string) string { return rapid.SampledFrom(of).Draw(t, "value") }
	c := &pim.Contact{FullName: pick("Anna Berg", "A. Berg", "Anna"), Notes: pick("", "one", "one and two", "three"), Company: pick("", "Firm", "Firm AG")}
	c.Given, c.Family = pick("Anna", "A."), "Berg"
	for range rapid.IntRange(0, 3).Draw(t, "phones") {
		c.Phones = append(c.Phones, pim.Labeled{Label: pick("work", "home"), Value: pick("030 1", "030 2", "030 3")})
	}
	for range rapid.IntRange(0, 2).Draw(t, "mails") {
		c.Emails = append(c.Emails, pim.Labeled{Value: pick("a@example.org", "b@example.org")})
	}
	if rapid.Bool().Draw(t, "born") {
		c.Birthday = pim.On(1980, 1, rapid.IntRange(1, 2).Draw(t, "day"))
	}
	return c
}

// Whatever two items have is in the merged one or among what was left out.
func TestCombineLosesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := aCard(t), aCard(t)
		var choice map[pim.FieldID]bool
		if rapid.Bool().Draw(t, "chosen") {
			choice = map[pim.FieldID]bool{pim.FieldPhones: rapid.Bool().Draw(t, "phones of b"), pim.FieldNotes: rapid.Bool().Draw(t, "notes of b")}
		}
		c := combine(a, b, rapid.Bool().Draw(t, "newer"), choice)
		for _, f := range pim.Fields(pim.KindContact) {
			all := f.Show(c.item) + "\n"
			for _, l := range c.left {
				if l.Field == f.ID {
					all += l.Value + "\n"
				}
			}
			for _, it := range []pim.Item{a, b} {
				for _, value := range strings.Split(f.Show(it), "\n") {
					if !strings.Contains(all, value) {
						t.Fatalf("%s %q is lost; there is %q", f.ID, value, all)
					}
				}
			}
			if !f.Equal(c.item, a) && !c.set.Has(f.ID) {
				t.Fatalf("%s is not written", f.ID)
			}
		}
		if same := combine(a, a, true, nil); !same.set.IsEmpty() || len(same.left) > 0 {
			t.Fatalf("an item with itself: %+v", same)
		}
	})
}
