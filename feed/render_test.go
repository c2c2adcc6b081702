package feed_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	ical "github.com/emersion/go-ical"

	"crmbridge/feed"
	"crmbridge/internal/golden"
	"crmbridge/pim/ics"
	"crmbridge/pim/tz"
)

var now = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func berlin(t testing.TB) tz.Zone {
	t.Helper()
	z, err := tz.Resolve("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// entries are the objects of testdata/objects, in order.
func entries(t testing.TB) []feed.Entry {
	t.Helper()
	files, err := filepath.Glob("testdata/objects/*.ics")
	if err != nil || len(files) == 0 {
		t.Fatal("no objects", err)
	}
	var out []feed.Entry
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		e := feed.Entry{Text: b, Changed: now.Add(-time.Hour)}
		if o, err := ics.Parse(b, ics.Limits{}); err == nil {
			e.UID = o.UID()
			e.First, _ = o.Bounds()
		}
		out = append(out, e)
	}
	return out
}

func source(es []feed.Entry) feed.Source {
	return func(visit func(feed.Entry) error) error {
		for _, e := range es {
			if err := visit(e); err != nil {
				return err
			}
		}
		return nil
	}
}

// rendered is a feed, which must be one that readers take: by our own parser and go-ical's.
func rendered(t testing.TB, c feed.Calendar, es []feed.Entry) (string, feed.Result) {
	t.Helper()
	var b bytes.Buffer
	res, err := feed.Render(&b, c, source(es))
	if err != nil {
		t.Fatal(err)
	}
	wellFormed(t, b.Bytes())
	return b.String(), res
}

type failer interface {
	Helper()
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

// wellFormed checks what every reader may rely on.
func wellFormed(t failer, text []byte) *ics.Object {
	t.Helper()
	o, err := ics.Parse(text, ics.Limits{})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	dec := ical.NewDecoder(bytes.NewReader(text))
	cal, err := dec.Decode()
	if err != nil {
		t.Fatalf("go-ical: %v\n%s", err, text)
	}
	if _, err := dec.Decode(); !errors.Is(err, io.EOF) {
		t.Errorf("something follows the calendar: %v", err)
	}
	if len(cal.Children) == 0 {
		t.Errorf("there is no component")
	}
	for l := range strings.SplitSeq(string(text), "\n") {
		if len(l) > 76 || !strings.HasSuffix(l, "\r") && l != "" {
			t.Errorf("a line is %d bytes long or ends in LF alone: %q", len(l), l)
		}
	}
	defined := map[string]bool{"": true}
	for _, b := range o.Calendar().Blocks("") {
		if b.Name == "VTIMEZONE" {
			id := b.First("TZID").Text()
			if defined[id] {
				t.Errorf("%q is defined twice", id)
			}
			defined[id] = true
			continue
		}
		for _, name := range []string{"UID", "DTSTAMP"} {
			if len(b.All(name)) != 1 {
				t.Errorf("a %s has %d %s", b.Name, len(b.All(name)), name)
			}
		}
		for _, l := range b.All("") {
			if !defined[l.Param("TZID")] {
				t.Errorf("%s is in zone %q, which is not defined ahead of it", l.Name, l.Param("TZID"))
			}
		}
	}
	return o
}

func TestGolden(t *testing.T) {
	t.Parallel()
	base := feed.Calendar{
		Name: "Ann, at work", Description: "What Ann does", Color: "#2952A3FF", Zone: berlin(t), Now: now,
		Refresh: 15 * time.Minute, Key: []byte("key"), ProdID: "-//CRM bridge//Feed//EN",
	}
	with := func(change func(*feed.Calendar)) feed.Calendar {
		c := base
		change(&c)
		return c
	}
	for name, c := range map[string]feed.Calendar{
		"full":         base,
		"private":      with(func(c *feed.Calendar) { c.Private, c.Alarms, c.Tasks = true, true, true }),
		"busy":         with(func(c *feed.Calendar) { c.Busy, c.Private, c.Alarms, c.Tasks = true, true, true, true }),
		"outlook":      with(func(c *feed.Calendar) { c.Outlook, c.Private = true, true }),
		"outlook-busy": with(func(c *feed.Calendar) { c.Outlook, c.Busy = true, true }),
		"window":       with(func(c *feed.Calendar) { c.From, c.Until = now, now.AddDate(0, 0, 10) }),
		"empty":        with(func(c *feed.Calendar) { c.From, c.Until = now.AddDate(20, 0, 0), now.AddDate(20, 0, 1) }),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, res := rendered(t, c, entries(t))
			if res.Broken != 1 {
				t.Errorf("%d are broken", res.Broken)
			}
			golden.Compare(t, filepath.Join("testdata", "want", name+".ics"), got)
		})
	}
}
