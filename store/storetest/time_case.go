package storetest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"crmbridge/store"
)

// interval is a time with open ends.
type interval struct{ start, end int64 }

func testTimeRange(t *testing.T, open Opener) {
	f := setUp(t, open, store.Config{})
	const day = 24 * 60 * 60
	all := map[string]interval{
		"forever":   {math.MinInt64, math.MaxInt64},
		"from now":  {0, math.MaxInt64},
		"until now": {math.MinInt64, 0},
		"instant":   {0, 0},
		"extreme":   {math.MinInt64 + 1, math.MaxInt64 - 1},
		"late":      {math.MaxInt64 - 5, math.MaxInt64 - 1},
		"early":     {math.MinInt64 + 1, math.MinInt64 + 5},
	}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 400 {
		start := r.Int64N(4000*day) - 2000*day
		length := int64(math.Exp(r.Float64() * 21)) // from a second to 40 years
		all[fmt.Sprint(i)] = interval{start, start + length}
	}
	for n := range 9 { // exactly at the limits of the classes
		l := int64(day) << (2 * n)
		all[fmt.Sprintf("limit %d", n)] = interval{-l, 0}
		all[fmt.Sprintf("past limit %d", n)] = interval{-l - 1, 0}
	}
	f.update(func(tx *store.Tx) error {
		for word, iv := range all {
			p := event(f.cal.ID, word, word)
			p.Start, p.End = iv.start, iv.end
			if _, err := tx.PutObject(p); err != nil {
				return err
			}
		}
		return nil
	})
	check := func(from, until *int64) {
		t.Helper()
		lo, hi := int64(math.MinInt64), int64(math.MaxInt64)
		if from != nil {
			lo = *from
		}
		if until != nil {
			hi = *until
		}
		got := map[string]bool{}
		f.view(func(tx *store.Tx) error {
			return tx.EachObject(f.cal.ID, store.EachOptions{From: from, Until: until}, func(o *store.Object) error {
				got[o.Name] = true
				return nil
			})
		})
		for word, iv := range all {
			if want := iv.start <= hi && iv.end >= lo; got[word+".ics"] != want {
				t.Errorf("[%d, %d]: %s %v is %v", lo, hi, word, iv, !want)
			}
		}
	}
	at := func(n int64) *int64 { return &n }
	for _, n := range []int64{0, 1, -1, math.MinInt64, math.MinInt64 + 1, math.MaxInt64, math.MaxInt64 - 1, 90 * day} {
		check(at(n), nil)
		check(nil, at(n))
		check(at(n), at(n))
	}
	for range 60 {
		from := r.Int64N(6000*day) - 3000*day
		check(&from, at(from+int64(math.Exp(r.Float64()*21))))
	}
}
