package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"crmbridge/bench/sample"
	"crmbridge/crm/creatio"
	"crmbridge/crm/creatio/creatiosim"
	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/pim/ics"
	"crmbridge/remote"
)

// sides are the CRMs to measure with.
func sides() []side {
	asAsked := func(o options) []int { return []int{o.records} }
	return []side{
		{name: "the CRM in memory", open: openMem, sizes: asAsked, lags: true},
		{name: "simulated Creatio", open: openSim, sizes: asAsked, lags: true},
		{name: "simulated Creatio, 20 ms away", open: openFarSim, sizes: farSizes},
	}
}

// away is how long the simulated CRM that is far away takes for an answer, beside its work.
const away = 20 * time.Millisecond

// farSizes are ten thousand and a hundred thousand records where everything is measured.
func farSizes(o options) []int {
	if n := slices.Max(o.sizes); o.records >= 10_000 && n > o.records {
		return []int{o.records, n}
	}
	return []int{o.records}
}

func openFarSim(n int, a *arrivals) (*crm, error) { return openSimAt(n, a, away) }

func openSim(n int, a *arrivals) (*crm, error) { return openSimAt(n, a, 0) }

func openMem(n int, a *arrivals) (*crm, error) {
	m, err := mem.New(mem.Options{Now: time.Now, PageSize: 200})
	if err != nil {
		return nil, err
	}
	ids := make([]remote.ItemID, n)
	for i := range n {
		doc, err := ics.Parse(sample.Calendar{}.Event(i, 0).Text, ics.DefaultLimits())
		if err != nil {
			return nil, err
		}
		it, err := doc.Item(ics.Zones{})
		if err != nil {
			return nil, err
		}
		ids[i] = m.Add(it, "")
	}
	return &crm{driver: watched(m.Driver(), a), remote: mem.Activities, settings: remote.Settings{}, alone: true,
		retitle: func(i int, title string) error {
			if !m.Edit(mem.Activities, ids[i], func(it pim.Item) { it.(*pim.Event).Title = title }) {
				return fmt.Errorf("the CRM has no record %d", i)
			}
			return nil
		},
		requests: func() (int, int64) { return m.Calls(), 0 }, close: func() error { return nil }}, nil
}

// abilities are those of the CRM in memory.
type abilities interface {
	remote.Remote
	remote.Lister
	remote.Finder
}

// watching notes the writes that a remote has answered.
type watching struct {
	abilities
	seen *arrivals
}

// watched makes a driver's remotes note their writes.
func watched(d remote.Driver, a *arrivals) remote.Driver {
	open := d.Open
	d.Open = func(ctx context.Context, env remote.Env, s remote.Settings) (remote.Remote, error) {
		r, err := open(ctx, env, s)
		if err != nil {
			return nil, err
		}
		able, ok := r.(abilities)
		if !ok {
			return nil, errors.Join(fmt.Errorf("%T cannot be watched", r), r.Close())
		}
		return &watching{able, a}, nil
	}
	return d
}

// Create implements remote.Remote.
func (w *watching) Create(ctx context.Context, c remote.CollectionID, e remote.Entry, key string) (remote.Record, error) {
	rec, err := w.abilities.Create(ctx, c, e, key)
	if err == nil {
		w.seen.saw(e.Item.Summary())
	}
	return rec, err
}

// Update implements remote.Remote.
func (w *watching) Update(ctx context.Context, c remote.CollectionID, old remote.Ref, e remote.Entry, changed pim.FieldSet) (remote.Record, error) {
	rec, err := w.abilities.Update(ctx, c, old, e, changed)
	if err == nil {
		w.seen.saw(e.Item.Summary())
	}
	return rec, err
}

// front stands before the simulated CRM and counts.
type front struct {
	behind   http.Handler
	seen     *arrivals
	away     time.Duration // before each answer
	requests atomic.Int64
	bytes    atomic.Int64
}

// ServeHTTP implements http.Handler.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.requests.Add(1)
	time.Sleep(f.away)
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	f.behind.ServeHTTP(&counting{w, &f.bytes}, r)
	if r.Method != http.MethodGet {
		f.seen.saw(string(body))
	}
}

type counting struct {
	http.ResponseWriter
	n *atomic.Int64
}

// Write implements http.ResponseWriter.
func (c *counting) Write(b []byte) (int, error) {
	n, err := c.ResponseWriter.Write(b)
	c.n.Add(int64(n))
	return n, err
}

// Unwrap is for http.ResponseController.
func (c *counting) Unwrap() http.ResponseWriter { return c.ResponseWriter }

const crmPassword = "bench-password"

func openSimAt(n int, a *arrivals, away time.Duration) (*crm, error) {
	owner := creatiosim.User{Login: "Supervisor", Password: crmPassword, Name: "Sue Pervisor", Email: "sue@example.org", FullRights: true}
	sim, err := creatiosim.New(creatiosim.Options{Now: time.Now, Users: []creatiosim.User{owner}})
	if err != nil {
		return nil, err
	}
	if err := activities(sim, owner, n); err != nil {
		return nil, errors.Join(err, sim.Close())
	}
	var ids []string
	for _, r := range sim.Records("Activity") {
		ids = append(ids, r.ID)
	}
	f := &front{behind: sim, seen: a, away: away}
	web, err := listen(f)
	if err != nil {
		return nil, errors.Join(err, sim.Close())
	}
	return &crm{driver: creatio.Driver(), remote: creatio.Events,
		settings: remote.Settings{"url": web.base, "username": owner.Login, "password": crmPassword},
		retitle: func(i int, title string) error {
			return sim.Edit("Activity", ids[i], creatiosim.Fields{"Title": title})
		},
		requests: func() (int, int64) { return int(f.requests.Load()), f.bytes.Load() },
		close:    func() error { return errors.Join(web.close(), sim.Close()) },
	}, nil
}

// activities fills the simulated CRM with meetings of one owner, each changed at
// another moment, the last a day ago.
func activities(sim *creatiosim.Sim, owner creatiosim.User, n int) error {
	kind, category, status := sim.Lookup("ActivityType", "Task"), sim.Lookup("ActivityCategory", "Meeting"), sim.Lookup("ActivityStatus", "Not started")
	me := sim.ContactOf(owner.Login)
	last := time.Now().Add(-24 * time.Hour).Truncate(time.Second)
	rows := make([]creatiosim.Fields, n)
	for i := range rows {
		doc, err := ics.Parse(sample.Calendar{}.Event(i, 0).Text, ics.DefaultLimits())
		if err != nil {
			return err
		}
		it, err := doc.Item(ics.Zones{})
		if err != nil {
			return err
		}
		e, ok := it.(*pim.Event)
		if !ok {
			return fmt.Errorf("sample %d is no event", i)
		}
		start := sample.Calendar{}.Begin().Add(time.Duration(i) * 100 * time.Minute)
		at := last.Add(-time.Duration(n-i) * time.Minute)
		rows[i] = creatiosim.Fields{"Title": e.Title, "Notes": e.Notes, "Location": e.Location, "OwnerId": me, "AuthorId": me, "TypeId": kind,
			"ActivityCategoryId": category, "StatusId": status, "StartDate": start, "DueDate": start.Add(time.Hour), "CreatedOn": at, "ModifiedOn": at,
			"ShowInScheduler": true}
	}
	return sim.Import("Activity", rows)
}
