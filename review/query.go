package review

import (
	"strings"
	"time"

	"crmbridge/pim"
	"crmbridge/store"
)

// Query chooses rows of a list; zero fields do not choose. A list ignores what its rows do
// not have.
type Query struct {
	User store.UserID
	Link store.LinkID
	// Collection is for duplicates, which no link has to know.
	Collection store.CollectionID
	Kind       pim.Kind
	State      string // each list says which there are
	// Text is looked for in title, UID and reason, whatever the case of its letters.
	Text string
	// Since and Until bound the time of a row: Since inclusive, Until exclusive.
	Since, Until time.Time
	After        int64 // Page.Next of the page before; 0: the first page
	Limit        int   // rows of a page; 0: 100, at most 1000
}

// Page is a part of a list.
type Page[T any] struct {
	Rows []T   `json:"rows"`
	Next int64 `json:"next,omitempty"` // 0: there is no more
}

// rowsAtOnce is how many rows are read at once, textsAtOnce how many of those that hold whole items, and
// memosAtOnce of those that hold some of one.
const (
	rowsAtOnce  = 1001
	textsAtOnce = 20
	memosAtOnce = 100
)

// looked is how many rows a call looks at, at most, when few of them fit.
const looked = 5000

func (q Query) limit() int {
	if q.Limit <= 0 {
		return 100
	}
	return min(q.Limit, 1000)
}

// fits reports whether Text is in one of the words.
func (q Query) fits(words ...string) bool {
	if q.Text == "" {
		return true
	}
	want := strings.ToLower(q.Text)
	for _, w := range words {
		if strings.Contains(strings.ToLower(w), want) {
			return true
		}
	}
	return false
}

// gather fills a page: read gives the rows behind a key, at most so many, and row makes what is shown of
// one, or says that it does not fit. atOnce bounds the rows that are in memory before they are made.
func gather[S, T any](q Query, atOnce int, read func(after int64, limit int) ([]S, error), key func(S) int64, row func(S) (T, bool, error)) (Page[T], error) {
	page := Page[T]{Rows: []T{}}
	after, seen := q.After, 0
	for {
		want := min(q.limit()+1, atOnce) // one more tells whether there are more
		some, err := read(after, want)
		if err != nil {
			return page, err
		}
		for _, s := range some {
			if len(page.Rows) == q.limit() {
				page.Next = after
				return page, nil
			}
			shown, fits, err := row(s)
			if err != nil {
				return page, err
			}
			if after = key(s); fits {
				page.Rows = append(page.Rows, shown)
			}
		}
		if len(some) < want {
			return page, nil
		}
		if seen += len(some); seen >= looked {
			page.Next = after
			return page, nil
		}
	}
}

// merged reads from several lists that are sorted alike as from one.
func merged[S any](lists int, read func(list int, after int64, limit int) ([]S, error), before func(a, b S) bool) func(after int64, limit int) ([]S, error) {
	return func(after int64, limit int) ([]S, error) {
		var all []S
		for i := range lists {
			some, err := read(i, after, limit)
			if err != nil {
				return nil, err
			}
			all = mergeSorted(all, some, before)
			all = all[:min(len(all), limit)]
		}
		return all, nil
	}
}

func mergeSorted[S any](a, b []S, before func(a, b S) bool) []S {
	out := make([]S, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if before(b[0], a[0]) {
			out, b = append(out, b[0]), b[1:]
			continue
		}
		out, a = append(out, a[0]), a[1:]
	}
	return append(append(out, a...), b...)
}

// links are those that a query is about; nil for all.
func (q Query) links(tx *store.Tx) ([]store.LinkID, error) {
	if q.User == 0 {
		if q.Link == 0 {
			return nil, nil
		}
		return []store.LinkID{q.Link}, nil
	}
	ls, err := tx.Links(q.User)
	ids := []store.LinkID{}
	for _, l := range ls {
		if q.Link == 0 || q.Link == l.ID {
			ids = append(ids, l.ID)
		}
	}
	return ids, err
}

// owner remembers links and their users during one query.
type owner struct {
	tx    *store.Tx
	links map[store.LinkID]store.Link
	users map[store.UserID]store.User
}

func owners(tx *store.Tx) *owner {
	return &owner{tx, map[store.LinkID]store.Link{}, map[store.UserID]store.User{}}
}

// of is a link with its user; zero values for one that is gone.
func (o *owner) of(id store.LinkID) (l store.Link, u store.User, err error) {
	l, known := o.links[id]
	if !known {
		if l, err = o.tx.Link(id); err != nil && pim.ReasonOf(err) != pim.ErrNotFound {
			return l, u, err
		}
		o.links[id] = l
	}
	if u, known = o.users[l.UserID]; !known && l.UserID != 0 {
		if u, err = o.tx.User(l.UserID); err != nil {
			return l, u, err
		}
		o.users[l.UserID] = u
	}
	return l, u, nil
}
