package store

import (
	"errors"
	"math"
	"slices"
	"strings"
)

// EachOptions says which objects EachObject visits and how much of them is read.
type EachOptions struct {
	Text bool // read the texts too
	// Names reads only ID, Name and ETag, in a quarter of the time and from memory where a
	// View asks again for all components (see roll); the other fields are zero. Rows are handed on as they are read: the callback must not use the
	// transaction, nor the object after it returns. Not together with Brief. Together with
	// Text it reads ID, Name, Component, ETag, Seq, Start, End and the texts, in less time
	// than all, and the callback may do what it may else.
	Names bool
	// Brief reads only ID, Name, Component, ETag, Size, Seq and UpdatedAt, in
	// half the time; the other fields are zero. Not together with Text.
	Brief bool
	// From and Until leave out objects that cannot overlap that time, unix
	// seconds; nil is open. What is left is a superset: occurrences in between
	// are for the caller to look at.
	From, Until *int64
	// Components are the component kinds wanted; nil: all.
	Components []string
	// Keep leaves out objects by their text, in half the time that reading whole rows
	// takes; nil: none. What is left is a superset: one that keeps most is not asked
	// any more. It must not use the transaction, nor the text after it returns. Not
	// together with From or Until, nor with Names but for Text.
	Keep func(text []byte) bool
	// Words leaves out cards by the index of words, in a small part of the time that
	// reading texts takes; nil: none. What is left is a superset, of cards only. Only
	// together with Text, and with Keep, which reads all where the index does not pay.
	Words *Words
}

// Pages of rows are read and closed before anybody sees them, so that a callback may
// use the transaction and memory stays flat whatever the size of the collection. They
// begin small, for who wants the first only, and grow.
const (
	pageRows    = 256
	maxPageRows = 1024
	pageBytes   = 512 << 10
)

// EachObject calls f for the living objects of a collection in the order of their
// ids, until f fails. f may use the transaction, except with Names.
func (t *Tx) EachObject(c CollectionID, opts EachOptions, f func(*Object) error) error {
	if opts.From != nil || opts.Until != nil {
		return t.eachInTime(c, opts, f)
	}
	if opts.Words != nil {
		if ids, ok, err := t.byWords(c, *opts.Words); err != nil {
			return fail("each with words", err)
		} else if ok {
			return t.eachOf(ids, opts, opts.kept(f))
		}
	}
	slimmest := opts.Names && !opts.Text
	if slimmest && opts.Components == nil {
		return t.eachName(c, f)
	}
	where, args := ` WHERE o.collection_id = ? AND NOT o.deleted`, []any{c}
	if opts.Components != nil {
		in := componentIn(opts.Components)
		if len(opts.Components) > 1 && !t.s.postgres {
			// The plus keeps SQLite from the index by component, whose rows it would have to
			// sort for each page.
			in = strings.Replace(in, "o.component", "+o.component", 1)
		}
		where, args = where+in, append(args, texts(opts.Components)...)
	}
	if slimmest {
		return t.streamTo("each object", slim, where+` ORDER BY o.id`, args, f)
	}
	where += ` AND o.id > ? ORDER BY o.id LIMIT ?`
	if opts.Keep != nil {
		return t.eachKept(where, args, opts, f)
	}
	return t.eachPaged(where, args, opts, 0, f)
}

// eachPaged goes on behind the object last. where ends with that and the most rows.
func (t *Tx) eachPaged(where string, args []any, opts EachOptions, last ObjectID, f func(*Object) error) error {
	return pages(f, func(want int, add func(*Object) error) (bool, error) {
		n := 0
		err := t.each(opts.fields(), where, append(slices.Clone(args), last, want), func(o *Object) error {
			n, last = n+1, o.ID
			return add(o)
		})
		return n < want, err
	})
}

func (opts EachOptions) fields() fields {
	switch {
	case opts.Text && opts.Names:
		return named
	case opts.Text:
		return withText
	case opts.Names:
		return slim
	case opts.Brief:
		return brief
	}
	return full
}

