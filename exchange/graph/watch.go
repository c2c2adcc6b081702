package graph

import (
	"context"
	"time"

	"crmbridge/exchange"
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
	e := c.hear(ctx, sh)
	defer e.close(ctx)
	link := ""
	for {
		if last := c.links.last(col); last != "" && col != exchange.AllMail {
			link = last
		}
		news := false
		if link, news, err = c.look(ctx, op, sh, link); err != nil {
			return err
		}
		if news {
			hint()
		}
		if err := c.listen(ctx, op, e, hint); err != nil {
			return err
		}
	}
}

// listen waits until it is time to look, and gives hints of notifications meanwhile. One can come before a delta query shows what it
// is about, so that it is looked soon after.
func (c *connector) listen(ctx context.Context, op string, e *ear, hint func()) error {
	for told := false; ; {
		var err error
		if told, err = pause(ctx, op, e.patience(told), e); err != nil {
			return err
		}
		if told {
			hint()
		}
		if e.keep(ctx, !told); !told {
			return nil
		}
	}
}

// look reads what is behind a link to its end, "" from the beginning, and tells whether there was anything new.
func (c *connector) look(ctx context.Context, op string, sh shelf, link string) (next string, news bool, err error) {
	began := link == ""
	if all, ok := sh.(*allMails); ok {
		return all.newer(ctx, link)
	}
	r := request{op: op, link: link}
	if began {
		r = sh.start(c.window(remote.Scope{}))
		r.op = op
	}
	r.prefer = append(r.prefer, maxPageSize(maxPage))
	next, err = round(ctx, c.service, r, func(some []stamp) { news = news || len(some) > 0 })
	switch {
	case lost(err): // the listing tells the relay
		return "", true, nil
	case err != nil:
		return "", false, err
	}
	return next, news && !began, nil
}

// pause waits; told says that a notification came first.
func pause(ctx context.Context, op string, wait time.Duration, e *ear) (told bool, err error) {
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false, pim.Wrap(op, pim.ErrUnavailable, ctx.Err())
	case <-e.rung:
		return true, nil
	case <-t.C:
		return false, nil
	}
}
