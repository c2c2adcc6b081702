package dav

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Where a blind write collides in one property, what the other side changed elsewhere is kept to the letter.
func TestOverlayKeepsWhatDoesNotCollide(t *testing.T) {
	t.Parallel()
	for _, p := range pairings() {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			zone, base := berlin(t), p.read(t, nil)
			bad := slices.IndexFunc(p.slots, func(s slot) bool {
				return strings.HasPrefix(s[0], "SUMMARY") || strings.HasPrefix(s[0], "NOTE")
			})
			// Two changes that no merge can hold.
			p.slots[bad] = append(p.slots[bad][:1:1], p.slots[bad][0]+" mine", p.slots[bad][0]+" theirs")
			mine := p.read(t, map[int]int{bad: 1})
			for i, s := range p.slots {
				for a := 1; a < len(s) && i != bad; a++ {
					theirs := p.read(t, map[int]int{bad: 2, i: a})
					if threeWay(base, mine, theirs, mergeTime, zone) != nil {
						t.Fatalf("%q: no collision", s[a])
					}
					got, lost := overlay(base, mine, theirs, mergeTime, zone)
					have, want := meaning(string(got.bytes())), meaning(p.text(map[int]int{bad: 1, i: a}))
					if !slices.Equal(have, want) {
						t.Errorf("%q -> %q:\n%s\nmissing %q\ntoo much %q", s[0], s[a], got.bytes(), without(want, have), without(have, want))
					}
					if f := lost.String(); f != "title" && f != "notes" {
						t.Errorf("%q -> %q: lost %s", s[0], s[a], f)
					}
				}
			}
		})
	}
}

// Whatever the other side did, all that the device changed is in what is stored.
func TestOverlayKeepsTheDevicesChanges(t *testing.T) {
	t.Parallel()
	for _, p := range pairings() {
		zone, base := berlin(t), p.read(t, nil)
		was := meaning(p.text(nil))
		t.Run(p.name, rapid.MakeCheck(func(t *rapid.T) {
			sides := [2]map[int]int{{}, {}}
			for _, side := range sides {
				for range rapid.IntRange(1, 6).Draw(t, "changes") {
					i := rapid.IntRange(0, len(p.slots)-1).Draw(t, "slot")
					if !strings.HasPrefix(p.slots[i][0], grouped) {
						side[i] = rapid.IntRange(0, len(p.slots[i])-1).Draw(t, "change")
					}
				}
			}
			mine, theirs := p.read(t, sides[0]), p.read(t, sides[1])
			if threeWay(base, mine, theirs, mergeTime, zone) != nil {
				return
			}
			got, _ := overlay(base, mine, theirs, mergeTime, zone)
			have, said := meaning(string(got.bytes())), meaning(p.text(sides[0]))
			for _, missing := range without(without(said, was), have) {
				if p.name != "card" || !strings.HasPrefix(missing, "VCARD N:") && !strings.HasPrefix(missing, "VCARD ORG:") { // parts of those come from both sides
					t.Fatalf("%s\nmissing %q", got.bytes(), missing)
				}
			}
			if gone := without(was, said); len(without(gone, have)) < len(gone) {
				t.Fatalf("%s\nback again %q", got.bytes(), gone)
			}
		}))
	}
}
