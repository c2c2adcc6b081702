package creatio

import (
	"testing"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
)

func TestCursorForms(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 6, 1, 8, 0, 0, 123_000_000, time.UTC)
	c := cursor{View: "v", Step: 1, Pos: position{now, 7}, High: []time.Time{now, {}, now}, Seen: []sight{{0, "ab", now, 5}}}
	text, err := c.encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := decodeCursor(text, "v", 3, 3)
	if err != nil || got.Pos != c.Pos || !got.High[2].Equal(now) || !got.High[1].IsZero() || got.Seen[0] != c.Seen[0] {
		t.Errorf("%+v %v", got, err)
	}
	for name, try := range map[string]func() error{
		"another scope":   func() error { _, err := decodeCursor(text, "w", 3, 3); return err },
		"another shelf":   func() error { _, err := decodeCursor(text, "v", 4, 3); return err },
		"a missing step":  func() error { _, err := decodeCursor(text, "v", 3, 1); return err },
		"another program": func() error { _, err := decodeCursor("x1.abc", "v", 3, 3); return err },
		"cut off":         func() error { _, err := decodeCursor(text[:len(text)-3], "v", 3, 3); return err },
	} {
		if err := try(); pim.ReasonOf(err) != pim.ErrCursorGone {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A row seen again is told once more after a while, and then no more.
func TestRepeatedRows(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 6, 1, 8, 0, 0, 0, time.UTC)
	c := cursor{High: []time.Time{now}}
	for i, step := range []struct {
		after time.Duration
		want  bool
	}{{0, false}, {time.Second, false}, {settling, false}, {2 * settling, true}, {3 * settling, true}} {
		if got := c.repeated(0, "mark", now, now.Add(step.after)); got != step.want {
			t.Errorf("step %d: %v", i, got)
		}
	}
	if c.repeated(0, "other mark", now, now) {
		t.Error("another version of the row is left out")
	}
	c.High[0] = now.Add(2 * overlap)
	if c.prune(); len(c.Seen) != 0 {
		t.Errorf("%d rows are remembered too long", len(c.Seen))
	}
	for i := range 3 * maxSights {
		c.repeated(0, madeMark(i), c.High[0], now)
	}
	if c.prune(); len(c.Seen) != maxSights {
		t.Errorf("%d rows are remembered", len(c.Seen))
	}
}

func madeMark(i int) string { return string(madeID("mark", string(rune(i)))) }

func FuzzCursor(f *testing.F) {
	c := cursor{View: "v", High: make([]time.Time, 3)}
	text, err := c.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
	f.Add("c1.e30")
	f.Fuzz(func(t *testing.T, s string) {
		c, err := decodeCursor(remote.Cursor(s), "v", 3, 3)
		if err != nil {
			if pim.ReasonOf(err) != pim.ErrCursorGone {
				t.Errorf("reason of %v", err)
			}
			return
		}
		c.repeated(0, "x", time.Time{}, time.Time{})
		for _, s := range c.Seen {
			if s.Stream < 0 || s.Stream >= len(c.High) {
				t.Fatal("a stream that does not exist")
			}
		}
		c.prune()
	})
}
