package storetest

import (
	"fmt"
	"strings"
	"testing"

	"crmbridge/store"
)

// testEarlier: earlier versions have what room the living leave of the quota; the oldest go first, those that a device saw last
// after all others.
func testEarlier(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	const size, quota = 1000, 16 * 1000
	text := func(n int) []byte { return fmt.Appendf(nil, "%0*d", size, n) }
	p := event(f.cal.ID, "a", "")
	p.Quota = quota
	p.Text = text(0)
	first := f.put(p).Object
	f.update(func(tx *store.Tx) error {
		return tx.MarkSeen("token:1", []store.SeenMark{{Object: first.ID, Seq: first.Seq}})
	})
	left := func() (earlier int64, said []string) {
		t.Helper()
		f.view(func(tx *store.Tx) error {
			vs, err := tx.Versions(first.ID)
			for _, v := range vs {
				said = append(said, strings.TrimLeft(string(v.Text), "0"))
			}
			if err == nil {
				earlier, err = tx.EarlierBytes(f.user.ID)
			}
			return err
		})
		return earlier, said
	}
	for n := 1; n <= 100; n++ {
		p.Text = text(n)
		f.put(p)
		if earlier, _ := left(); earlier+size > quota {
			t.Fatalf("after %d writes %d bytes are taken", n, earlier+size)
		}
	}
	earlier, said := left()
	if len(said) < 14 || said[0] != "100" || said[1] != "99" || said[len(said)-1] != "" || earlier < quota*3/4 {
		t.Errorf("%d bytes, %q", earlier, said)
	}
	// What is written without a limit, as by a link, and what is deleted goes with the housekeeping.
	p.Quota = 0
	for n := 101; n <= 120; n++ {
		p.Text = text(n)
		f.put(p)
	}
	f.update(func(tx *store.Tx) error {
		_, err := tx.DeleteObject(f.cal.ID, "a.ics", store.Cond{}, "dav:ann", 0)
		return err
	})
	if earlier, _ := left(); earlier <= quota {
		t.Fatalf("%d bytes of earlier versions", earlier)
	}
	f.update(func(tx *store.Tx) error {
		more, err := tx.PruneEarlier(f.user.ID, quota)
		equal(t, "more", more, false)
		return err
	})
	if earlier, said := left(); earlier > quota || earlier < quota*3/4 || said[1] != "120" || said[len(said)-1] != "" {
		t.Errorf("%d bytes, %q", earlier, said)
	}
	// When the living need all there is, nothing earlier is kept, and that is no reason to refuse.
	p.Quota, p.Text = quota, []byte(strings.Repeat("x", quota))
	f.put(p)
	if earlier, _ := left(); earlier != 0 {
		t.Errorf("%d bytes of earlier versions", earlier)
	}
}
