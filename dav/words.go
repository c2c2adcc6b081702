package dav

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"sync"

	"crmbridge/pim"
	"crmbridge/pim/vcf"
	"crmbridge/store"
)

// wordIndexer brings the index of the words of address books up to date, beside the requests: what a search finds to be behind
// is done for the next one. There is one at work at a time, and what it does is done in steps between which others write.
type wordIndexer struct {
	store *store.Store
	log   *slog.Logger
	maker store.WordMaker
	ctx   context.Context // ends the work; nothing is lost by that
	stop  context.CancelFunc

	mu      sync.Mutex
	wanted  []store.CollectionID
	working bool
	running sync.WaitGroup
}

func newWordIndexer(s *store.Store, log *slog.Logger, lim vcf.Limits) *wordIndexer {
	x := &wordIndexer{store: s, log: log, maker: wordMaker(lim)}
	x.ctx, x.stop = context.WithCancel(context.Background())
	return x
}

// WordMaker makes the words that searches of address books ask the store's index for.
func WordMaker(lim Limits) store.WordMaker { return wordMaker(lim.withDefaults().vcf()) }

func wordMaker(lim vcf.Limits) store.WordMaker {
	return store.WordMaker{Edition: vcf.WordsEdition, Of: func(text []byte) (string, bool) { return vcf.Words(text, lim) }}
}

// want asks for the index of a collection.
func (x *wordIndexer) want(c store.CollectionID) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, w := range x.wanted {
		if w == c {
			return
		}
	}
	if x.ctx.Err() != nil {
		return
	}
	x.wanted = append(x.wanted, c)
	if !x.working {
		x.working = true
		x.running.Add(1)
		go x.work() // owner: the handler; ends with the list, or when it is closed
	}
}

func (x *wordIndexer) work() {
	defer x.running.Done()
	for {
		c, ok := x.next()
		if !ok {
			return
		}
		if err := x.index(c); err != nil && x.ctx.Err() == nil {
			x.log.Warn("dav: words of cards not indexed", "collection", c, "err", err)
		}
	}
}

// next takes the first of the list; false ends the work.
func (x *wordIndexer) next() (store.CollectionID, bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.wanted) == 0 || x.ctx.Err() != nil {
		x.wanted, x.working = nil, false
		return 0, false
	}
	c := x.wanted[0]
	x.wanted = x.wanted[1:]
	return c, true
}

func (x *wordIndexer) index(c store.CollectionID) (err error) {
	defer func() {
		if v := recover(); v != nil {
			x.log.Error("dav: panic while indexing words", "panic", pim.PanicWords(v), "stack", string(debug.Stack()))
			err = errors.New("panic")
		}
	}()
	for more := true; more && err == nil; {
		more, err = x.store.IndexWords(x.ctx, c, x.maker)
	}
	return err
}

// close ends the work. Nothing may be wanted afterwards.
func (x *wordIndexer) close() {
	x.stop()
	x.running.Wait()
}

// wait returns when nothing is left to do.
func (x *wordIndexer) wait() { x.running.Wait() }
