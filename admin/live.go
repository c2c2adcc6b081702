package admin

import (
	"context"
	"errors"
	"fmt"
	"html"
	"net/http"
	"strings"
	"sync"
	"time"

	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/store"
)

// Streams of progress: how many one person may have open, how often they look, how often they say that they are there, and how long they last at most;
// a browser opens another one then by itself.
const (
	streamsEach = 4
	streamLook  = time.Second
	streamBeat  = 15 * time.Second
	streamMost  = 50 * time.Second // less than an answer may take (http.Server.WriteTimeout)
)

// streams counts those that are open, by account, and ends them when the server stops.
type streams struct {
	mu   sync.Mutex
	open map[store.UserID]int
	stop chan struct{}
	once sync.Once
}

func newStreams() *streams {
	return &streams{open: map[store.UserID]int{}, stop: make(chan struct{})}
}

// enter takes a place; leave gives it back.
func (s *streams) enter(u store.UserID) (leave func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[u] >= streamsEach {
		return nil, false
	}
	s.open[u]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.open[u]--; s.open[u] == 0 {
			delete(s.open, u)
		}
	}, true
}

// Stop ends what would keep a server from stopping: streams that wait for the end of a run. More of them end at once.
func (s *Server) Stop() { s.streams.once.Do(func() { close(s.streams.stop) }) }

// watched is a link whose run a page waits for; Page is that page, which is read anew when the run has ended.
type watched struct {
	ID   store.LinkID
	Page string
}

// linkEvents tells how the run of a link goes, until it has ended.
func (c *call) linkEvents() (answer, error) {
	l, err := c.linkOf()
	if err != nil {
		return nil, err
	}
	leave, ok := c.streams.enter(c.user.ID)
	if !ok {
		return nil, &pim.Error{Op: "progress", Kind: pim.ErrThrottled, Public: "too many pages of yours watch runs", After: streamLook}
	}
	return stream{leave, func(ctx context.Context, send func(event, text string) error) error { return c.watch(ctx, l, send) }}, nil
}

// watch sends how the run of a link goes whenever that has changed.
func (c *call) watch(ctx context.Context, l store.Link, send func(event, text string) error) error {
	tick := time.NewTicker(streamLook)
	defer tick.Stop()
	var p manage.Progress
	said, beat := "", c.Now()
	for {
		var err error
		if p, err = c.Office.Progress(ctx, l, p); err != nil {
			return err
		}
		switch text := c.progressWords(p); {
		case p.State == "":
			return send("end", "")
		case text != said:
			said, beat = text, c.Now()
			err = send("progress", text)
		case c.Now().Sub(beat) >= streamBeat:
			beat = c.Now()
			if err = c.stillMay(ctx); err == nil {
				err = send("", "")
			}
		}
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-c.streams.stop:
			return nil
		case <-tick.C:
		}
	}
}

func (c *call) progressWords(p manage.Progress) string {
	if p.State == manage.JobQueued {
		return c.Say("links.runQueued")
	}
	return c.Count("links.progress", p.Steps)
}

// stillMay looks whether who watches is signed in still.
func (c *call) stillMay(ctx context.Context) error {
	return c.Store.View(ctx, func(tx *store.Tx) error {
		_, u, err := tx.Session(c.state.Hash)
		if err == nil && !u.Admin {
			err = pim.Errorf("page", pim.ErrForbidden, "only administrators watch runs")
		}
		return err
	})
}

// stream is an answer that goes on: server-sent events (HTML Living Standard, 9.2).
type stream struct {
	leave func()
	run   func(ctx context.Context, send func(event, text string) error) error
}

func (s stream) write(c *call) error {
	defer s.leave()
	ctx, cancel := context.WithTimeout(c.r.Context(), streamMost)
	defer cancel()
	c.w.Header().Set("Content-Type", "text/event-stream")
	c.w.Header().Set("X-Accel-Buffering", "no") // for proxies of the nginx kind, which would keep it back
	c.w.WriteHeader(http.StatusOK)
	out := http.NewResponseController(c.w)
	err := s.run(ctx, func(event, text string) error {
		message := ": here\n\n"
		if event != "" {
			message = "event: " + event + "\ndata: " + html.EscapeString(strings.Join(strings.Fields(text), " ")) + "\n\n"
		}
		if _, err := c.w.Write([]byte(message)); err != nil {
			return fmt.Errorf("admin: stream: %w", err)
		}
		return out.Flush()
	})
	if ctx.Err() != nil || errors.Is(err, pim.ErrNotFound) || errors.Is(err, pim.ErrForbidden) {
		return nil // it is long enough, or who watched is gone or may no more
	}
	return err
}
