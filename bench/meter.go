package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/pprof"
	"slices"
	"time"
)

// times are what rounds of one thing took, shortest first.
type times []time.Duration

func (t times) quantile(q float64) time.Duration {
	if len(t) == 0 {
		return 0
	}
	return t[min(len(t)-1, int(q*float64(len(t))))]
}

func (t times) median() time.Duration { return t.quantile(0.5) }

func (t times) p95() time.Duration { return t.quantile(0.95) }

// row is a line of the table.
type row struct {
	name     string
	size     int
	times    times
	floor    times // empty: there is none
	allocs   uint64
	memory   uint64 // bytes allocated
	answer   int64  // bytes
	requests int    // to the CRM; -1: none was meant to go there
}

// ratio is how many times the floor the operation takes; 0 without one.
func (r row) ratio() float64 {
	if len(r.floor) == 0 || r.floor.median() == 0 {
		return 0
	}
	return float64(r.times.median()) / float64(r.floor.median())
}

// How often an operation is repeated: as its budget allows, within these bounds.
const (
	leastRounds = 5
	mostRounds  = 400
	slow        = 700 * time.Millisecond // such operations get fewer rounds
)

// rounds calls both in turns, so that a noisy moment of the machine hits both alike.
// floor may be nil. The first rounds warm caches and do not count.
func rounds(ctx context.Context, budget time.Duration, op, floor func() (time.Duration, error)) (ops, floors times, err error) {
	least, most, warm := leastRounds, mostRounds, 2
	if floor == nil {
		most = 1 << 20 // a profile wants its time
	}
	for n, spent := -warm, time.Duration(0); n < most && (n < least || spent < budget); n++ {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		took, err := op()
		if err != nil {
			return nil, nil, err
		}
		var under time.Duration
		if floor != nil {
			if under, err = floor(); err != nil {
				return nil, nil, fmt.Errorf("floor: %w", err)
			}
		}
		if n < 0 {
			if took > slow {
				n, least = -1, 3
			}
			continue
		}
		spent += took
		ops, floors = append(ops, took), append(floors, under)
	}
	slices.Sort(ops)
	slices.Sort(floors)
	if floor == nil {
		floors = nil
	}
	return ops, floors, nil
}

// timed sends a call and tells how long it took until the last byte of the answer.
func (c *client) timed(ctx context.Context, base string, do call, status int, w io.Writer) (time.Duration, int64, error) {
	r, err := c.request(ctx, base, do)
	if err != nil {
		return 0, 0, err
	}
	began := time.Now()
	n, err := c.send(r, status, w)
	return time.Since(began), n, err
}

// counted calls f n times and returns allocations and bytes of one call. Whatever
// else runs in the process meanwhile is counted too, so it should be little.
func counted(n int, f func() error) (allocs, memory uint64, err error) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range n {
		if err := f(); err != nil {
			return 0, 0, err
		}
	}
	runtime.ReadMemStats(&after)
	return (after.Mallocs - before.Mallocs) / uint64(n), (after.TotalAlloc - before.TotalAlloc) / uint64(n), nil
}

// inProcess calls the server without a network, so that the client's allocations do
// not count.
func inProcess(h http.Handler, r *http.Request, status int) error {
	w := &nowhere{header: http.Header{}}
	r.RemoteAddr = "127.0.0.1:1"
	h.ServeHTTP(w, r)
	if w.status != status {
		return fmt.Errorf("%s %s: status %d, want %d", r.Method, r.URL.Path, w.status, status)
	}
	return nil
}

var unfit = regexp.MustCompile(`[^A-Za-z0-9]+`)

// profiled runs f under profiles named after the row: CPU, and allocations before and
// after it (go tool pprof -base NAME.before.allocs NAME.allocs).
func profiled(dir, name string, f func() error) error {
	if dir == "" {
		return f()
	}
	path := filepath.Join(dir, unfit.ReplaceAllString(name, "-"))
	if err := writeAllocs(path + ".before.allocs"); err != nil {
		return err
	}
	cpu, err := os.Create(path + ".cpu")
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(cpu); err != nil {
		return errors.Join(err, cpu.Close())
	}
	err = f()
	pprof.StopCPUProfile()
	return errors.Join(err, cpu.Close(), writeAllocs(path+".allocs"))
}

func writeAllocs(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	runtime.GC() // the profile is of what was known at the last collection
	return errors.Join(pprof.Lookup("allocs").WriteTo(f, 0), f.Close())
}
