package likeness

import (
	"cmp"
	"slices"
	"strings"

	"crmbridge/pim"
)

// Pair names two items by their index.
type Pair struct {
	A, B int
	Likeness
}

// distance is how much better a match has to be than the next best of either side.
const distance = 0.05

// Match pairs items of two lists that may be taken for one: Strong, each the other's
// best, and by a clear distance to its second best. No item is in two pairs. The order
// is that of a.
func Match(a, b []Sketch) []Pair {
	var all []Pair
	candidates(a, b, false, func(p Pair) {
		// What is weaker can still stand too near to a strong one.
		if p.Score >= Strong-distance {
			all = append(all, p)
		}
	})
	bestA, bestB := make(map[int]ranked), make(map[int]ranked)
	for i, p := range all {
		bestA[p.A], bestB[p.B] = bestA[p.A].with(i, p.Score), bestB[p.B].with(i, p.Score)
	}
	var out []Pair
	for i, p := range all {
		if p.Score >= Strong && bestA[p.A].clear(i) && bestB[p.B].clear(i) {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(x, y Pair) int { return cmp.Compare(x.A, y.A) })
	return out
}

// ranked is the best of one item's candidates, and the score of the second.
type ranked struct {
	any    bool
	index  int
	score  float64
	second float64
}

func (r ranked) with(index int, score float64) ranked {
	switch {
	case !r.any:
		return ranked{any: true, index: index, score: score}
	case score > r.score:
		return ranked{any: true, index: index, score: score, second: r.score}
	}
	r.second = max(r.second, score)
	return r
}

func (r ranked) clear(index int) bool { return r.index == index && r.score-r.second >= distance }

// Within returns the pairs of one list that are at least Weak, the best first; A is
// always before B in the list.
func Within(list []Sketch) []Pair {
	var out []Pair
	candidates(list, list, true, func(p Pair) {
		if p.Score >= Weak {
			out = append(out, p)
		}
	})
	slices.SortFunc(out, func(x, y Pair) int {
		return cmp.Or(cmp.Compare(y.Score, x.Score), cmp.Compare(x.A, y.A), cmp.Compare(x.B, y.B))
	})
	return out
}

// mostAlike bounds how many items of one key are compared with each other: a key that
// more of them share (the number of a switchboard, midnight of New Year's Day) tells
// nobody apart. Keys of several signs together are there for those.
const mostAlike = 64

// candidates calls f once for each pair that shares a key: of one item of a and one of
// b, or once for two items of a list that is compared with itself.
func candidates(a, b []Sketch, itself bool, f func(Pair)) {
	index := make(map[string][]int)
	for j, s := range b {
		for _, k := range keys(s) {
			index[k] = append(index[k], j)
		}
	}
	seen := make(map[int]bool)
	for i, s := range a {
		clear(seen)
		for _, k := range keys(s) {
			there := index[k]
			if len(there) > mostAlike {
				continue
			}
			for _, j := range there {
				if seen[j] || itself && j <= i {
					continue
				}
				seen[j] = true
				if l := Compare(s, b[j]); l.Score > 0 {
					f(Pair{A: i, B: j, Likeness: l})
				}
			}
		}
	}
}

// keys are what alike items have in common, at least one of them.
func keys(s Sketch) []string {
	if s.print == "" {
		return nil
	}
	kind := s.kind.String() + "\x00"
	ks := []string{kind + "all\x00" + s.print}
	if s.kind == pim.KindContact {
		for _, m := range s.mails {
			ks = append(ks, kind+"mail\x00"+m)
		}
		for _, p := range s.phones {
			ks = append(ks, kind+"tel\x00"+p.tail())
		}
		if !s.birthday.IsZero() {
			for _, w := range s.name {
				ks = append(ks, kind+"born\x00"+s.birthday.Time.Format("01-02")+w)
			}
		}
		name := strings.Join(s.name, " ")
		if name == "" {
			name = s.company
		}
		return append(ks, kind+"name\x00"+name, kind+"both\x00"+name+"\x00"+s.company)
	}
	title := strings.Join(s.title, " ")
	at := s.at.Time.UTC().Format("2006-01-02T15:04:05")
	ks = append(ks, kind+"title\x00"+title, kind+"both\x00"+title+"\x00"+at)
	if !s.at.IsZero() {
		ks = append(ks, kind+"at\x00"+at)
	}
	if s.kind == pim.KindTask && !s.at.IsZero() {
		ks = append(ks, kind+"day\x00"+title+"\x00"+s.at.Time.UTC().Format("2006-01-02"))
	}
	return ks
}
