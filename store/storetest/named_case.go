package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"crmbridge/store"
)

func testNamed(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	var names []string
	f.update(func(tx *store.Tx) error {
		for i := range 150 {
			p := event(f.cal.ID, fmt.Sprintf("ü %d/%%'\"\\<&>", i), fmt.Sprint(i))
			if _, err := tx.PutObject(p); err != nil {
				return err
			}
			names = append(names, p.Name)
		}
		_, err := tx.DeleteObject(f.cal.ID, names[7], store.Cond{}, "", 0)
		return err
	})
	slices.Reverse(names)
	asked := append([]string{"absent", "bad\xff", "\x00", "\uFFFD", ""}, names...)
	f.view(func(tx *store.Tx) error {
		os, err := tx.ObjectsByName(f.cal.ID, asked)
		if err != nil {
			return err
		}
		equal(t, "found", len(os), 149)
		i := 0
		for _, n := range names {
			if strings.HasPrefix(n, "ü 7/") {
				continue
			}
			equal(t, "order", os[i].Name, n)
			if string(os[i].Text) == "" {
				t.Errorf("%s has no text", n)
			}
			i++
		}
		none, err := tx.ObjectsByName(f.cal.ID, nil)
		equal(t, "none", len(none), 0)
		return err
	})
}

// Long texts are read when it is their turn: what the callback writes shows in what comes later.
func testNamedLong(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	names := []string{"absent"}
	f.update(func(tx *store.Tx) error {
		for i := range 12 {
			p := event(f.cal.ID, fmt.Sprint(i), strings.Repeat("x", 600_000))
			if i == 5 {
				p.Text = []byte("short")
			}
			if _, err := tx.PutObject(p); err != nil {
				return err
			}
			names = append(names, p.Name)
		}
		return nil
	})
	got := map[string]int{}
	f.update(func(tx *store.Tx) error {
		changed := ""
		err := tx.EachNamed(f.cal.ID, append(names, "none"), func(o *store.Object) error {
			got[o.Name]++
			if o.Name == changed {
				equal(t, "text of "+o.Name, string(o.Text), "new")
			}
			if len(got) > 1 {
				return nil
			}
			changed = names[12]
			if o.Name == changed {
				changed = names[1]
			}
			p := event(f.cal.ID, strings.TrimSuffix(changed, ".ics"), "new")
			_, err := tx.PutObject(p)
			return err
		})
		return err
	})
	equal(t, "objects", len(got), 12)
	for name, n := range got {
		equal(t, name, n, 1)
	}
}
