package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"crmbridge/bench/sample"
)

// device is one program of one person among many at once. It knows what a program
// knows after its first sync.
type device struct {
	client *client
	base   string
	path   string // of its calendar
	hrefs  []string
	// Sync tokens: the present one, and one of twenty changes ago.
	token, before string
	// fresh numbers events that nobody has made yet, and is shared among devices.
	fresh func() int

	chance *rand.Rand
	made   []own
}

// own is an event that the device made itself.
type own struct {
	number, revision int
	etag             string // "" when the server did not say
}

// The kinds of requests in a mix, in percent. Nine of ten only read.
type share struct {
	name    string
	percent int
	make    func(d *device) call
	done    func(d *device, etag string)
}

func shares() []share {
	var c sample.Calendar
	from, until := c.SteadyMonth()
	return []share{
		{"GET", 25, func(d *device) call { return get(d.any()) }, nil},
		{"PROPFIND 1 of ETags", 10, func(d *device) call { return propfind(d.path, "1", "<getetag/>") }, nil},
		{"sync-collection, nothing changed", 25, func(d *device) call { return syncReport(d.path, d.token) }, nil},
		{"sync-collection, 20 changed", 10, func(d *device) call { return syncReport(d.path, d.before) }, nil},
		{"multiget of 20", 10, func(d *device) call {
			hrefs := make([]string, 20)
			for i := range hrefs {
				hrefs[i] = d.any()
			}
			slices.Sort(hrefs)
			return multigetOf(d.path, caldav(), slices.Compact(hrefs))
		}, nil},
		{"calendar-query of a month", 10, func(d *device) call { return month(d.path, from, until, false) }, nil},
		{"PUT new", 4, (*device).create, (*device).created},
		{"PUT update", 4, (*device).update, (*device).updated},
		{"DELETE", 2, (*device).remove, func(d *device, _ string) { d.made = d.made[:len(d.made)-1] }},
	}
}

func (d *device) any() string { return d.hrefs[d.chance.IntN(len(d.hrefs))] }

func (d *device) create() call {
	d.made = append(d.made, own{number: d.fresh()})
	return put(d.path, icsType, sample.Calendar{}.Event(d.made[len(d.made)-1].number, 0), "")
}

func (d *device) created(etag string) { d.made[len(d.made)-1].etag = etag }

func (d *device) update() call {
	o := &d.made[len(d.made)-1]
	o.revision++
	c := put(d.path, icsType, sample.Calendar{}.Event(o.number, o.revision), o.etag)
	if o.etag == "" {
		c.headers = c.headers[:2] // no condition
	}
	return c
}

func (d *device) updated(etag string) { d.made[len(d.made)-1].etag = etag }

func (d *device) remove() call {
	o := d.made[len(d.made)-1]
	return call{method: http.MethodDelete, path: d.path + sample.Calendar{}.Event(o.number, 0).Name}
}

// choose draws a kind of request; what changes an own event needs one.
func (d *device) choose(all []share) share {
	n := d.chance.IntN(100)
	i := slices.IndexFunc(all, func(s share) bool { n -= s.percent; return n < 0 })
	if s := all[i]; s.done == nil || len(d.made) > 0 {
		return s
	}
	return all[slices.IndexFunc(all, func(s share) bool { return s.name == "PUT new" })]
}

// rush is what came of many requests at once.
type rush struct {
	name    string
	clients int
	took    time.Duration
	times   times
	kinds   map[string]times
	failed  int
	why     string // the first failure
	memory  uint64 // most that the server had resident; 0 is unknown
}

func (l rush) rate() float64 { return float64(len(l.times)) / l.took.Seconds() }

// together lets devices ask as fast as they are answered until the time is over.
func together(ctx context.Context, devices []*device, span time.Duration) rush {
	l := rush{clients: len(devices), kinds: map[string]times{}}
	var mu sync.Mutex
	var wg sync.WaitGroup
	began := time.Now()
	end := began.Add(span)
	for i, d := range devices {
		d.chance = rand.New(rand.NewPCG(uint64(i), 1)) //nolint:gosec // an index
		wg.Go(func() {
			kinds, failed, why := d.run(ctx, end)
			mu.Lock()
			defer mu.Unlock()
			for name, ts := range kinds {
				l.kinds[name] = append(l.kinds[name], ts...)
			}
			if l.failed += failed; l.why == "" {
				l.why = why
			}
		})
	}
	wg.Wait()
	l.took = time.Since(began)
	for _, name := range slices.Sorted(maps.Keys(l.kinds)) {
		slices.Sort(l.kinds[name])
		l.times = append(l.times, l.kinds[name]...)
	}
	slices.Sort(l.times)
	return l
}

// run sends one request after another. A failure counts and does not end it.
func (d *device) run(ctx context.Context, end time.Time) (kinds map[string]times, failed int, why string) {
	kinds = map[string]times{}
	all := shares()
	for time.Now().Before(end) && ctx.Err() == nil {
		s := d.choose(all)
		took, etag, err := d.ask(ctx, s.make(d))
		if err != nil {
			failed++
			if why == "" {
				why = err.Error()
			}
			if s.done != nil { // what became of the event is not known
				d.made = d.made[:len(d.made)-1]
			}
			continue
		}
		if s.done != nil {
			s.done(d, etag)
		}
		kinds[s.name] = append(kinds[s.name], took)
	}
	return kinds, failed, why
}

// ask sends a request and reads the answer to its end.
func (d *device) ask(ctx context.Context, do call) (took time.Duration, etag string, err error) {
	r, err := d.client.request(ctx, d.base, do)
	if err != nil {
		return 0, "", err
	}
	began := time.Now()
	res, err := d.client.http.Do(r)
	if err != nil {
		return 0, "", err
	}
	var answer bytes.Buffer
	to := io.Discard
	if res.StatusCode >= http.StatusBadRequest {
		to = &answer
	}
	_, err = io.Copy(to, res.Body)
	took = time.Since(began)
	if e := res.Body.Close(); err == nil {
		err = e
	}
	if err == nil && res.StatusCode/100 != 2 {
		err = fmt.Errorf("%s: status %d: %s", do.method, res.StatusCode, firstLine(answer.String()))
	}
	return took, res.Header.Get("ETag"), err
}
