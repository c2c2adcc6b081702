package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"

	"crmbridge/bench/peers"
)

// entrants are ours, first, and the others.
func entrants(p program, others *regexp.Regexp) []entrant {
	all := []entrant{{title: "bridge", version: "this one", storage: "SQLite", durable: true, collation: "i;unicode-casemap", open: p.enter}}
	for _, peer := range peers.Table() {
		if !others.MatchString(peer.Title) {
			continue
		}
		all = append(all, entrant{title: peer.Title, storage: peer.Storage, durable: peer.Durable, coarse: peer.Coarse, note: peer.Note,
			collation: peer.Collation, single: peer.NoKeepAlive, filling: peer.Filling,
			open: func(ctx context.Context) (*site, error) {
				s, err := peers.Start(ctx, peer)
				if err != nil {
					return nil, err
				}
				return &site{base: s.Base, calendar: peer.Calendar, book: peer.Book, user: peers.User, password: peers.Password, version: s.Version, close: s.Stop, write: s.Write}, nil
			}})
	}
	return all
}

// enter starts the bridge with one account.
func (p program) enter(ctx context.Context) (_ *site, err error) {
	dir, err := os.MkdirTemp("", "bridge-bench-")
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	url := "sqlite:" + filepath.Join(dir, "bridge.db")
	b, err := openBridge(ctx, url, dir, nil)
	if err != nil {
		return nil, err
	}
	s, err := p.serve(ctx, b, url, dir)
	if err != nil {
		return nil, err
	}
	return &site{base: s.base, calendar: "/dav/calendars/ann/bench/", book: "/dav/addressbooks/ann/persons/", user: b.user.Name, password: b.password,
		close: func() error { return errors.Join(s.close(), os.RemoveAll(dir)) }}, nil
}
