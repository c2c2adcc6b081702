package store_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"crmbridge/internal/testenv"
	"crmbridge/pim"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// benchText is an event of usual size, about 1 KB.
func benchText(n int) []byte {
	return fmt.Appendf(nil, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:%d\r\nDESCRIPTION:%s\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", n, strings.Repeat("Word ", 180))
}

const benchEpoch = 1_700_000_000

func benchPut(c store.CollectionID, i int, r *rand.Rand) store.Put {
	start := benchEpoch + r.Int64N(5*365*24*3600)
	return store.Put{
		Collection: c, Name: fmt.Sprintf("%d.ics", i), UID: fmt.Sprintf("%d@example.org", i), Kind: pim.KindEvent, Component: "VEVENT",
		Text: benchText(i), Start: start, End: start + 3600, By: "dav:ann",
	}
}

// bench is a store with one collection of n events spread over five years.
type bench struct {
	*testing.B
	s *store.Store
	c store.Collection
	n int
	r *rand.Rand
}

func newBench(b *testing.B, n int) *bench {
	b.Helper()
	url := ""
	if os.Getenv("BRIDGE_BENCH_POSTGRES") != "" {
		url = testenv.Postgres(b)
	}
	x := &bench{B: b, s: storetest.OpenWith(b, store.Config{URL: url, Now: time.Now}), n: n, r: rand.New(rand.NewPCG(1, 2))}
	x.do(b, true, func(tx *store.Tx) error {
		u, err := tx.CreateUser(store.User{Name: "ann"})
		if err != nil {
			return err
		}
		x.c, err = tx.CreateCollection(store.Collection{UserID: u.ID, Home: store.Calendars, Slug: "work"})
		return err
	})
	for i := 0; i < n; {
		x.do(b, true, func(tx *store.Tx) error {
			for range min(1000, n-i) {
				if _, err := tx.PutObject(benchPut(x.c.ID, i, x.r)); err != nil {
					return err
				}
				i++
			}
			return nil
		})
	}
	x.do(b, false, func(tx *store.Tx) error {
		c, err := tx.Collection(x.c.ID)
		x.c = c
		return err
	})
	return x
}

func (x *bench) do(b *testing.B, write bool, f func(*store.Tx) error) {
	b.Helper()
	run := x.s.View
	if write {
		run = x.s.Update
	}
	if err := run(b.Context(), f); err != nil {
		b.Fatal(err)
	}
}

// measure runs f as a sub-benchmark. Beside the time, which on a busy machine says
// little, it reports the processor time.
func (x *bench) measure(name string, write bool, f func(tx *store.Tx) error) {
	if x.s.Postgres() && strings.HasSuffix(name, "floor") {
		return // their statements are SQLite's
	}
	x.Run(name, func(b *testing.B) {
		x.do(b, write, f) // warm
		b.ReportAllocs()
		begun, n := cpuTime(), 0
		for b.Loop() {
			x.do(b, write, f)
			n++
		}
		b.ReportMetric(float64((cpuTime()-begun).Microseconds())/float64(n), "cpu-µs/op")
	})
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkStore measures what clients and the relay do most, at three sizes of a
// collection, and the floors below two of them: the same rows through database/sql. On
// SQLite, or on PostgreSQL when BRIDGE_BENCH_POSTGRES is set.
func BenchmarkStore(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			x := newBench(b, n)
			x.reads()
			x.lists()
			x.writes()
		})
	}
}

func (x *bench) reads() {
	name := func() string { return fmt.Sprintf("%d.ics", x.r.IntN(x.n)) }
	x.measure("object/floor", false, func(*store.Tx) error {
		var etag string
		var text []byte
		return x.s.Writer().QueryRow(`SELECT o.etag, v.text FROM objects o JOIN versions v ON v.object_id = o.id AND v.seq = o.seq
			WHERE o.collection_id = ? AND o.name = ? AND NOT o.shadowed`, x.c.ID, name()).Scan(&etag, &text)
	})
	x.measure("object", false, func(tx *store.Tx) error {
		_, err := tx.Object(x.c.ID, name())
		return err
	})
	x.measure("named 100", false, func(tx *store.Tx) error {
		names := make([]string, 100)
		for i := range names {
			names[i] = name()
		}
		return tx.EachNamed(x.c.ID, names, func(*store.Object) error { return nil })
	})
	for _, changed := range []int{0, 20} {
		x.measure(fmt.Sprintf("changes %d", changed), false, func(tx *store.Tx) error {
			_, _, err := tx.Changes(x.c.ID, x.c.Seq-store.Seq(changed), 0, false, func(*store.Object) error { return nil })
			return err
		})
	}
	// The range shrinks as the collection grows, so that it holds as many events.
	from := int64(benchEpoch + 2*365*24*3600)
	until := from + int64(30*24*3600*1000/x.n)
	x.measure("time range", false, func(tx *store.Tx) error {
		return tx.EachObject(x.c.ID, store.EachOptions{Text: true, From: &from, Until: &until, Components: []string{"VEVENT"}},
			func(*store.Object) error { return nil })
	})
}

func (x *bench) lists() {
	x.measure("list/floor", false, func(*store.Tx) error {
		rows, err := x.s.Writer().Query(`SELECT id, name, component, etag, size, seq, updated_at FROM objects WHERE collection_id = ? AND NOT deleted ORDER BY id`, x.c.ID)
		if err != nil {
			return err
		}
		defer rows.Close()
		var id, size, seq int64
		var name, component, etag string
		var at time.Time
		for rows.Next() {
			if err := rows.Scan(&id, &name, &component, &etag, &size, &seq, &at); err != nil {
				return err
			}
		}
		return rows.Err()
	})
	for name, opts := range map[string]store.EachOptions{"list/names": {Names: true}, "list/brief": {Brief: true}, "list/full": {}, "list/text": {Text: true}} {
		x.measure(name, false, func(tx *store.Tx) error {
			return tx.EachObject(x.c.ID, opts, func(*store.Object) error { return nil })
		})
	}
	x.Run("list/memory", func(b *testing.B) {
		var m runtime.MemStats
		peak := uint64(0)
		for b.Loop() {
			runtime.GC()
			runtime.ReadMemStats(&m)
			base, i := m.HeapAlloc, 0
			x.do(b, false, func(tx *store.Tx) error {
				return tx.EachObject(x.c.ID, store.EachOptions{Text: true}, func(*store.Object) error {
					if i++; i%500 == 0 {
						runtime.ReadMemStats(&m)
						peak = max(peak, m.HeapAlloc-min(base, m.HeapAlloc))
					}
					return nil
				})
			})
		}
		b.ReportMetric(float64(peak)/1e6, "peak-MB")
	})
}

func (x *bench) writes() {
	i := x.n
	put := func(at func() int) func(tx *store.Tx) error {
		return func(tx *store.Tx) error {
			i++
			p := benchPut(x.c.ID, at(), x.r)
			p.Text = benchText(i)
			_, err := tx.PutObject(p)
			return err
		}
	}
	x.measure("put/replace", true, put(func() int { return x.r.IntN(x.n) }))
	x.measure("put/create", true, put(func() int { return i }))
	marks := make([]store.SeenMark, 100)
	x.measure("seen 100", true, func(tx *store.Tx) error {
		for j := range marks {
			marks[j] = store.SeenMark{Object: store.ObjectID(1 + x.r.IntN(x.n)), Seq: 1}
		}
		return tx.MarkSeen("token:1", marks)
	})
}
