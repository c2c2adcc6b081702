package main

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"crmbridge/relay"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
)

// side is a CRM to measure with.
type side struct {
	name string
	// open fills a CRM with n events.
	open func(n int, a *arrivals) (*crm, error)
	// sizes are the numbers of events to measure with.
	sizes func(o options) []int
	// lags: the times from a write on one side to the other are measured.
	lags bool
	// parts are what is measured; nil is all that is measured with CRMs.
	parts func(*syncing) []func(context.Context) ([]row, error)
}

// crm is an open one.
type crm struct {
	driver   remote.Driver
	side     store.Side // "": CRM
	remote   remote.CollectionID
	settings remote.Settings
	// requests to it so far, and the bytes of its answers; bytes stay 0 where
	// there is no network.
	requests func() (n int, bytes int64)
	// retitle changes an event of the CRM, by its number, as a person does.
	retitle func(i int, title string) error
	// watches is how many have begun to be told of changes; nil where nobody is told.
	watches func() int
	alone   bool // its allocations cannot be told from the relay's by much
	close   func() error
}

// insertBatch is how many rows the floor of a first sync commits at once: as many
// as the relay.
const insertBatch = 50

// syncing is a bridge with an empty calendar that is linked to a CRM.
type syncing struct {
	*bridge
	o      options
	name   string
	crm    *crm
	plain  *plain
	col    store.Collection
	link   store.Link
	client *client
	seen   *arrivals
	grown  []peak // what the first sync and previews needed, beyond what was there before
}

// relay measures the relay with one CRM of n events.
func (s *section) relay(ctx context.Context, o options, url string, with side, n int) (err error) {
	o.records = n
	_, _ = fmt.Fprintf(o.progress, "%s: relay, %d records in %s\n", s.title, n, with.name)
	seen := &arrivals{}
	c, err := with.open(n, seen)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	dir, err := os.MkdirTemp("", "bridge-bench-key-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b, err := openBridge(ctx, url, dir, map[string]remote.Driver{c.driver.Name: c.driver})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	y := &syncing{bridge: b, o: o, name: with.name, crm: c, seen: seen, client: newClient(b.user.Name, b.password)}
	defer y.client.close()
	if y.plain, err = openPlain(ctx, url); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, y.plain.close()) }()
	if err := y.tie(ctx); err != nil {
		return err
	}
	parts := []func(context.Context) ([]row, error){y.foreseen, y.first, y.unchanged, y.few, y.previewed}
	if with.lags {
		parts = append(parts, y.lags, y.back)
	}
	if with.parts != nil {
		parts = with.parts(y)
	}
	for _, part := range parts {
		rows, err := part(ctx)
		for _, r := range rows {
			_, _ = fmt.Fprintf(o.progress, "%s: %s: %s, %d requests\n", s.title, r.name, duration(r.times.median()), r.requests)
		}
		s.rows = append(s.rows, rows...)
		if err != nil {
			return err
		}
	}
	s.peaks = append(s.peaks, y.grown...)
	return nil
}

// tie makes the collection and its link.
func (y *syncing) tie(ctx context.Context) error {
	full, err := y.crm.driver.Complete(y.crm.settings)
	if err != nil {
		return err
	}
	plain, err := json.Marshal(full)
	if err != nil {
		return err
	}
	rules, err := json.Marshal(rule.Rules{PastDays: -1, FutureDays: -1}.Defaults())
	if err != nil {
		return err
	}
	return y.store.Update(ctx, func(tx *store.Tx) error {
		y.col, err = tx.CreateCollection(store.Collection{UserID: y.user.ID, Home: store.Calendars, Slug: "crm", Components: "VEVENT"})
		if err != nil {
			return err
		}
		// The interval is that of the configuration; next to it no poll falls into the
		// runs that are timed before the jobs are started.
		y.link, err = tx.CreateLink(store.Link{UserID: y.user.ID, CollectionID: y.col.ID, Side: cmp.Or(y.crm.side, store.CRM), Name: "bench", Driver: y.crm.driver.Name,
			Remote: string(y.crm.remote), Rules: rules, Interval: time.Minute})
		if err != nil {
			return err
		}
		if y.link.Settings, err = y.keeper.Seal(relay.SealPurpose(y.link.ID), plain); err != nil {
			return err
		}
		return tx.UpdateLink(y.link, "Settings")
	})
}

