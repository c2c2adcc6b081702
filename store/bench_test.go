package store_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"crmbridge/pim"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// benchText is an event of usual size.
func benchText(n int) []byte {
	return fmt.Appendf(nil, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:%d\r\nDESCRIPTION:%s\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", n, strings.Repeat("Word ", 180))
}

// filled is a store with one collection of n events spread over five years.
func filled(b *testing.B, n int) (*store.Store, store.Collection) {
	b.Helper()
	s := storetest.OpenWith(b, store.Config{Now: time.Now})
	var c store.Collection
	err := s.Update(b.Context(), func(tx *store.Tx) error {
		u, err := tx.CreateUser(store.User{Name: "ann"})
		if err != nil {
			return err
		}
		c, err = tx.CreateCollection(store.Collection{UserID: u.ID, Home: store.Calendars, Slug: "work"})
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for i := 0; i < n; {
		err := s.Update(b.Context(), func(tx *store.Tx) error {
			for range min(1000, n-i) {
				if _, err := tx.PutObject(benchPut(c.ID, i, r)); err != nil {
					return err
				}
				i++
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	err = s.View(b.Context(), func(tx *store.Tx) error {
		c, err = tx.Collection(c.ID)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return s, c
}

const benchEpoch = 1_700_000_000

func benchPut(c store.CollectionID, i int, r *rand.Rand) store.Put {
	start := benchEpoch + r.Int64N(5*365*24*3600)
	return store.Put{
		Collection: c, Name: fmt.Sprintf("%d.ics", i), UID: fmt.Sprintf("%d@example.org", i), Kind: pim.KindEvent, Component: "VEVENT",
		Text: benchText(i), Start: start, End: start + 3600, By: "dav:ann",
	}
}

func sizes() []int { return []int{1_000, 10_000, 100_000} }

func BenchmarkObject(b *testing.B) {
	for _, n := range sizes() {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s, c := filled(b, n)
			i := 0
			for b.Loop() {
				i++
				err := s.View(b.Context(), func(tx *store.Tx) error {
					_, err := tx.Object(c.ID, fmt.Sprintf("%d.ics", i*7919%n))
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkPutObject(b *testing.B) {
	for _, n := range sizes() {
		for _, create := range []bool{true, false} {
			b.Run(fmt.Sprintf("%d/create=%v", n, create), func(b *testing.B) {
				s, c := filled(b, n)
				r := rand.New(rand.NewPCG(3, 4))
				i := 0
				for b.Loop() {
					i++
					p := benchPut(c.ID, i*7919%n, r)
					if create {
						p = benchPut(c.ID, n+i, r)
					}
					p.Text = benchText(n + i)
					if err := s.Update(b.Context(), func(tx *store.Tx) error {
						_, err := tx.PutObject(p)
						return err
					}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkETags(b *testing.B) {
	for _, n := range sizes() {
		b.Run(fmt.Sprintf("%d/floor", n), func(b *testing.B) {
			s, c := filled(b, n)
			for b.Loop() {
				err := s.View(b.Context(), func(tx *store.Tx) error {
					rows, err := tx.SQL().Query(`SELECT id, name, etag FROM objects WHERE collection_id = ? AND NOT deleted ORDER BY id`, c.ID)
					if err != nil {
						return err
					}
					defer rows.Close()
					var id int64
					var name, etag string
					for rows.Next() {
						if err := rows.Scan(&id, &name, &etag); err != nil {
							return err
						}
					}
					return rows.Err()
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
		for _, opts := range []store.EachOptions{{Brief: true}, {}, {Text: true}} {
			b.Run(fmt.Sprintf("%d/brief=%v,text=%v", n, opts.Brief, opts.Text), func(b *testing.B) {
				s, c := filled(b, n)
				b.ReportAllocs()
				for b.Loop() {
					count := 0
					err := s.View(b.Context(), func(tx *store.Tx) error {
						return tx.EachObject(c.ID, opts, func(*store.Object) error { count++; return nil })
					})
					if err != nil || count != n {
						b.Fatal(count, err)
					}
				}
			})
		}
	}
}

func BenchmarkChanges(b *testing.B) {
	for _, n := range sizes() {
		for _, changed := range []int{0, 20} {
			b.Run(fmt.Sprintf("%d/changed=%d", n, changed), func(b *testing.B) {
				s, c := filled(b, n)
				for b.Loop() {
					count := 0
					err := s.View(b.Context(), func(tx *store.Tx) error {
						_, _, err := tx.Changes(c.ID, c.Seq-store.Seq(changed), 0, false, func(*store.Object) error { count++; return nil })
						return err
					})
					if err != nil || count != changed {
						b.Fatal(count, err)
					}
				}
			})
		}
	}
}

func BenchmarkMonth(b *testing.B) {
	for _, n := range sizes() {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s, c := filled(b, n)
			// The same number of events whatever the size of the collection.
			from := int64(benchEpoch + 2*365*24*3600)
			until := from + int64(30*24*3600*1000/n)
			count := 0
			for b.Loop() {
				count = 0
				err := s.View(b.Context(), func(tx *store.Tx) error {
					return tx.EachObject(c.ID, store.EachOptions{Text: true, From: &from, Until: &until, Components: []string{"VEVENT"}},
						func(*store.Object) error { count++; return nil })
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(count), "objects")
		})
	}
}
