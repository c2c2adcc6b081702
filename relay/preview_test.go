package relay

import (
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// dump is a print of everything in the store.
func (w *world) dump() string {
	w.t.Helper()
	h := fnv.New128a()
	for _, table := range []string{"users", "collections", "links", "objects", "versions", "pairs", "conflicts", "runs", "steps", "identities", "occurrences", "duplicates", "derived", "brings"} {
		rows, err := w.store.Writer().QueryContext(w.ctx, `SELECT * FROM `+table+` ORDER BY 1, 2`)
		if err != nil {
			w.t.Fatal(err)
		}
		cols, err := rows.Columns()
		if err != nil {
			w.t.Fatal(err)
		}
		row, dest := make([]any, len(cols)), make([]any, len(cols))
		for i := range row {
			dest[i] = &row[i]
		}
		for rows.Next() {
			if err := rows.Scan(dest...); err != nil {
				w.t.Fatal(err)
			}
			fmt.Fprintf(h, "%s %v\n", table, row)
		}
		if err := rows.Err(); err != nil {
			w.t.Fatal(err)
		}
		rows.Close()
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

// writing counts the calls of writes to the CRM from now on.
func (w *world) writing() *atomic.Int64 {
	var n atomic.Int64
	w.crm.SetFaults(func(c mem.Call) mem.Fault {
		if c.Write {
			n.Add(1)
		}
		return mem.Fault{}
	})
	return &n
}

// outline is what a run did, in any order, but for notes: only the remote's answer tells them.
func outline(steps []store.Step) (out []string) {
	for _, s := range steps {
		if s.Action == "note" {
			continue
		}
		out = append(out, strings.Join([]string{s.Side, s.Action, s.UID, s.Fields, s.Outcome, s.Error}, "|"))
	}
	slices.Sort(out)
	return out
}

// previewed shows a run, wants nothing to be written by that, and the run to do just that.
func (w *world) previewed(fatal func(string, ...any), o RunOptions) Preview {
	w.t.Helper()
	before, n := w.dump(), w.writing()
	p, err := w.engine.Preview(w.ctx, w.link.ID, PreviewOptions{Run: o})
	w.crm.SetFaults(nil)
	if err != nil {
		fatal("preview: %v", err)
		return p
	}
	if n.Load() != 0 {
		fatal("the preview sent %d writes", n.Load())
	}
	if w.dump() != before {
		fatal("the preview wrote to the store")
	}
	rep, err := w.engine.Run(w.ctx, w.link.ID, o)
	if err != nil {
		fatal("run: %v", err)
	}
	if got, want := outline(p.steps), outline(rep.Steps); !slices.Equal(got, want) {
		fatal("the preview shows\n\t%s\nand the run does\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
	if p.Counts != rep.Counts || p.Held != rep.Held || p.Outcome != rep.Run.Outcome {
		fatal("the preview counts %+v (%s), the run %+v (%s)", p.Counts, p.Outcome, rep.Counts, rep.Run.Outcome)
	}
	return p
}

// What a preview shows is what the run does when nothing happens in between, and it writes
// nothing anywhere.
func TestPreviewIsTheRun(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		worlds := 0
		for name, o := range machineWeaknesses() {
			t.Run(name, func(t *testing.T) {
				played, failed := 0, false
				rapid.Check(t, func(rt *rapid.T) {
					if played++; played > 8 && !failed {
						return // each makes a database, and the long run has other seeds
					}
					worlds++
					m := newMachine(newWorld(t, s, fmt.Sprintf("user%d", worlds), o, open(rule.Ask)), rule.Ask)
					m.ruled = true
					for range rapid.IntRange(1, 20).Draw(rt, "steps") {
						m.step(rt)
					}
					m.crm.LoseAnswers(0)
					m.clock.Advance(24 * time.Hour)
					for m.pendingFault() {
					}
					if m.begun() {
						// Whether a record that was made, and whose answer was lost, was deleted
						// since, a remote may tell only when it is asked to make it again.
						m.tryRun(rt, true)
					}
					m.previewed(func(format string, args ...any) {
						failed = true
						rt.Fatalf(format, args...)
					}, RunOptions{Full: rapid.Bool().Draw(rt, "full"), AllowDeletions: rapid.Bool().Draw(rt, "allowed"), Retry: true})
				})
			})
		}
	})
}

// begun reports creates whose outcome was not known at the end of a run.
func (w *world) begun() bool {
	w.t.Helper()
	var ps []store.Pair
	w.view(func(tx *store.Tx) (err error) {
		ps, err = tx.PendingCreates(w.link.ID)
		return err
	})
	return len(ps) > 0
}

// pendingFault uses up a call that was to fail; false when there is none.
func (w *world) pendingFault() bool {
	for range 8 {
		if _, err := w.crm.Remote().Collections(w.ctx); err != nil {
			return true
		}
	}
	return false
}

// A preview says what, on which side, field by field, what waits and what it would mail.
func TestPreviewTells(t *testing.T) {
	t.Parallel()
	rules := open(rule.Ask)
	rules.Mail = rule.MailAllow
	onBoth(t, mem.Options{Mails: true}, rules, func(w *world) {
		w.mayMail = true
		w.put("kept.ics", event("kept", "kept"))
		w.put("gone.ics", event("gone", "gone"))
		w.clean()
		invited := event("new", "new here")
		invited.Attendees = []pim.Attendee{{Person: pim.Person{Name: "Bea", Email: "bea@example.org"}}}
		w.put("new.ics", invited)
		w.edit("kept.ics", func(e *pim.Event) { e.Title = "changed" })
		w.delete("gone.ics")
		w.crm.Add(event("", "new there"), "")
		p := w.previewed(t.Fatalf, RunOptions{Full: true})
		var lines []string
		for _, c := range p.Changes {
			line := fmt.Sprintf("%s %s %s %q", c.Side, c.Action, c.Kind, c.Title)
			for _, f := range c.Fields {
				if f.Field == pim.FieldTitle {
					line += " " + f.Before + ">" + f.After
				}
			}
			if c.Mail {
				line += " mails"
			}
			lines = append(lines, line)
		}
		slices.Sort(lines)
		sameLines(t, lines, `local create event "new there" >new there`, `remote create event "new here" >new here mails`, `remote delete event "gone"`, `remote update event "changed" kept>changed`)
		if p.Mails != 1 || p.Counts.CreatedRemote != 1 || p.Cut {
			t.Errorf("%+v", p)
		}
	})
}

// A change of rules is shown without being made, and what would be held is named.
func TestPreviewOfOtherRules(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		w.put("a.ics", private("a", "secret"))
		w.put("b.ics", event("b", "open"))
		w.clean()
		other := open(rule.Ask)
		other.Out.Private = rule.PrivateMask
		p, err := w.engine.Preview(w.ctx, w.link.ID, PreviewOptions{Rules: &other})
		if err != nil || !p.Touch.Pairs || len(p.Changes) != 1 || p.Changes[0].Side != "remote" || p.Changes[0].Action != "update" || p.Changes[0].UID != "a" {
			t.Errorf("%+v, %v", p, err)
		}
		other = open(rule.Ask)
		other.Approve = true
		w.delete("b.ics")
		p, err = w.engine.Preview(w.ctx, w.link.ID, PreviewOptions{Rules: &other})
		if err != nil || p.Outcome != OutcomeHeld || p.Held == "" || len(p.Waiting) != 1 || p.Waiting[0].UID != "b" || p.Waiting[0].Title != "open" || p.Waiting[0].Action != string(rule.HoldDeletion) {
			t.Errorf("%+v, %v", p, err)
		}
		other.Policy = "nobody"
		_, err = w.engine.Preview(w.ctx, w.link.ID, PreviewOptions{Rules: &other})
		mustFail(t, err, pim.ErrInvalid)
		_, err = w.engine.Preview(w.ctx, w.link.ID+1000, PreviewOptions{})
		mustFail(t, err, pim.ErrNotFound)
		w.put("b.ics", event("b", "open"))
		// A paused link can be looked at, and stays paused.
		w.update(func(tx *store.Tx) error {
			w.link.Paused = true
			return tx.UpdateLink(w.link, "Paused")
		})
		before := w.dump()
		if p, err := w.engine.Preview(w.ctx, w.link.ID, PreviewOptions{}); err != nil || p.Outcome != OutcomeOK {
			t.Errorf("%+v, %v", p, err)
		}
		if w.dump() != before {
			t.Error("the preview wrote to the store")
		}
	})
}

// Series that the remote does not keep wait for a person; a preview counts them all, also those that it does not list.
func TestPreviewCountsWhatWaits(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{NoSeries: true}, open(rule.Ask), func(w *world) {
		for i := range 3 {
			w.put(fmt.Sprintf("s%d.ics", i), dailySeries(fmt.Sprintf("uid-%d", i), "every day", 3))
		}
		w.engine.shows = 2
		p, err := w.engine.Preview(w.ctx, w.link.ID, PreviewOptions{})
		if err != nil || p.Waits != 3 || len(p.Waiting) != 2 || p.Waiting[0].Action != string(rule.HoldSeries) || !strings.HasPrefix(p.Waiting[0].Reason, "repeats") {
			t.Errorf("%d wait, %+v, %v", p.Waits, p.Waiting, err)
		}
	})
}

// What a killed preview left goes; what one works in stays.
func TestOldPreviewsGo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	now := time.Now()
	for name, age := range map[string]time.Duration{scratchName + "old": 25 * time.Hour, scratchName + "new": time.Hour, "else": 99 * time.Hour} {
		path := filepath.Join(dir, name)
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, now.Add(-age), now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	if err := removeOld(dir, now); err != nil {
		t.Fatal(err)
	}
	for name, stays := range map[string]bool{scratchName + "old": false, scratchName + "new": true, "else": true} {
		if _, err := os.Stat(filepath.Join(dir, name)); (err == nil) != stays {
			t.Errorf("%s: %v", name, err)
		}
	}
}
