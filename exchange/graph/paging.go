package graph

import (
	"context"
	"crypto/sha256"
	"net/url"
	"strconv"
	"time"

	"crmbridge/pim"
)

// Pages of collections. Graph tells where the next one is by a link, which is followed as it stands: upstream follows none that leads to
// another host, a trail notices those that go round in a circle. What such a link counts are items: whatever is deleted or moved between two
// pages of a plain collection shifts the rest, and an item is passed over. So where it matters that nothing is, a collection is read by
// the pages of its delta query, whose state the service keeps (round), or in the order of a time, which does not shift (byChange).

// page is one page of a collection.
type page[T any] struct {
	Value []T    `json:"value"`
	Next  string `json:"@odata.nextLink"`
	Delta string `json:"@odata.deltaLink"`
}

// maxPages ends a listing that goes on for ever with links that are all different.
const maxPages = 10_000

// trail is the links that a listing has come by.
type trail struct {
	been map[[sha256.Size]byte]bool
}

// step follows a link, unless that leads nowhere new.
func (t *trail) step(op, link string) error {
	sum := sha256.Sum256([]byte(link))
	if t.been[sum] || len(t.been) >= maxPages {
		return inACircle(op)
	}
	if t.been == nil {
		t.been = map[[sha256.Size]byte]bool{}
	}
	t.been[sum] = true
	return nil
}

// step is the same of a cursor, which remembers no trail: it knows where it stands, and how long it has been under way.
func (c *cursor) step(op, link string) error {
	if c.Pages++; link == c.Link || c.Pages > maxPages {
		return inACircle(op)
	}
	return nil
}

func inACircle(op string) error {
	return pim.Errorf(op, pim.ErrProtocol, "Microsoft 365 pages in a circle")
}

func nowhere(op string) error {
	return pim.Errorf(op, pim.ErrProtocol, "Microsoft 365 did not say how to go on")
}

// maxPageSize is the preference for pages of n items.
func maxPageSize(n int) string { return "odata.maxpagesize=" + strconv.Itoa(n) }

// getPage reads one page. Of an answer without a list in it nothing is known: taken for an empty one it would have everything deleted.
func getPage[T any](ctx context.Context, s *service, r request) (p page[T], err error) {
	if err = s.get(ctx, r, &p); err == nil && p.Value == nil {
		err = incomplete(r.op)
	}
	return p, err
}

func incomplete(op string) error {
	return pim.Errorf(op, pim.ErrProtocol, "the answer of Microsoft 365 is incomplete")
}

// every reads all pages of a collection.
func every[T any](ctx context.Context, s *service, r request) ([]T, error) {
	var out []T
	var t trail
	for {
		p, err := getPage[T](ctx, s, r)
		if err != nil {
			return nil, err
		}
		out = append(out, p.Value...)
		if p.Next == "" {
			return out, nil
		}
		if err := t.step(r.op, p.Next); err != nil {
			return nil, err
		}
		r.link = p.Next
	}
}

// round reads the pages of a delta query to the last, and tells the link by which the next round begins.
func round[T any](ctx context.Context, s *service, r request, take func([]T)) (delta string, err error) {
	var t trail
	for {
		p, err := getPage[T](ctx, s, r)
		if err != nil {
			return "", err
		}
		take(p.Value)
		switch {
		case p.Delta != "":
			return p.Delta, nil
		case p.Next == "":
			return "", nowhere(r.op)
		}
		if err := t.step(r.op, p.Next); err != nil {
			return "", err
		}
		r.link = p.Next
	}
}

// tracked is what can be followed by delta queries.
type tracked[T any] interface {
	*T
	name() string
	gone() bool
	changed() string // when, as Graph writes times
}

// present reads a delta query from its beginning: what is there, each once, as it was told last.
func present[T any, P tracked[T]](ctx context.Context, s *service, r request) ([]T, error) {
	var all []T
	at := map[string]int{}
	_, err := round(ctx, s, r, func(some []T) {
		for i := range some {
			id := P(&some[i]).name()
			if j, told := at[id]; told {
				all[j] = some[i]
				continue
			}
			at[id] = len(all)
			all = append(all, some[i])
		}
	})
	if err != nil {
		return nil, err
	}
	there := all[:0]
	for i := range all {
		if !P(&all[i]).gone() {
			there = append(there, all[i])
		}
	}
	return there, nil
}

// byChange tells what a collection has of the items that were changed since cur, in that order. A page begins at the second at which the one
// before ended, so that items of that second are told again. ask makes the query for what was changed since a time.
func byChange[T any, P tracked[T]](ctx context.Context, s *service, r request, cur cursor, ask func(since string) url.Values, tell func(P)) error {
	path := r.path
	var t trail
	for n := 0; n < maxPages; n++ {
		if r.link = cur.Link; cur.Link == "" {
			r.path, r.query = path, ask(cur.Since)
		}
		p, err := getPage[T](ctx, s, r)
		if err != nil {
			return err
		}
		for i := range p.Value {
			x := P(&p.Value[i])
			cur.High = max(cur.High, x.changed()) // one form of text, so that they compare like times
			tell(x)
		}
		if p.Next == "" {
			return nil
		}
		if err := t.step(r.op, p.Next); err != nil {
			return err
		}
		cur.ahead(p.Next)
	}
	return inACircle(r.op)
}

// ahead moves the cursor behind a page that has another one after it. A nextLink counts items: whatever is deleted, or changed and so
// moved to the end, between two pages would have it pass one over. Times do not move; only among items of one second there is nothing
// but the link.
func (c *cursor) ahead(link string) {
	c.Link = link
	at, err := time.Parse(time.RFC3339Nano, c.High)
	if next := at.UTC().Format(time.RFC3339); err == nil && next > c.Since {
		c.Link, c.Since, c.Pages = "", next, 0
	}
}