// kept is f for the objects that Keep leaves.
func (opts EachOptions) kept(f func(*Object) error) func(*Object) error {
	if opts.Keep == nil {
		return f
	}
	return func(o *Object) error {
		if !opts.Keep(o.Text) {
			return nil
		}
		return f(o)
	}
}

func componentIn(components []string) string {
	if len(components) == 0 {
		return ` AND 1 = 0`
	}
	return ` AND o.component IN (` + strings.Repeat(`?, `, len(components)-1) + `?)`
}

func texts(list []string) []any {
	args := make([]any, len(list))
	for i, s := range list {
		args[i] = s
	}
	return args
}

// errPageFull ends the reading of a page that holds enough bytes.
var errPageFull = errors.New("store: page full")

// pages calls read until it reports the last page, and f for each object that read
// added. read adds at most want objects and goes on where the last one left off.
func pages(f func(*Object) error, read func(want int, add func(*Object) error) (last bool, err error)) error {
	page := make([]*Object, 0, pageRows)
	for want := pageRows; ; {
		page = page[:0]
		size := 0
		last, err := read(want, func(o *Object) error {
			page = append(page, o)
			if size += len(o.Text); size >= pageBytes {
				return errPageFull
			}
			return nil
		})
		full := errors.Is(err, errPageFull)
		switch {
		case full:
			want = len(page) // PostgreSQL sends the rest of what was asked for in vain
		case err != nil:
			return fail("each object", err)
		default:
			want = min(2*want, maxPageRows)
		}
		for i, o := range page {
			page[i] = nil
			if err := f(o); err != nil {
				return err
			}
		}
		if last && !full {
			return nil
		}
	}
}

// eachInTime first finds the ids, by index alone, then reads the rows.
func (t *Tx) eachInTime(c CollectionID, opts EachOptions, f func(*Object) error) error {
	ids, err := t.inTime(c, opts)
	if err != nil {
		return fail("each in time", err)
	}
	return t.eachOf(ids, opts, f)
}

// eachOf calls f for the living objects with these ids, which ascend.
func (t *Tx) eachOf(ids []ObjectID, opts EachOptions, f func(*Object) error) error {
	where := ` WHERE o.id ` + t.anyInt() + ` AND NOT o.deleted ORDER BY o.id`
	next := 0
	return pages(f, func(want int, add func(*Object) error) (bool, error) {
		chunk := ids[next:min(next+min(want, 1024), len(ids))]
		if len(chunk) == 0 {
			return true, nil
		}
		end := next + len(chunk)
		err := t.each(opts.fields(), where, []any{intList(t, chunk)}, func(o *Object) error {
			for ids[next] != o.ID { // gone since, where there is no snapshot
				next++
			}
			next++
			return add(o)
		})
		if err == nil {
			next = end
		}
		return next == len(ids), err
	})
}

// inTime returns the ids of the objects that may overlap [from, until], ascending.
// Bounds are inclusive: an object without length may count at either end
// (RFC 4791 9.9).
func (t *Tx) inTime(c CollectionID, opts EachOptions) ([]ObjectID, error) {
	from, until := int64(math.MinInt64), int64(math.MaxInt64)
	if opts.From != nil {
		from = *opts.From
	}
	if opts.Until != nil {
		until = *opts.Until
	}
	var ids []ObjectID
	query := `SELECT o.id FROM objects AS o WHERE o.collection_id = ? AND NOT o.deleted AND o.span = ? AND o.first_start >= ? AND o.first_start <= ? AND o.last_end >= ?`
	if opts.Components != nil {
		query += componentIn(opts.Components)
	}
	for n := range openSpan + 1 {
		earliest := int64(math.MinInt64)
		if n < openSpan && from >= math.MinInt64+spanLimit(n) {
			earliest = from - spanLimit(n)
		}
		if err := t.ids(&ids, query, append([]any{c, n, earliest, until, from}, texts(opts.Components)...)); err != nil {
			return nil, err
		}
	}
	slices.Sort(ids)
	return ids, nil
}

func (t *Tx) ids(ids *[]ObjectID, query string, args []any) error {
	rows, err := t.query(query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id ObjectID
		if err := rows.Scan(&id); err != nil {
			return err
		}
		*ids = append(*ids, id)
	}
	return rows.Err()
}
