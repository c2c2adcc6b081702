package pim

import (
	"slices"
	"sort"
	"strconv"
	"strings"
)

// The builders of table rows: what a field needs follows from a pointer to its
// value and the canonical text of one value.

func text(id FieldID, label string, kinds KindSet, s Sensitivity, at func(Item) *string) Field {
	return Field{
		ID: id, Label: label, Kinds: kinds, Sensitivity: s,
		text: func(it Item) string { return plain(*at(it)) },
		show: func(it Item) string { return *at(it) },
		copy: func(dst, src Item) { *at(dst) = *at(src) },
		set:  func(it Item, s string) error { *at(it) = s; return nil },
	}
}

// plain removes what programs change without meaning it: CR, blanks at line ends
// and empty lines at the end.
func plain(s string) string {
	if !strings.ContainsAny(s, "\r \t\n") {
		return s
	}
	lines := strings.Split(strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n"), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " \t")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

// scalar builds a row over one comparable value. set is only given where at
// returns a copy rather than a place in the item.
func scalar[T any](id FieldID, label string, kinds KindSet, s Sensitivity, at func(Item) *T, canon func(T) string, set ...func(Item, T)) Field {
	put := func(it Item, v T) { *at(it) = v }
	if len(set) > 0 {
		put = set[0]
	}
	get := func(it Item) string { return canon(*at(it)) }
	return Field{
		ID: id, Label: label, Kinds: kinds, Sensitivity: s,
		text: get, show: get,
		copy: func(dst, src Item) { put(dst, *at(src)) },
	}
}

// of is f with values of type v.
func of(v ValueType, f Field) Field {
	f.Values = v
	return f
}

// compared is f with other texts for a filter.
func compared(f Field, values func(Item) []string) Field {
	f.each = values
	return f
}

// shown is f with another text for people, where the canonical one is not for reading.
func shown(f Field, show func(Item) string) Field {
	f.show = show
	return f
}

// list builds a row over several values: their order means nothing, key tells
// which value of one side is which of the other, canon tells equal ones, show is for
// people.
func list[T any](id FieldID, label string, kinds KindSet, s Sensitivity, at func(Item) *[]T, key, canon, show func(T) string) Field {
	texts := func(it Item, text func(T) string) []string {
		out := make([]string, 0, len(*at(it)))
		for _, v := range *at(it) {
			out = append(out, text(v))
		}
		sort.Strings(out)
		return out
	}
	return Field{
		ID: id, Label: label, Kinds: kinds, Sensitivity: s,
		text: func(it Item) string {
			var b strings.Builder
			for _, t := range texts(it, canon) {
				b.WriteString(strconv.Quote(t))
			}
			return b.String()
		},
		show: func(it Item) string { return strings.Join(texts(it, show), "\n") },
		each: func(it Item) []string { return texts(it, show) },
		copy: func(dst, src Item) { *at(dst) = slices.Clone(*at(src)) },
		merge: func(base, mine, theirs, into Item) bool {
			out, ok := mergeList(*at(base), *at(mine), *at(theirs), key, canon)
			if ok {
				*at(into) = out
			}
			return ok
		},
		union: func(into, from Item) (left []string) {
			there := map[string]string{}
			for _, v := range *at(into) {
				there[key(v)] = canon(v)
			}
			for _, v := range *at(from) {
				was, known := there[key(v)]
				switch {
				case !known:
					there[key(v)] = canon(v)
					*at(into) = append(slices.Clone(*at(into)), v)
				case was != canon(v):
					left = append(left, show(v))
				}
			}
			return left
		},
	}
}

// mergeList is a three-way merge by element, in the order of mine with what is new
// in theirs behind. It fails when both sides changed one element differently, or
// one changed what the other removed.
func mergeList[T any](base, mine, theirs []T, key, canon func(T) string) ([]T, bool) {
	index := func(l []T) (map[string]string, bool) {
		m := make(map[string]string, len(l))
		for _, v := range l {
			if _, twice := m[key(v)]; twice {
				return nil, false
			}
			m[key(v)] = canon(v)
		}
		return m, true
	}
	b, ok1 := index(base)
	m, ok2 := index(mine)
	t, ok3 := index(theirs)
	if !ok1 || !ok2 || !ok3 {
		return nil, false
	}
	var out []T
	for _, v := range mine {
		k := key(v)
		inBase, hadBase := b[k]
		inTheirs, hasTheirs := t[k]
		switch {
		case hasTheirs && (inTheirs == m[k] || hadBase && inTheirs == inBase):
			out = append(out, v)
		case hasTheirs && hadBase && m[k] == inBase:
			out = append(out, pick(theirs, key, k))
		case hasTheirs:
			return nil, false
		case !hadBase:
			out = append(out, v)
		case m[k] != inBase:
			return nil, false // changed here, removed there
		}
	}
	for _, v := range theirs {
		k := key(v)
		if _, here := m[k]; here {
			continue
		}
		inBase, hadBase := b[k]
		if !hadBase {
			out = append(out, v)
		} else if inBase != canon(v) {
			return nil, false // removed here, changed there
		}
	}
	return out, true
}

func pick[T any](l []T, key func(T) string, k string) T {
	for _, v := range l {
		if key(v) == k {
			return v
		}
	}
	var zero T
	return zero
}
