package dav

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"crmbridge/store"
)

func TestDownloadsComeBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.OneOf(rapid.Int64(), rapid.Int64Range(0, 300), rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64}))
		want := rapid.SliceOf(rapid.Custom(func(t *rapid.T) store.SeenMark {
			return store.SeenMark{Object: store.ObjectID(number.Draw(t, "object")), Seq: store.Seq(number.Draw(t, "change"))}
		})).Draw(t, "marks")
		most := rapid.IntRange(1, 5).Draw(t, "most")
		var d downloads
		for _, m := range want {
			d.add(m)
		}
		var got []store.SeenMark
		d.each(most, func(list []store.SeenMark) {
			if len(list) == 0 || len(list) > most {
				t.Fatalf("%d marks at once, %d are the most", len(list), most)
			}
			got = append(got, list...)
		})
		if !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

func TestDownloadsAreSmall(t *testing.T) {
	t.Parallel()
	var d downloads
	const n = 100_000
	for i := range n {
		d.add(store.SeenMark{Object: store.ObjectID(5_000_000 + i), Seq: store.Seq(i)})
	}
	if len(d.packed) > 3*n {
		t.Errorf("%d marks take %d bytes", n, len(d.packed))
	}
}
