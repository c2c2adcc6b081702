package main

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"crmbridge/auth"
	"crmbridge/exchange/graph"
	"crmbridge/pim"
	"crmbridge/store"
)

// notifyPath is where Microsoft 365 tells of changes, below the public address.
const notifyPath = "/notify/graph"

// notifyPurpose binds the states of subscriptions, which name links.
const notifyPurpose = "notify:graph"

// newHub is nil where the configuration says that Microsoft cannot reach the server. Commands have one too: a test of a link
// asks for a subscription, which a server that runs beside them confirms.
func (a *app) newHub() *graph.Hub {
	if !a.cfg.Notifications {
		return nil
	}
	return graph.NewHub(graph.HubOptions{
		URL:  a.cfg.PublicURL + notifyPath,
		Seal: func(b []byte) ([]byte, error) { return a.keeper.Seal(notifyPurpose, b) },
		Open: func(b []byte) ([]byte, error) { return a.keeper.Open(notifyPurpose, b) },
		Hint: a.hinted, Now: a.now, Log: a.log,
		Network: func(r *http.Request) string { return auth.Network(a.clientAddress(r)) },
	})
}

// hinted queues a run of a link that this process does not watch (yet). A link that is gone or rests is no fault: its
// subscription ends by itself.
func (a *app) hinted(ctx context.Context, link string) error {
	n, err := strconv.ParseInt(link, 10, 64)
	if err != nil {
		return nil //nolint:nilerr // a test of settings, which have no link
	}
	err = a.store.Update(ctx, func(tx *store.Tx) error {
		l, err := tx.Link(store.LinkID(n))
		if err != nil || l.Paused {
			return err
		}
		return a.jobs.Want(ctx, tx, l.ID, "hint")
	})
	if errors.Is(err, pim.ErrNotFound) {
		return nil
	}
	return err
}
