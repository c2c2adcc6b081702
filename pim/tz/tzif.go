package tz

import (
	"encoding/binary"
	"errors"
	"time"
)

// compile makes a Location of onsets in ascending order, at least one, by way of the file format of RFC 9636: the
// standard library has no other door.
func compile(name string, onsets []onset) (*time.Location, error) {
	var types typeTable
	// Type 0 is used before the first onset alone, and is the one that the standard library takes there.
	types.list = append(types.list, localType{off: onsets[0].from})
	indices := make([]byte, len(onsets))
	for i, o := range onsets {
		n := types.index(localType{o.to, o.daylight, shortName(o.name)})
		if n > 255 {
			return nil, errors.New("over 255 kinds of time")
		}
		indices[i] = byte(n)
	}
	return time.LoadLocationFromTZData(name, encodeTZif(onsets, indices, types.list))
}

type localType struct {
	off      int
	daylight bool
	name     string
}

type typeTable struct{ list []localType }

func (t *typeTable) index(want localType) int {
	for i, have := range t.list {
		if i > 0 && have == want {
			return i
		}
	}
	t.list = append(t.list, want)
	return len(t.list) - 1
}

// shortName keeps names within what the format's one-byte index can point at. The name is only for show.
func shortName(s string) string {
	const most = 8
	if len(s) > most {
		return ""
	}
	for _, c := range []byte(s) {
		if c <= ' ' || c > '~' {
			return ""
		}
	}
	return s
}

// encodeTZif writes version 2 with an empty first block and no footer: the last onset is for ever.
func encodeTZif(onsets []onset, indices []byte, types []localType) []byte {
	header := func(b []byte, times, kinds, chars int) []byte {
		b = append(b, "TZif2"...)
		b = append(b, make([]byte, 15)...)
		for _, n := range []int{0, 0, 0, times, kinds, chars} {
			b = binary.BigEndian.AppendUint32(b, uint32(n))
		}
		return b
	}
	names := make([]byte, 0, 64)
	at := map[string]byte{}
	for _, t := range types {
		if _, ok := at[t.name]; ok {
			continue
		}
		if len(names)+len(t.name)+1 > 255 {
			at[t.name] = at[""] // type 0 has no name, so the empty one is there
			continue
		}
		at[t.name] = byte(len(names))
		names = append(append(names, t.name...), 0)
	}
	b := header(nil, 0, 0, 0)
	b = header(b, len(onsets), len(types), len(names))
	for _, o := range onsets {
		b = binary.BigEndian.AppendUint64(b, uint64(o.at))
	}
	b = append(b, indices...)
	for _, t := range types {
		b = binary.BigEndian.AppendUint32(b, uint32(int32(t.off)))
		b = append(b, byte(boolRank(t.daylight)), at[t.name])
	}
	b = append(b, names...)
	return append(b, "\n\n"...)
}
