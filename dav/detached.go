package dav

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"crmbridge/pim"
	"crmbridge/store"
)

// What is made inside a reading transaction goes to the client by way of a queue, so that the transaction ends as soon as
// the answer is made: its connection is one that logins and writers need too, and its snapshot keeps SQLite from folding
// its log into the file, and PostgreSQL from clearing up.
//
// The queue is memory first. What is more than that is sent on by a goroutine while the rest is made, at the client's speed
// for a moment, and from then on the rest goes through a file (spool.go). When there is no room for files, some answers
// may wait for their clients inside their transactions, and those beyond are cut off.
const (
	queued = 128 << 10              // in memory, in bytes; twice that while it is sent on
	piece  = 64 << 10               // through a file, in bytes
	grace  = 100 * time.Millisecond // for which an answer waits for its client in all
)

// errDawdles ends an answer for which there is no room.
var errDawdles = errors.New("dav: the client reads too slowly, and there is no room to keep its answer")

// view runs f in a reading transaction of the store; the answer that f writes may reach the client after it. An error of
// the client's connection is returned too: who gets nil knows that the answer was sent.
func (q *request) view(f func(*store.Tx) error) error {
	d := &detached{ctx: q.ctx, client: q.client, spools: q.h.spools, user: q.caller.User.ID, now: q.h.now, log: q.h.log}
	q.client.detached = d
	whole := false
	defer func() {
		if !whole { // also when f panics
			d.stay()
			d.abandon()
		}
	}()
	err := q.h.store.View(q.ctx, f)
	d.stay()
	if err != nil {
		return err
	}
	whole = true
	return d.finish()
}

// detached is the queue of one answer. Its methods are called by the goroutine of the request; send is the other's.
type detached struct {
	ctx    context.Context // of the request
	client *toClient
	spools *spools
	user   store.UserID
	now    func() time.Time
	log    *slog.Logger

	// Made with the begin of send:
	room chan struct{} // that something was sent
	work chan struct{} // that there is something to send, or nothing will come any more
	done chan struct{} // closed at the end of send

	spare  []byte        // of send
	lasted time.Duration // waited for the client
	stays  bool          // holds a place of spools.linger

	mu     sync.Mutex
	mem    []byte // before what is in the file
	file   *spoolFile
	inFile int64 // bytes that were not sent
	taken  int64 // of spools
	closed bool  // nothing will come any more
	err    error // of the client's connection, or of the file
}

// Write implements io.Writer.
func (d *detached) Write(b []byte) (int, error) {
	for rest := b; len(rest) > 0; {
		n, err := d.put(rest)
		if err != nil {
			return len(b) - len(rest), err
		}
		if rest = rest[n:]; n > 0 || len(rest) == 0 {
			continue
		}
		if err := d.wait(); err != nil {
			return len(b) - len(rest), err
		}
	}
	return len(b), nil
}

// put queues what there is room for. A first piece that fits memory waits there for the end of the transaction.
func (d *detached) put(b []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err != nil {
		return 0, d.err
	}
	if d.inFile == 0 {
		d.dropFile()
		n := min(len(b), queued-len(d.mem))
		d.mem = append(d.mem, b[:n]...)
		if d.done == nil && n < len(b) {
			d.room, d.work, d.done = make(chan struct{}, 1), make(chan struct{}, 1), make(chan struct{})
			go d.send() // owner: finish or abandon waits for its end
		}
		if d.done != nil && n > 0 {
			signal(d.work)
		}
		if n > 0 {
			return n, nil
		}
	}
	if d.lasted < grace {
		return 0, nil
	}
	return d.spill(b)
}

// spill puts a piece into the file, or nothing when there is no room.
func (d *detached) spill(b []byte) (int, error) {
	b = b[:min(len(b), piece)]
	if !d.spools.take(d.user, int64(len(b))) {
		return 0, nil
	}
	d.taken += int64(len(b))
	if d.file == nil {
		f, err := newSpoolFile(d.spools.folder)
		if err != nil {
			d.log.Warn("dav: no file for an answer whose client is slow", "err", err)
			return 0, nil
		}
		d.file = f
	}
	if err := d.file.write(b); err != nil {
		d.err = fmt.Errorf("dav: answer in a file: %w", err)
		return 0, d.err
	}
	d.inFile += int64(len(b))
	signal(d.work)
	return len(b), nil
}

