package main

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"crmbridge/auth"
	"crmbridge/feed"
	"crmbridge/store"
)

// besideFeeds is the DAV server with that of feeds beside it, as one address has both.
func besideFeeds(dav http.Handler, s *store.Store, log *slog.Logger) http.Handler {
	feeds := feed.New(feed.Options{Store: s, Now: time.Now, Log: log, Version: "bench"})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, feed.Prefix) {
			feeds.ServeHTTP(w, r)
			return
		}
		dav.ServeHTTP(w, r)
	})
}

// publish makes a feed of the whole calendar and returns the request for it.
func (w *world) publish(ctx context.Context) (call, error) {
	secret, err := auth.NewSecret(rand.Reader)
	if err != nil {
		return call{}, err
	}
	const name = "calendar"
	err = w.store.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.CreateFeed(store.Feed{UserID: w.user.ID, CollectionID: w.calendar.col.ID, Name: name, Hash: auth.HashSecret(secret), Hint: auth.Hint(secret),
			Detail: store.DetailFull, Private: true, Alarms: true})
		return err
	})
	if err != nil {
		return call{}, err
	}
	address, _ := feed.Address("", secret, name)
	return get(address), nil
}
