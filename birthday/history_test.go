package birthday_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"crmbridge/birthday"
	"crmbridge/store"
)

// TestAnyHistory: however a book came to be what it is, its calendar is what a new one would be.
func TestAnyHistory(t *testing.T) {
	t.Parallel()
	shared, n := newHome(t), 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		h := shared.another(fmt.Sprint(n))
		names := []string{"a.vcf", "b.vcf", "c.vcf"}
		living := map[string]string{} // name → uid
		for range rapid.IntRange(1, 15).Draw(rt, "steps") {
			name := rapid.SampledFrom(names).Draw(rt, "name")
			switch rapid.IntRange(0, 4).Draw(rt, "what") {
			case 0:
				if living[name] != "" {
					h.remove(name)
					delete(living, name)
				}
			case 1:
				to := rapid.SampledFrom(names).Draw(rt, "to")
				if living[name] != "" && living[to] == "" && name != to {
					h.update(func(tx *store.Tx) error {
						_, err := tx.MoveObject(store.Move{From: h.book.ID, Name: name, To: h.book.ID, NewName: to, By: "test"})
						return err
					})
					living[to] = living[name]
					delete(living, name)
				}
			case 2:
				h.events()
			default:
				uid := rapid.SampledFrom([]string{"1", "2", "3", "4"}).Draw(rt, "uid")
				free := true
				for n, u := range living {
					free = free && (u != uid || n == name)
				}
				if free {
					h.put(name, uid, "FN:"+name, rapid.SampledFrom([]string{"BDAY:19800506", "BDAY:19800507", "TEL:1", "ANNIVERSARY:20100101"}).Draw(rt, "date"))
					living[name] = uid
				}
			}
		}
		got := sayings(h.events())
		h.update(func(tx *store.Tx) error { return birthday.Disable(tx, h.book.ID) })
		h.update(func(tx *store.Tx) (err error) {
			h.cal, err = birthday.Enable(tx, h.book)
			return err
		})
		if want := sayings(h.events()); !slices.Equal(got, want) {
			rt.Fatalf("got  %q\nwant %q", got, want)
		}
	})
}

func sayings(objects []store.Object) []string {
	var out []string
	for _, o := range objects {
		out = append(out, o.Name+" "+o.UID+" "+said(o))
	}
	slices.Sort(out)
	return out
}
