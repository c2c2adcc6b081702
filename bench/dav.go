package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// operation is one row to be measured.
type operation struct {
	name   string
	folder *folder
	// next is the request of the next round; each is asked for once.
	next   func() call
	status int
	// members is how many responses the answer must have, 0 for as many as there
	// are, -1 when it is no multistatus.
	members int
	// floor makes the floor from one answer of the operation.
	floor func(ctx context.Context, answer []byte) (floor, error)
}

// run measures an operation.
func (w *world) run(ctx context.Context, o options, op *operation) (row, error) {
	r := row{name: op.name, size: w.size, requests: -1}
	sample := op.next()
	first, err := w.client.fetch(ctx, w.web.base, sample, op.status)
	if err != nil {
		return r, err
	}
	if err := op.check(first); err != nil {
		return r, err
	}
	r.answer = int64(len(first))
	if o.profile != "" {
		err = profiled(o.profile, fmt.Sprintf("%s %d", op.name, w.size), func() error {
			r.times, _, err = rounds(ctx, o.budget, w.timed(ctx, op), nil)
			return err
		})
		return r, err
	}
	if w.bare.do, err = op.floor(ctx, first); err != nil {
		return r, err
	}
	if r.times, r.floor, err = rounds(ctx, o.budget, w.timed(ctx, op), w.timedFloor(ctx, op, sample)); err != nil {
		return r, err
	}
	n := min(20, len(r.times))
	if r.times.median() > 50*time.Millisecond {
		n = 2
	}
	reqs := make([]*http.Request, n)
	for i := range reqs {
		if reqs[i], err = w.client.request(ctx, w.web.base, op.next()); err != nil {
			return r, err
		}
	}
	r.allocs, r.memory, err = counted(n, func() error {
		r := reqs[0]
		reqs = reqs[1:]
		return inProcess(w.handler, r, op.status)
	})
	return r, err
}

func (w *world) timed(ctx context.Context, op *operation) func() (time.Duration, error) {
	return func() (time.Duration, error) {
		took, _, err := w.client.timed(ctx, w.web.base, op.next(), op.status, io.Discard)
		return took, err
	}
}

// timedFloor sends a request of the operation to the bare handler, which chooses the
// rows of each round itself.
func (w *world) timedFloor(ctx context.Context, op *operation, sample call) func() (time.Duration, error) {
	return func() (time.Duration, error) {
		took, _, err := w.client.timed(ctx, w.bottom.base, sample, op.status, io.Discard)
		return took, err
	}
}

// besideDownload measures an operation while another program fetches the whole
// calendar again and again. There is no floor of that.
func (w *world) besideDownload(ctx context.Context, o options, op *operation) (r row, err error) {
	r = row{name: op.name + " while everything is downloaded", size: w.size, requests: -1}
	ctx, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { // owner: besideDownload; ends with ctx
		for {
			_, _, err := w.client.timed(ctx, w.web.base, w.everything(), http.StatusMultiStatus, io.Discard)
			if ctx.Err() != nil {
				err = nil // cut off in the middle
			}
			if err != nil || ctx.Err() != nil {
				done <- err
				return
			}
		}
	}()
	r.times, _, err = rounds(ctx, o.budget, w.timed(ctx, op), nil)
	stop()
	return r, errors.Join(err, <-done)
}

var (
	response = []byte("<D:response>")
	hrefs    = regexp.MustCompile(`<D:response><D:href>([^<]+)</D:href>`)
)

// check makes sure that an answer is the one that was to be measured.
func (op *operation) check(answer []byte) error {
	if op.members < 0 {
		return nil
	}
	got := bytes.Count(answer, response)
	if got == 0 || op.members > 0 && got != op.members {
		return fmt.Errorf("%s: %d responses, want %d", op.name, got, op.members)
	}
	return nil
}

// members are the names of the objects in an answer.
func (f *folder) members(answer []byte) (names []string) {
	for _, m := range hrefs.FindAllSubmatch(answer, -1) {
		if name, ok := strings.CutPrefix(string(m[1]), f.path); ok && name != "" {
			names = append(names, name)
		}
	}
	return names
}
