package dav

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Alarms are units: what is added, changed or removed of one goes with what is added, changed or removed of another; of
// one alarm both sides cannot change anything.
func TestThreeWayOfAlarms(t *testing.T) {
	t.Parallel()
	ring := func(before string, more ...string) string {
		return strings.Join(append([]string{"BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:x", "TRIGGER:-PT" + before}, append(more, "END:VALARM")...), "\r\n")
	}
	mail := "BEGIN:VALARM\r\nACTION:EMAIL\r\nSUMMARY:s\r\nDESCRIPTION:x\r\nATTENDEE:mailto:a@example.org\r\nTRIGGER;VALUE=DATE-TIME:20260109T100000Z\r\nEND:VALARM"
	id := func(n string) string { return "X-WR-ALARMUID:" + n }
	type alarmList = []string
	for name, c := range map[string]struct {
		base, mine, theirs, want alarmList // nil want: a collision
	}{
		"added on both":                 {alarmList{}, alarmList{ring("5M")}, alarmList{ring("6M")}, alarmList{ring("5M"), ring("6M")}},
		"added on both, no field shows": {alarmList{}, alarmList{ring("5M")}, alarmList{mail}, alarmList{ring("5M"), mail}},
		"same added on both":            {alarmList{}, alarmList{mail}, alarmList{mail}, alarmList{mail}},
		"added and removed":             {alarmList{ring("5M")}, alarmList{ring("5M"), mail}, alarmList{}, alarmList{mail}},
		"added ahead and removed":       {alarmList{ring("5M")}, alarmList{ring("9M"), ring("5M")}, alarmList{}, alarmList{ring("9M")}},
		"changed and another added":     {alarmList{ring("5M")}, alarmList{ring("7M")}, alarmList{ring("5M"), ring("6M")}, alarmList{ring("7M"), ring("6M")}},
		"changed and another changed":   {alarmList{ring("5M"), mail}, alarmList{ring("7M"), mail}, alarmList{ring("5M"), ring("9M")}, alarmList{ring("7M"), ring("9M")}},
		"one removed here, one there":   {alarmList{ring("5M"), mail}, alarmList{mail}, alarmList{ring("5M")}, alarmList{}},
		"told by their ids":             {alarmList{ring("5M", id("1")), ring("6M", id("2"))}, alarmList{ring("7M", id("2")), ring("5M", id("1"))}, alarmList{ring("8M", id("1")), ring("6M", id("2"))}, alarmList{ring("8M", id("1")), ring("7M", id("2"))}},
		"another in the place of one":   {alarmList{ring("5M", id("1"))}, alarmList{ring("7M", id("2"))}, alarmList{}, alarmList{ring("7M", id("2"))}},
		"changed on both":               {alarmList{ring("5M")}, alarmList{ring("7M")}, alarmList{ring("6M")}, nil},
		"changed on both, no field's":   {alarmList{ring("5M")}, alarmList{ring("5M", "X-A:1")}, alarmList{ring("5M", "X-A:2")}, nil},
		"changed and removed":           {alarmList{ring("5M")}, alarmList{ring("7M")}, alarmList{}, nil},
		"changed alike":                 {alarmList{ring("5M")}, alarmList{ring("7M")}, alarmList{ring("7M")}, alarmList{ring("7M")}},
	} {
		of := func(list alarmList, title string) document {
			return eventOf(t, append([]string{"SUMMARY:" + title}, list...)...)
		}
		got := threeWay(of(c.base, "a"), of(c.mine, "a"), of(c.theirs, "B"), mergeTime, berlin(t))
		if got == nil || c.want == nil {
			if (got == nil) != (c.want == nil) {
				t.Errorf("%s: %v", name, got)
			}
			continue
		}
		if have, want := meaning(string(got.bytes())), meaning(string(of(c.want, "B").bytes())); !slices.Equal(have, want) {
			t.Errorf("%s: missing %q, too much %q", name, without(want, have), without(have, want))
		}
	}
}

// Whatever two sides do to the alarms of an event, apart from changing one both: what was added is there, what was removed is
// not, and nothing else.
func TestThreeWayOfManyAlarms(t *testing.T) {
	t.Parallel()
	zone := berlin(t)
	rapid.Check(t, func(rt *rapid.T) {
		alarm := func(id string, minutes string) string {
			return "BEGIN:VALARM\r\nUID:" + id + "\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT" + minutes + "M\r\nEND:VALARM"
		}
		sides := [4][]string{{"SUMMARY:a"}, {"SUMMARY:a"}, {"SUMMARY:B"}, {"SUMMARY:B"}} // base, mine, theirs, both
		n := rapid.IntRange(0, 6).Draw(rt, "alarms")
		for i := range n {
			id := string(rune('a' + i))
			was, is := alarm(id, "1"+digit(i)), alarm(id, "2"+digit(i))
			side := rapid.IntRange(1, 2).Draw(rt, "side")
			add := func(texts ...string) { // of base and the other side, of the side and both
				if texts[0] != "" {
					sides[0], sides[3-side] = append(sides[0], texts[0]), append(sides[3-side], texts[0])
				}
				if texts[1] != "" {
					sides[side], sides[3] = append(sides[side], texts[1]), append(sides[3], texts[1])
				}
			}
			switch rapid.IntRange(0, 3).Draw(rt, "what") {
			case 0:
				add(was, was)
			case 1:
				add(was, is)
			case 2:
				add(was, "")
			case 3:
				add("", is)
			}
		}
		got := threeWay(eventOf(t, sides[0]...), eventOf(t, sides[1]...), eventOf(t, sides[2]...), mergeTime, zone)
		if got == nil {
			rt.Fatal("a collision")
		}
		if have, want := meaning(string(got.bytes())), meaning(string(eventOf(t, sides[3]...).bytes())); !slices.Equal(have, want) {
			rt.Fatalf("missing %q, too much %q", without(want, have), without(have, want))
		}
	})
}

func digit(i int) string { return string(rune('0' + i)) }
