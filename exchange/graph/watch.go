package graph

import (
	"context"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
)

// Watch implements remote.Watcher by asking whether the deltaLink has anything new, one request a time. Subscriptions of Graph would
// tell at once, but need an address of ours that Microsoft can reach.
func (c *connector) Watch(ctx context.Context, col remote.CollectionID, hint func()) error {
	const op = "graph: watch"
	sh, err := c.shelf(col)
	if err != nil {
		return err
	}
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
		if err := c.pause(ctx, op); err != nil {
			return err
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

func (c *connector) pause(ctx context.Context, op string) error {
	t := time.NewTimer(c.poll)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return pim.Wrap(op, pim.ErrUnavailable, ctx.Err())
	case <-t.C:
		return nil
	}
}
