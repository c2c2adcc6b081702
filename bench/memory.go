package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
	"sync"
	"time"
)

// peak is the most memory that this process, server and client together, had while
// something was answered.
type peak struct {
	name   string
	size   int
	before uint64 // resident, when it began
	most   uint64 // resident
	heap   uint64 // most bytes in live and not yet collected objects of Go
}

// crowd is how many clients ask at once.
const crowd = 8

// memory watches the process while long answers are streamed. It comes last: afterwards
// the names of the objects are not known any more.
func (w *world) memory(ctx context.Context) ([]peak, error) {
	propfind := call{method: "PROPFIND", path: w.calendar.path, headers: []string{"Depth", "1"}}
	texts := w.everything()
	names := syncReport(w.calendar.path, "")
	named := multigetOf(w.calendar.path, caldav(), w.some(manyAsked))
	published, err := w.publish(ctx)
	if err != nil {
		return nil, err
	}
	// Ours, not the server's: two lists of names as long as the collections.
	w.calendar.names, w.book.names = nil, nil
	var peaks []peak
	for _, load := range []struct {
		name    string
		clients int
		do      call
	}{
		{"PROPFIND 1, all properties", 1, propfind},
		{fmt.Sprintf("PROPFIND 1, all properties, %d clients at once", crowd), crowd, propfind},
		{"sync-collection of everything", 1, names},
		{fmt.Sprintf("multiget of %s events", number(uint64(min(manyAsked, w.size)))), 1, named}, //nolint:gosec // a count
		{"sync-collection of everything with its texts", 1, texts},
		{fmt.Sprintf("sync-collection of everything with its texts, %d clients at once", crowd), crowd, texts},
		{"feed of everything", 1, published},
	} {
		status := http.StatusMultiStatus
		if load.do.method == http.MethodGet {
			status = http.StatusOK
		}
		p := peak{name: load.name, size: w.size}
		err := p.watch(func() error {
			var wg sync.WaitGroup
			errs := make([]error, load.clients)
			for i := range errs {
				wg.Go(func() {
					_, _, errs[i] = w.client.timed(ctx, w.web.base, load.do, status, io.Discard)
				})
			}
			wg.Wait()
			return errors.Join(errs...)
		})
		if err != nil {
			return nil, err
		}
		peaks = append(peaks, p)
	}
	return peaks, nil
}

// manyAsked is as many as a multiget names of a large calendar; flatFrom the size from
// which on memory is watched, whatever else is measured.
const (
	manyAsked = 1000
	flatFrom  = 10_000
)

// some are references to objects all over the calendar.
func (w *world) some(n int) []string {
	n = min(n, w.size)
	hrefs := make([]string, n)
	for i := range hrefs {
		hrefs[i] = w.calendar.path + w.calendar.names[i*(w.size/n)]
	}
	return hrefs
}

// everything asks for the whole calendar with its texts.
func (w *world) everything() call {
	return reportOn(w.calendar.path, "1", `<?xml version="1.0" encoding="utf-8"?><sync-collection xmlns="DAV:"><sync-token/><sync-level>1</sync-level>`+
		`<prop><getetag/><C:calendar-data xmlns:C="urn:ietf:params:xml:ns:caldav"/></prop></sync-collection>`)
}

// watch runs f and notes the peaks.
func (p *peak) watch(f func() error) error {
	debug.FreeOSMemory()
	p.before = resident()
	stop, done := make(chan struct{}), make(chan struct{})
	go func() { // owner: watch; ends with f
		defer close(done)
		t := time.NewTicker(2 * time.Millisecond)
		defer t.Stop()
		for {
			p.most, p.heap = max(p.most, resident()), max(p.heap, heap())
			select {
			case <-stop:
				return
			case <-t.C:
			}
		}
	}()
	err := f()
	close(stop)
	<-done
	return err
}

// resident is the process's resident set; where the system does not tell, what Go
// has from it.
func resident() uint64 {
	b, err := os.ReadFile("/proc/self/statm")
	if fields := strings.Fields(string(b)); err == nil && len(fields) > 1 {
		if pages, err := strconv.ParseUint(fields[1], 10, 64); err == nil {
			return pages * uint64(os.Getpagesize()) //nolint:gosec // a page has a size
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Sys - m.HeapReleased
}

func heap() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}
