// Package khal drives khal, a calendar for the terminal, on folders that vdirsyncer keeps in step with the server.
package khal

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"crmbridge/e2e/plain"
	"crmbridge/e2e/script"
	"crmbridge/e2e/vdirsyncer"
	"crmbridge/internal/testenv"
)

// Desk is one person's khal with a vdirsyncer of their own.
type Desk struct {
	*vdirsyncer.Home
	dir, calendar string
}

// Sit sets khal up for one calendar. The test is skipped when a program is missing.
func Sit(t *testing.T, target plain.Target) *Desk {
	t.Helper()
	testenv.Need(t, "khal", "vdirsyncer")
	d := &Desk{Home: vdirsyncer.New(t, target.Account), dir: t.TempDir(), calendar: vdirsyncer.Name(target.Calendar)}
	if err := d.Discover(t); err != nil {
		t.Fatal(err)
	}
	d.MustSync(t)
	d.configure(t, d.calendar, d.Dir(vdirsyncer.Calendars, d.calendar))
	return d
}

// Follow sets khal up for a feed that vdirsyncer reads. The test is skipped when a program is missing.
func Follow(t *testing.T, feed string) *Desk {
	t.Helper()
	testenv.Need(t, "khal", "vdirsyncer")
	d := &Desk{Home: vdirsyncer.Follow(t, feed), dir: t.TempDir(), calendar: "feed"}
	d.MustSync(t)
	d.configure(t, d.calendar, d.Dir(vdirsyncer.Calendars, ""))
	return d
}

// configure writes khal's configuration for one calendar in a folder.
func (d *Desk) configure(t *testing.T, calendar, folder string) {
	t.Helper()
	config := fmt.Sprintf("[calendars]\n[[%[1]s]]\npath = %[2]s\n[default]\ndefault_calendar = %[1]s\n[sqlite]\npath = %[3]s\n",
		calendar, folder, filepath.Join(d.dir, "khal.db")) +
		"[locale]\nlocal_timezone = UTC\ndefault_timezone = UTC\ntimeformat = %H:%M\ndateformat = %Y-%m-%d\n" +
		"longdateformat = %Y-%m-%d\ndatetimeformat = %Y-%m-%d %H:%M\nlongdatetimeformat = %Y-%m-%d %H:%M\n"
	if err := os.WriteFile(filepath.Join(d.dir, "config"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Run runs one command of khal; answers are what it asks for, in turn.
func (d *Desk) Run(t *testing.T, answers []string, args ...string) string {
	t.Helper()
	return script.Talk(t, d.dir, nil, strings.Join(append(answers, ""), "\n"), "khal", append([]string{"-c", filepath.Join(d.dir, "config")}, args...)...)
}

// List is what khal shows of January 2027, a line "START|TITLE|LOCATION" for each occurrence.
func (d *Desk) List(t *testing.T) string {
	t.Helper()
	return d.Run(t, nil, "list", "--format", "{start-long}|{title}|{location}", "2027-01-01", "2027-02-01")
}

// Shown is what khal shows of January 2027: plain.Shown for each occurrence, in order.
func (d *Desk) Shown(t *testing.T) (lines []string) {
	t.Helper()
	for line := range strings.Lines(d.Run(t, nil, "list", "--day-format", "", "--format", "{start-long}|{title}", "2027-01-01", "2027-02-01")) {
		if start, title, ok := strings.Cut(strings.TrimSpace(line), "|"); ok {
			lines = append(lines, start+" "+title)
		}
	}
	slices.Sort(lines)
	return lines
}

// sees fails unless the list holds each text.
func (d *Desk) sees(t *testing.T, texts ...string) {
	t.Helper()
	list := d.List(t)
	for _, text := range texts {
		if !strings.Contains(list, text) {
			t.Errorf("khal does not show %q:\n%s", text, list)
		}
	}
}

// Check has two people with one calendar: what the one does in khal the other sees in theirs.
func Check(t *testing.T, target plain.Target) {
	target.Put(t, target.Calendar+"theirs.ics", plain.Event("theirs", "Grüße 日本", "LOCATION:Straße 1"))
	target.Put(t, target.Calendar+"series.ics", plain.Event("series", "Weekly", "DTSTART;TZID=Europe/Berlin:20270104T090000",
		"DTEND;TZID=Europe/Berlin:20270104T100000", "RRULE:FREQ=WEEKLY;COUNT=3", "EXDATE;TZID=Europe/Berlin:20270111T090000"))
	one, two := Sit(t, target), Sit(t, target)
	both := func(t *testing.T) { one.MustSync(t); two.MustSync(t) }
	for _, step := range []struct {
		name string
		do   func(*testing.T)
	}{
		{"list", func(t *testing.T) {
			one.sees(t, "2027-01-15 10:00|Grüße 日本|Straße 1", "2027-01-04 08:00|Weekly", "2027-01-18 08:00|Weekly")
			if strings.Contains(one.List(t), "2027-01-11") {
				t.Error("an occurrence that is excepted is shown")
			}
		}},
		{"new", func(t *testing.T) {
			one.Run(t, nil, "new", "--location", "Room 1", "2027-01-20", "09:00", "2027-01-20", "10:00", "Made in khal", "::", "With a text")
			one.Run(t, nil, "new", "--repeat", "daily", "--until", "2027-01-24", "2027-01-22", "08:00", "2027-01-22", "09:00", "Standing")
			one.Run(t, nil, "new", "2027-01-29", "Away")
			both(t)
			two.sees(t, "2027-01-20 09:00|Made in khal|Room 1", "2027-01-22 08:00|Standing", "2027-01-23 08:00|Standing", "2027-01-29|Away")
			if text := target.Text(t, target.Calendar, "SUMMARY:Made in khal"); !strings.Contains(text, "DESCRIPTION:With a text") {
				t.Errorf("on the server: %s", text)
			}
		}},
		{"edit", func(t *testing.T) {
			two.Run(t, []string{"s", "Changed in khal", "n"}, "edit", "--show-past", "Made in khal")
			two.MustSync(t)
			one.MustSync(t)
			one.sees(t, "2027-01-20 09:00|Changed in khal|Room 1")
		}},
		{"server edits", func(t *testing.T) {
			target.Edit(t, target.Calendar, "Changed in khal", "Changed elsewhere")
			both(t)
			two.sees(t, "|Changed elsewhere|Room 1")
		}},
		{"delete", func(t *testing.T) {
			one.Run(t, []string{"D", "y"}, "edit", "--show-past", "Changed elsewhere")
			both(t)
			if list := two.List(t); strings.Contains(list, "Changed elsewhere") {
				t.Errorf("still there:\n%s", list)
			}
			if text := target.Text(t, target.Calendar, "SUMMARY:Changed elsewhere"); text != "" {
				t.Errorf("still on the server: %s", text)
			}
		}},
		{"import", func(t *testing.T) {
			file := filepath.Join(one.dir, "import.ics")
			if err := os.WriteFile(file, []byte(plain.Event("imported", "Imported")), 0o600); err != nil {
				t.Fatal(err)
			}
			one.Run(t, nil, "import", "--batch", file)
			both(t)
			two.sees(t, "2027-01-15 10:00|Imported")
		}},
	} {
		if !t.Run(step.name, step.do) {
			t.Fatal("the steps that follow build on this one")
		}
	}
}