// dropFile gives back what a file took of which everything was sent.
func (d *detached) dropFile() {
	if d.file != nil {
		d.file.close()
		d.file = nil
	}
	d.spools.give(d.user, d.taken)
	d.taken = 0
}

// wait is for something to be sent: the rest of the grace, or, for who holds one of the few places, as long as it takes.
func (d *detached) wait() error {
	var late <-chan time.Time
	if d.lasted < grace {
		t := time.NewTimer(grace - d.lasted)
		defer t.Stop()
		late = t.C
	} else if !d.stays {
		select {
		case d.spools.linger <- struct{}{}:
			d.stays = true
		default:
			return errDawdles
		}
	}
	if turn := d.client.turn; turn != nil {
		turn.writing()
		defer turn.wrote()
	}
	began := d.now()
	select {
	case <-d.room:
		d.lasted += d.now().Sub(began)
	case <-late:
		d.lasted = grace
	case <-d.ctx.Done():
		return fmt.Errorf("dav: answer: %w", d.ctx.Err())
	}
	return nil
}

// stay ends the time in which this answer holds a transaction.
func (d *detached) stay() {
	if d.stays {
		<-d.spools.linger
		d.stays = false
	}
}

// send sends what is queued, until it failed or nothing will come any more.
func (d *detached) send() {
	defer close(d.done)
	defer signal(d.room)
	defer func() {
		if v := recover(); v != nil {
			d.log.Error("dav: panic while an answer was sent", "panic", pim.PanicWords(v), "stack", string(debug.Stack()))
			d.failed(fmt.Errorf("dav: panic: %v", v))
		}
	}()
	for {
		b, more, err := d.next()
		if err == nil && len(b) > 0 {
			_, err = d.client.ResponseWriter.Write(b)
		}
		if err != nil {
			d.failed(err)
			return
		}
		switch {
		case len(b) > 0:
			signal(d.room)
		case !more:
			return
		default:
			<-d.work
		}
	}
}

// next is what is to be sent next, which is valid until the next call; nothing when it has to be waited for.
func (d *detached) next() (b []byte, more bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.err != nil:
		return nil, false, d.err
	case len(d.mem) > 0:
		b, d.mem, d.spare = d.mem, d.spare[:0], d.mem
		return b, true, nil
	case d.inFile > 0:
		if cap(d.spare) < piece {
			d.spare = make([]byte, piece)
		}
		b, err = d.file.next(d.spare[:piece], d.inFile)
		d.inFile -= int64(len(b))
		return b, true, err
	}
	return nil, !d.closed, nil
}

func (d *detached) failed(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err == nil {
		d.err = err
	}
}

// finish waits until everything is sent. What is written after it goes to the client as ever.
func (d *detached) finish() error {
	d.client.detached = nil
	if d.done == nil {
		if len(d.mem) == 0 {
			return nil
		}
		_, err := d.client.Write(d.mem)
		return err
	}
	d.end(nil)
	if turn := d.client.turn; turn != nil {
		turn.writing()
		defer turn.wrote()
	}
	<-d.done
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dropFile()
	return d.err
}

// abandon drops what is queued: the answer failed. A client that does not take what is on its way is not waited for.
func (d *detached) abandon() {
	d.client.detached = nil
	if d.done != nil {
		d.end(errAbandoned)
		// A time that has passed ends the write. A writer that knows no deadlines ends by itself.
		_ = http.NewResponseController(d.client.ResponseWriter).SetWriteDeadline(time.Unix(1, 0))
		<-d.done
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dropFile()
}

// errAbandoned ends the sending of an answer that failed.
var errAbandoned = errors.New("dav: answer given up")

func (d *detached) end(err error) {
	d.mu.Lock()
	d.closed = true
	if d.err == nil {
		d.err = err
	}
	d.mu.Unlock()
	signal(d.work)
}

// signal tells whoever waits, now or later, once.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
