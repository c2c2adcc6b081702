package store

import (
	"slices"
	"testing"
	"time"

	"crmbridge/pim"
)

// A device that was away too long is forgotten in steps, and others are not.
func TestForgetDevices(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, url string) {
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		s, err := Open(t.Context(), Config{URL: url, Now: func() time.Time { return now }})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		update := func(f func(tx *Tx) error) {
			t.Helper()
			if err := s.Update(t.Context(), f); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		var marks []SeenMark
		update(func(tx *Tx) error {
			u, err := tx.CreateUser(User{Name: "ann"})
			if err != nil {
				return err
			}
			c, err := tx.CreateCollection(Collection{UserID: u.ID, Home: AddressBooks, Slug: "a"})
			if err != nil {
				return err
			}
			for _, name := range []string{"a", "b", "c", "d", "e"} {
				res, err := tx.PutObject(Put{Collection: c.ID, Name: name, Kind: pim.KindContact, Component: cardComponent, Text: []byte(name)})
				if err != nil {
					return err
				}
				marks = append(marks, SeenMark{Object: res.Object.ID, Seq: res.Object.Seq})
			}
			for _, device := range []string{"away", "comes", "away too"} {
				if err := tx.MarkSeen(device, marks); err != nil {
					return err
				}
			}
			return tx.DeviceHere("comes", "away", "away too")
		})
		start := now
		now = now.Add(100 * 24 * time.Hour)
		update(func(tx *Tx) error { return tx.DeviceHere("comes") })
		steps := 0
		for more := true; more; steps++ {
			update(func(tx *Tx) (err error) {
				more, err = tx.ForgetDevices(start.Add(time.Hour), 2)
				return err
			})
		}
		if steps < 7 { // two devices with five marks, two a step, and the end
			t.Errorf("%d steps", steps)
		}
		update(func(tx *Tx) error {
			for _, device := range []string{"away", "comes", "away too"} {
				if _, seen, err := tx.SeenSeq(device, marks[4].Object); err != nil || seen != (device == "comes") {
					t.Errorf("%s: %v, %v", device, seen, err)
				}
			}
			left, err := tx.texts(`SELECT device FROM devices ORDER BY device`)
			if !slices.Equal(left, []string{"comes"}) {
				t.Errorf("left: %q", left)
			}
			return err
		})
	})
}
