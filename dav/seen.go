package dav

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"log/slog"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"crmbridge/pim"
	"crmbridge/store"
)

// flushAfter is how long marks wait for others: a download must not wait for the one writer of the database.
const flushAfter = 250 * time.Millisecond

// recorder notes what devices downloaded, after the answers were sent and in few transactions, one after another: two at
// once would wait for each other, as programs download the same objects again and again. Before a device writes
// without condition, what waits for it is taken along. A mark that is lost in a crash makes the next such write of
// the device look older than it is, and so more careful.
type recorder struct {
	store *store.Store
	log   *slog.Logger

	mu      sync.Mutex
	waiting marks
	here    map[string]time.Time // devices and when they were last noted as here
	arrived []string             // devices to be noted with the next flush
	writing marks                // in transactions that may not have ended yet; is not changed while it is here
	timer   *time.Timer          // of the next flush; nil while there is nothing to write, or one is at work
	running sync.WaitGroup
	closed  bool
}

// marks are what devices downloaded, in few bytes each: several may have fetched a whole large collection at the same time.
type marks map[string]*downloads

func (m marks) add(device string, list []store.SeenMark) {
	of := m[device]
	if of == nil {
		of = &downloads{}
		m[device] = of
	}
	for _, s := range list {
		of.add(s)
	}
	if of.count > of.once+max(of.once/2, repeatsKept) {
		// The same again and again, while the database takes nothing.
		each := m.list(device)
		*of = downloads{once: len(each)}
		for _, s := range each {
			of.add(s)
		}
	}
}

// repeatsKept is how many marks of a device may stand for the same objects, or half as many as there are objects.
const repeatsKept = 50_000

// list is in the order of the objects, as neighbours are written faster, and has each once.
func (m marks) list(device string) []store.SeenMark {
	of := m[device]
	if of == nil {
		return nil
	}
	out := make([]store.SeenMark, 0, of.count)
	of.each(markedAtOnce, func(list []store.SeenMark) { out = append(out, list...) })
	slices.SortFunc(out, func(a, b store.SeenMark) int {
		return cmp.Or(cmp.Compare(a.Object, b.Object), cmp.Compare(b.Seq, a.Seq))
	})
	return slices.CompactFunc(out, func(a, b store.SeenMark) bool { return a.Object == b.Object })
}

// marked is what one device downloaded, or a part of it.
type marked struct {
	device string
	list   []store.SeenMark
}

// groups splits m into groups of at most so many marks. The marks of one device at a time are unpacked.
func (m marks) groups(most int) iter.Seq[[]marked] {
	return func(yield func([]marked) bool) {
		var group []marked
		room := most
		for _, device := range slices.Sorted(maps.Keys(m)) {
			for list := m.list(device); len(list) > 0; {
				n := min(room, len(list))
				group = append(group, marked{device, list[:n]})
				list = list[n:]
				if room -= n; room > 0 {
					continue
				}
				if !yield(group) {
					return
				}
				group, room = nil, most
			}
		}
		if len(group) > 0 {
			yield(group)
		}
	}
}

func newRecorder(s *store.Store, log *slog.Logger) *recorder {
	return &recorder{store: s, log: log, waiting: marks{}, here: map[string]time.Time{}}
}

// add notes marks of one device.
func (r *recorder) add(device string, list []store.SeenMark) {
	if device == "" || len(list) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting.add(device, list)
	r.schedule()
}

// hereAgain is how long a device counts as here once that was noted: nobody is forgotten sooner than after days, and a
// request that only reads must not cost a write.
const hereAgain = 24 * time.Hour

// devicesKnown bounds the devices that are remembered as noted.
const devicesKnown = 100_000

// isHere notes that a device asks for something.
func (r *recorder) isHere(device string, now time.Time) {
	if device == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if last, known := r.here[device]; known && now.Sub(last) < hereAgain {
		return
	}
	if len(r.here) >= devicesKnown {
		clear(r.here)
	}
	r.here[device] = now
	r.arrived = append(r.arrived, device)
	r.schedule()
}

// missed lets devices be noted again with what they ask for next: marks of a device that was never noted as here would
// stay for ever.
func (r *recorder) missed(devices []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, d := range devices {
		delete(r.here, d)
	}
}

// schedule sets the timer when there is something to write and nobody writes. r.mu is held.
func (r *recorder) schedule() {
	if r.timer == nil && r.writing == nil && len(r.waiting)+len(r.arrived) > 0 && !r.closed {
		r.running.Add(1)
		r.timer = time.AfterFunc(flushAfter, r.onTimer)
	}
}

// of is what a device has waiting, the transaction on its way included. It stays noted: marking twice is harmless.
func (r *recorder) of(device string) []store.SeenMark {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append(r.waiting.list(device), r.writing.list(device)...)
}

// onTimer runs on the timer's goroutine; close waits for it.
func (r *recorder) onTimer() {
	defer r.running.Done()
	defer func() {
		if v := recover(); v != nil {
			r.log.Error("dav: panic while noting downloads", "panic", pim.PanicWords(v), "stack", string(debug.Stack()))
		}
	}()
	if err := r.flush(context.Background()); err != nil {
		r.log.Warn("dav: downloads not noted", "err", err)
	}
}

// flush writes what waits. It runs on the timer, which is not set while it runs, and once more at the end.
func (r *recorder) flush(ctx context.Context) error {
	r.mu.Lock()
	batch, arrived := r.waiting, r.arrived
	r.waiting, r.writing, r.timer, r.arrived = marks{}, batch, nil, nil
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.writing = nil
		r.schedule()
	}()
	var err error
	if len(arrived) > 0 {
		err = r.store.Update(ctx, func(tx *store.Tx) error { return tx.DeviceHere(arrived...) })
		if err != nil {
			r.missed(arrived)
		}
	}
	return errors.Join(err, r.write(ctx, batch))
}

// writtenAtOnce is how many marks share a transaction: 10 ms of SQLite's one writer. Who changes something waits for no more
// than that, whatever is downloaded at the time.
const writtenAtOnce = 500

// write goes on after a failure: one object that is gone must not cost the marks of other devices.
func (r *recorder) write(ctx context.Context, batch marks) error {
	var failed error
	for group := range batch.groups(writtenAtOnce) {
		err := r.store.Update(ctx, func(tx *store.Tx) error {
			for _, part := range group {
				if err := tx.MarkSeen(part.device, part.list); err != nil {
					return err
				}
			}
			return nil
		})
		if ctx.Err() != nil {
			return err
		}
		failed = errors.Join(failed, err)
	}
	return failed
}

// close writes the rest. Nothing may be added afterwards.
func (r *recorder) close(ctx context.Context) error {
	r.mu.Lock()
	r.closed = true
	if r.timer != nil && r.timer.Stop() {
		r.running.Done()
	}
	r.mu.Unlock()
	r.running.Wait()
	return r.flush(ctx)
}
