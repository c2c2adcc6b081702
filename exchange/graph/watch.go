package graph

import (
	"context"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
)

// looksLess is how much more seldom a watch looks that is told of changes as well: notifications can be lost.
const looksLess = 20

// Watch implements remote.Watcher by asking whether the deltaLink has anything new, one request a time, and by a subscription where
// the program has an address that Microsoft can reach (Hub).
func (c *connector) Watch(ctx context.Context, col remote.CollectionID, hint func()) error {
	const op = "graph: watch"
	sh, err := c.shelf(col)
	if err != nil {
		return err
	}
	b, sub, leave := c.hear(ctx, sh)
	defer func() {
		leave()
		if sub.id != "" {
			c.unsubscribe(ctx, sub)
		}
	}()
	link := ""
	for {
		if last := c.links.last(col); last != "" {
			link = last
		}
		news := false
		if link, news, err = c.look(ctx, op, sh, link); err != nil {
			return err
		}
		if news {
			hint()
		}
		told, err := c.pause(ctx, op, sub, b)
		if err != nil {
			return err
		}
		if told {
			hint()
		}
		if had := sub.id != ""; had {
			if sub = c.keep(ctx, sub, b); sub.id == "" {
				leave()
				b, sub, leave = c.hear(ctx, sh)
			}
		}
	}
}

// look reads what is behind a link to its end, "" from the beginning, and tells whether there was anything new.
func (c *connector) look(ctx context.Context, op string, sh shelf, link string) (next string, news bool, err error) {
	began := link == ""
	r := request{op: op, link: link}
	if began {
		r = sh.start(c.window(remote.Scope{}))
		r.op = op
	}
	r.prefer = append(r.prefer, maxPageSize(maxPage))
	for range maxPages {
		var p page[stamp]
		if err := c.get(ctx, r, &p); err != nil {
			if lost(err) { // the listing tells the relay
				return "", true, nil
			}
			return "", false, err
		}
		news = news || len(p.Value) > 0
		switch {
		case p.Delta != "":
			return p.Delta, news && !began, nil
		case p.Next == "":
			return "", false, pim.Errorf(op, pim.ErrProtocol, "Microsoft 365 did not say how to go on")
		}
		r.link = p.Next
	}
	return "", false, pim.Errorf(op, pim.ErrProtocol, "Microsoft 365 pages in a circle")
}

// pause waits until it is time to look again; told says that a notification came first.
func (c *connector) pause(ctx context.Context, op string, sub subscription, b bell) (told bool, err error) {
	wait := c.poll
	if sub.id != "" {
		wait *= looksLess
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false, pim.Wrap(op, pim.ErrUnavailable, ctx.Err())
	case <-b.rung:
		return true, nil
	case <-t.C:
		return false, nil
	}
}
