package dav

import (
	"encoding/binary"

	"crmbridge/store"
)

// downloads are the marks of one answer, in two or three bytes each where they come in some order: a program may fetch
// a whole large collection at once, and several may at the same time.
type downloads struct {
	packed []byte // differences to the mark before
	last   store.SeenMark
	count  int
	once   int // how many there were when each object was last known to be there once
}

func (d *downloads) add(m store.SeenMark) {
	d.packed = binary.AppendVarint(d.packed, int64(m.Object-d.last.Object))
	d.packed = binary.AppendVarint(d.packed, int64(m.Seq-d.last.Seq))
	d.last = m
	d.count++
}

// each calls f for the marks in the order they were added, at most so many at once. f must not keep the list.
func (d *downloads) each(most int, f func([]store.SeenMark)) {
	var m store.SeenMark
	list := make([]store.SeenMark, 0, min(most, len(d.packed)/2))
	for rest := d.packed; len(rest) > 0; {
		object, n := binary.Varint(rest)
		seq, k := binary.Varint(rest[n:])
		rest = rest[n+k:]
		m.Object += store.ObjectID(object)
		m.Seq += store.Seq(seq)
		if list = append(list, m); len(list) == most {
			f(list)
			list = list[:0]
		}
	}
	if len(list) > 0 {
		f(list)
	}
}
