package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"crmbridge/store"
)

// arrivals tells when the CRM has taken a write with a certain text.
type arrivals struct {
	mu     sync.Mutex
	marker string
	at     chan time.Time
}

// expect begins to look for a text.
func (a *arrivals) expect(marker string) <-chan time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.marker, a.at = marker, make(chan time.Time, 1)
	return a.at
}

// saw is called after the CRM has answered a write.
func (a *arrivals) saw(text string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.marker != "" && strings.Contains(text, a.marker) {
		a.marker = ""
		a.at <- time.Now()
	}
}

// lagLimit is how long a write may take before it counts as lost.
const lagLimit = time.Minute

// lags are the times from a PUT to the CRM, with the jobs at work as in the server.
func (y *syncing) lags(ctx context.Context) ([]row, error) {
	if err := y.work(ctx); err != nil {
		return nil, err
	}
	var known []store.Object
	err := y.store.View(ctx, func(tx *store.Tx) error {
		return tx.EachObject(y.col.ID, store.EachOptions{Text: true}, func(o *store.Object) error {
			known = append(known, *o)
			if len(known) > y.o.puts+1 {
				return errEnough
			}
			return nil
		})
	})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	var out []row
	for _, kind := range []struct {
		name string
		put  func(n int, marker string) (call, int)
	}{
		{"new event", func(n int, marker string) (call, int) {
			uid := fmt.Sprintf("lag-%d@example.org", n)
			text := fmt.Sprintf("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//Example Calendar 1.0//EN\r\nBEGIN:VEVENT\r\nUID:%s\r\n"+
				"DTSTAMP:20260105T080000Z\r\nDTSTART:20260601T%02d0000Z\r\nDTEND:20260601T%02d3000Z\r\nSUMMARY:%s\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", uid, n%20, n%20, marker)
			return call{method: "PUT", path: fmt.Sprintf("%slag-%d.ics", crmPath, n), body: []byte(text),
				headers: []string{"Content-Type", "text/calendar", "If-None-Match", "*"}}, http.StatusCreated
		}},
		{"changed event", func(n int, marker string) (call, int) {
			o := known[n%len(known)]
			return call{method: "PUT", path: crmPath + o.Name, body: retitle(o.Text, marker),
				headers: []string{"Content-Type", "text/calendar", "If-Match", `"` + o.ETag + `"`}}, http.StatusNoContent
		}},
	} {
		r := row{name: namePutLag + "of a " + kind.name + " to " + y.name, size: y.o.records, requests: -1}
		for n := range y.o.puts + 1 {
			marker := fmt.Sprintf("%s number %d", kind.name, n)
			do, status := kind.put(n, marker)
			took, err := y.lag(ctx, do, status, marker)
			if err != nil {
				return out, fmt.Errorf("%s %d: %w", r.name, n, err)
			}
			if n > 0 { // the first warms up
				r.times = append(r.times, took)
			}
			// The queue is asked at fixed intervals; writes must not fall in with it.
			time.Sleep(y.o.pause + time.Duration(n*37%100)*y.o.pause/100)
		}
		slices.Sort(r.times)
		out = append(out, r)
	}
	return out, nil
}

// errEnough ends a listing early.
var errEnough = errors.New("enough")

// lag is the time from sending a PUT until the CRM has answered the write.
func (y *syncing) lag(ctx context.Context, do call, status int, marker string) (time.Duration, error) {
	arrived := y.seen.expect(marker)
	began := time.Now()
	if _, err := y.client.fetch(ctx, y.web.base, do, status); err != nil {
		return 0, err
	}
	limit := time.NewTimer(lagLimit)
	defer limit.Stop()
	select {
	case at := <-arrived:
		return at.Sub(began), nil
	case <-limit.C:
		return 0, fmt.Errorf("nothing arrived within %s", lagLimit)
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// pollEvery is the interval of the link while the way back is timed.
const pollEvery = time.Second

// back are the times from a change in the CRM until a client reads it, with the link
// polled every second: by an interval of a minute it would be half a minute on average.
func (y *syncing) back(ctx context.Context) ([]row, error) {
	err := y.store.Update(ctx, func(tx *store.Tx) error {
		l, err := tx.Link(y.link.ID)
		if err != nil {
			return err
		}
		now := time.Now()
		l.Interval, l.NextRun = pollEvery, &now
		return tx.UpdateLink(l, "Interval", "NextRun")
	})
	if err != nil {
		return nil, err
	}
	r := row{name: nameBackLag + y.name + " to a client, polled every second", size: y.o.records, requests: -1}
	r.times, err = y.waysBack(ctx, pollEvery)
	return []row{r}, err
}

// waysBack times changes on the other side until a client reads them, with pauses up to one of that length between them.
func (y *syncing) waysBack(ctx context.Context, pause time.Duration) (out times, err error) {
	token, err := y.token(ctx, "")
	if err != nil {
		return nil, err
	}
	for n := range y.o.puts {
		began := time.Now()
		if err := y.crm.retitle(n, fmt.Sprintf("Way back %d", n)); err != nil {
			return nil, err
		}
		for next := token; next == token; {
			if time.Since(began) > lagLimit {
				return nil, fmt.Errorf("nothing came back within %s", lagLimit)
			}
			time.Sleep(5 * time.Millisecond)
			if next, err = y.token(ctx, token); err != nil {
				return nil, err
			}
			if next != token {
				out, token = append(out, time.Since(began)), next
				break
			}
		}
		time.Sleep(time.Duration(n*37%100) * pause / 100)
	}
	slices.Sort(out)
	return out, nil
}

// token is the sync token of the linked calendar after token; "" asks for all.
func (y *syncing) token(ctx context.Context, token string) (string, error) {
	answer, err := y.client.fetch(ctx, y.web.base, syncReport(crmPath, token), http.StatusMultiStatus)
	if err != nil {
		return "", err
	}
	_, rest, _ := strings.Cut(string(answer), "sync-token>")
	found, _, ok := strings.Cut(rest, "<")
	if !ok {
		return "", errors.New("the answer has no sync token")
	}
	return found, nil
}