// sync does one run that must succeed, and tells its requests to the CRM.
func (y *syncing) sync(ctx context.Context, full bool) (took time.Duration, rep relay.Report, requests int, answered int64, err error) {
	before, bytesBefore := y.crm.requests()
	began := time.Now()
	rep, err = y.engine.Run(ctx, y.link.ID, relay.RunOptions{Trigger: "manual", Full: full})
	took = time.Since(began)
	if err == nil && rep.Run.Outcome != relay.OutcomeOK {
		err = fmt.Errorf("run: %s %s %s", rep.Run.Outcome, rep.Run.Error, rep.Held)
	}
	after, bytesAfter := y.crm.requests()
	return took, rep, after - before, bytesAfter - bytesBefore, err
}

// first is the first sync of everything.
func (y *syncing) first(ctx context.Context) ([]row, error) {
	r := row{name: nameFirst + y.name, size: y.o.records}
	var rep relay.Report
	var answered int64
	err := profiled(y.o.profile, r.name, func() (err error) {
		return y.growing(r, func() error {
			r.allocs, r.memory, err = counted(1, func() (err error) {
				var took time.Duration
				took, rep, r.requests, answered, err = y.sync(ctx, false)
				r.times = times{took}
				return err
			})
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	if rep.Counts.CreatedLocal != y.o.records {
		return nil, fmt.Errorf("the first sync made %d objects, not %d", rep.Counts.CreatedLocal, y.o.records)
	}
	if !y.crm.alone {
		r.allocs, r.memory = 0, 0
	}
	r.answer = answered
	floor, err := y.floor(ctx, r.requests, answered, true)
	r.floor = times{floor}
	return []row{r}, err
}

// growing notes what memory f needs.
func (y *syncing) growing(r row, f func() error) error {
	p := peak{name: "beyond what was there before: " + r.name, size: r.size}
	before := settledHeap()
	err := p.watch(f)
	// The CRM lives in this process, too: only what came on top counts.
	p.most, p.heap, p.before = above(p.most, p.before), above(p.heap, before), 0
	y.grown = append(y.grown, p)
	return err
}

// foreseen is a preview of the first sync of everything: all that it would make is made on a copy.
func (y *syncing) foreseen(ctx context.Context) ([]row, error) {
	return y.preview(ctx, "preview of a first sync from "+y.name, y.o.records)
}

// previewed is a preview of a run with nothing to do: what the link knows is copied aside and looked at.
func (y *syncing) previewed(ctx context.Context) ([]row, error) {
	return y.preview(ctx, "preview of a run of "+y.name+", nothing changed", 0)
}

// preview is one that shows so many writes.
func (y *syncing) preview(ctx context.Context, name string, writes int) ([]row, error) {
	r := row{name: name, size: y.o.records}
	err := y.growing(r, func() error {
		before, _ := y.crm.requests()
		began := time.Now()
		p, err := y.engine.Preview(ctx, y.link.ID, relay.PreviewOptions{Run: relay.RunOptions{Full: true}})
		r.times = times{time.Since(began)}
		if err == nil && (p.Outcome != relay.OutcomeOK || p.Counts.Done() != writes) {
			err = fmt.Errorf("a preview of %d writes: %s %s %+v", writes, p.Outcome, p.Error, p.Counts)
		}
		after, _ := y.crm.requests()
		r.requests = after - before
		return err
	})
	return []row{r}, err
}

// unchanged is a run with nothing to do: as every poll, and with the comparison of
// all ids that finds deletions.
func (y *syncing) unchanged(ctx context.Context) ([]row, error) {
	var out []row
	for _, kind := range []struct {
		name string
		full bool
	}{{"poll of ", false}, {"poll and listing of ", true}} {
		r := row{name: kind.name + y.name + ", nothing changed", size: y.o.records}
		var floor func() (time.Duration, error)
		if y.o.profile == "" {
			floor = func() (time.Duration, error) { return y.floor(ctx, r.requests, r.answer, false) }
		}
		err := profiled(y.o.profile, r.name, func() (err error) {
			r.times, r.floor, err = rounds(ctx, y.o.budget, func() (took time.Duration, err error) {
				var rep relay.Report
				took, rep, r.requests, r.answer, err = y.sync(ctx, kind.full)
				if err == nil && rep.Counts.Done() != 0 {
					err = fmt.Errorf("a run with nothing to do wrote: %+v", rep.Counts)
				}
				return took, err
			}, floor)
			return err
		})
		if err != nil {
			return out, err
		}
		if r.answer == 0 {
			r.floor = nil // nothing goes over a network: there is nothing to compare with
		}
		out = append(out, r)
	}
	return out, nil
}

// few is a poll after which one record in a hundred is another.
func (y *syncing) few(ctx context.Context) ([]row, error) {
	r := row{name: "poll of " + y.name + ", 1 % changed", size: y.o.records}
	n := max(1, y.o.records/100)
	for round := range 3 {
		for i := range n {
			if err := y.crm.retitle(i*100%y.o.records, fmt.Sprintf("Changed %d, round %d", i, round)); err != nil {
				return nil, err
			}
		}
		took, rep, requests, answered, err := y.sync(ctx, false)
		if err != nil {
			return nil, err
		}
		if rep.Counts.UpdatedLocal != n {
			return nil, fmt.Errorf("%d objects were changed, not %d", rep.Counts.UpdatedLocal, n)
		}
		r.times, r.requests, r.answer = append(r.times, took), requests, answered
	}
	slices.Sort(r.times)
	return []row{r}, nil
}

// settledHeap is the heap after a collection.
func settledHeap() uint64 {
	runtime.GC()
	return heap()
}

func above(a, b uint64) uint64 { return max(a, b) - b }

// floor is what a run cannot do without: as many requests with as many bytes, and for
// a first sync the texts in a table.
func (y *syncing) floor(ctx context.Context, requests int, answered int64, insert bool) (time.Duration, error) {
	var texts [][]byte
	if insert {
		read, err := y.plain.stmt(ctx, textsIn+`o.collection_id = ? AND NOT o.deleted`)
		if err != nil {
			return 0, err
		}
		var text []byte
		err = each(ctx, read, []any{y.col.ID}, []any{&text}, func() error {
			texts = append(texts, append([]byte(nil), text...))
			return nil
		})
		if err != nil {
			return 0, err
		}
	}
	web, err := listen(&bare{do: func(w http.ResponseWriter, _ *http.Request) error {
		_, err := w.Write(make([]byte, answered/int64(max(requests, 1))))
		return err
	}})
	if err != nil {
		return 0, err
	}
	defer web.close() //nolint:errcheck // nothing is lost with it
	began := time.Now()
	if answered > 0 {
		for range requests {
			if _, err := y.client.fetch(ctx, web.base, call{method: "GET", path: "/"}, http.StatusOK); err != nil {
				return 0, err
			}
		}
	}
	err = y.insert(ctx, texts)
	return time.Since(began), err
}

func (y *syncing) insert(ctx context.Context, texts [][]byte) error {
	if len(texts) == 0 {
		return nil
	}
	s, err := y.plain.stmt(ctx, `INSERT INTO floor (name, text) VALUES (?, ?)`)
	if err != nil {
		return err
	}
	for n := 0; n < len(texts); n += insertBatch {
		err := y.plain.inTx(ctx, func(tx *sql.Tx) error {
			for i, text := range texts[n:min(n+insertBatch, len(texts))] {
				if _, err := tx.StmtContext(ctx, s).ExecContext(ctx, floorName(n+i), text); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

const crmPath = "/dav/calendars/ann/crm/"

// summary is the title of an event as it stands in the text, folded or not.
func retitle(text []byte, title string) []byte {
	s := string(text)
	from := strings.Index(s, "\r\nSUMMARY")
	if from < 0 {
		return text
	}
	end := from + 2
	for {
		i := strings.Index(s[end:], "\r\n")
		if i < 0 {
			return text
		}
		end += i + 2
		if end >= len(s) || s[end] != ' ' {
			break
		}
	}
	return []byte(s[:from+2] + "SUMMARY:" + title + "\r\n" + s[end:])
}
