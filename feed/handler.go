package feed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"crmbridge/auth"
	"crmbridge/birthday"
	"crmbridge/pim"
	"crmbridge/store"
)

// Metrics counts what the handler does. Calls come from many goroutines.
type Metrics interface {
	// Feed is one request: "full", "unchanged", "unknown", "ended", "refused", "throttled", "failed", or "slow" for one
	// that was cut off because its client read too slowly while it kept a slot from others.
	Feed(outcome string, took time.Duration)
	// Panic is a request that ended in a fault of ours.
	Panic()
}

// Limits bound what feeds may cost. Zero fields get the defaults named here.
type Limits struct {
	Burst   int           // requests of one network (IPv4 address, IPv6 /64) at once: 240
	Rate    float64       // of those a second, on and on: 4
	Miss    int           // how many requests one for an unknown address counts as: 10
	Renders int           // feeds written at once, of all: 8; a quarter of them of one feed, a half for one network
	Wait    time.Duration // for one of those: 5 s
	Keep    int           // bytes of one feed kept in memory, so that it needs no slot while its client reads: 1 MiB
	KeepAll int           // bytes of all feeds kept: 64 MiB
	Stall   time.Duration // for 64 KiB of a larger feed to be read: 4 s
	Time    time.Duration // of one request: 2 minutes
}

func (l Limits) withDefaults() Limits {
	def := func(at *int, v int) {
		if *at <= 0 {
			*at = v
		}
	}
	def(&l.Burst, 240)
	def(&l.Miss, 10)
	def(&l.Renders, 8)
	def(&l.Keep, 1<<20)
	def(&l.KeepAll, 64<<20)
	if l.Rate <= 0 {
		l.Rate = 4
	}
	if l.Stall <= 0 {
		l.Stall = 4 * time.Second
	}
	if l.Wait <= 0 {
		l.Wait = 5 * time.Second
	}
	if l.Time <= 0 {
		l.Time = 2 * time.Minute
	}
	return l
}

// Options are what a Handler works with. Store and Now are required.
type Options struct {
	Store *store.Store
	Now   func() time.Time
	Log   *slog.Logger // nil: nothing is logged
	// Address is who asks, an IP address; nil takes the connection's.
	Address func(*http.Request) string
	Metrics Metrics // nil: nothing is counted
	Limits  Limits
	// Refresh is how often programs are told to ask again; 0 is 15 minutes.
	Refresh time.Duration
	// Version is that of the program. Another one may make other bytes of the same
	// objects, so programs load a feed anew after it has changed.
	Version string
}

// Handler serves Prefix and all below it.
type Handler struct {
	o      Options
	limits Limits
	asked  *throttle
	slots  *slots
	room   *room
}

// New makes a handler. It needs no closing.
func New(o Options) *Handler {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Metrics == nil {
		o.Metrics = nobody{}
	}
	if o.Address == nil {
		o.Address = connection
	}
	if o.Refresh <= 0 {
		o.Refresh = 15 * time.Minute
	}
	l := o.Limits.withDefaults()
	return &Handler{o: o, limits: l, asked: newThrottle(l.Burst, l.Rate), slots: newSlots(l.Renders), room: newRoom(l.KeepAll)}
}

type nobody struct{}

func (nobody) Feed(string, time.Duration) {}
func (nobody) Panic()                     {}

func connection(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// request is one request on its way through.
type request struct {
	*Handler
	w     http.ResponseWriter
	r     *http.Request
	now   time.Time
	from  string // the network that asks
	begun bool   // the status is sent
	what  string
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := &request{Handler: h, w: w, r: r, now: h.o.Now(), what: "failed"}
	defer func() {
		v := recover()
		if v != nil && v != http.ErrAbortHandler { //nolint:errorlint // it is compared so by net/http
			h.o.Metrics.Panic()
			h.o.Log.Error("feed: panic", "panic", pim.PanicWords(v), "stack", string(debug.Stack()))
			if !q.begun {
				q.plain(http.StatusInternalServerError, "Something went wrong here.")
				v = nil
			} else {
				v = http.ErrAbortHandler // what was sent must not look whole
			}
		}
		h.o.Metrics.Feed(q.what, h.o.Now().Sub(q.now))
		if v != nil {
			panic(v) // on to net/http, which ends the connection
		}
	}()
	ctx, cancel := context.WithTimeout(r.Context(), h.limits.Time)
	defer cancel()
	q.serve(ctx)
}

func (q *request) serve(ctx context.Context) {
	h := q.w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	// The address is the key: it must not travel on in a Referer, nor be found by searching.
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Robots-Tag", "noindex, nofollow, noarchive")
	if q.r.Method != http.MethodGet && q.r.Method != http.MethodHead {
		// Thunderbird tries a PUT and a PROPFIND to see what it has before it.
		q.what = "refused"
		h.Set("Allow", "GET, HEAD")
		q.plain(http.StatusMethodNotAllowed, "A feed can only be read.")
		return
	}
	q.from = auth.Network(q.o.Address(q.r))
	if wait := q.asked.take(q.from, 1, q.now); wait > 0 {
		q.busy(wait)
		return
	}
	s, err := q.find(ctx)
	switch shut := s.shut(q.now); {
	case err != nil:
		q.fail(s, err)
	case shut != 0:
		q.asked.take(q.from, q.limits.Miss-1, q.now)
		q.nothing(shut)
	default:
		if birthday.MayBe(s.col.Slug) {
			s = q.freshen(ctx, s)
		}
		q.answer(ctx, s)
		q.touch(ctx, s.feed)
	}
}

// freshen brings a calendar of birthdays up to date with its address book.
func (q *request) freshen(ctx context.Context, s subject) subject {
	err := birthday.Freshen(ctx, q.o.Store, s.col.ID)
	if err == nil {
		var now subject
		if now, err = q.find(ctx); err == nil && now.shut(q.now) == 0 {
			return now
		}
	}
	if err != nil && pim.ReasonOf(err) != pim.ErrNotFound {
		// What is there can be read all the same; the next who reads tries again.
		q.o.Log.Warn("feed: birthdays", "feed", s.feed.ID, "collection", s.col.ID, "err", err)
	}
	return s
}

// find looks up what the address means. It asks the same of the store whatever it finds,
// so that the time it takes says nothing.
func (q *request) find(ctx context.Context) (subject, error) {
	secret, name, well := split(q.r.URL.Path)
	hash := auth.HashSecret(secret)
	var s subject
	err := q.o.Store.View(ctx, func(tx *store.Tx) (err error) {
		s, err = look(tx, hash)
		return err
	})
	if !well || s.feed.Name != name {
		s = subject{}
	}
	return s, err
}

func look(tx *store.Tx, hash []byte) (subject, error) {
	var s subject
	var errs [4]error
	s.feed, errs[0] = tx.FeedByHash(hash)
	s.user, errs[1] = tx.User(s.feed.UserID)
	s.col, errs[2] = tx.Collection(s.feed.CollectionID)
	s.changed, errs[3] = tx.ChangedAt(s.col)
	for _, err := range errs {
		if err != nil && !errors.Is(err, pim.ErrNotFound) {
			return s, err
		}
	}
	return s, nil
}

func (q *request) begin(status int) {
	q.begun = true
	q.w.WriteHeader(status)
}

// touchEvery is how fine the last use of a feed is known.
const touchEvery = time.Minute

// touch notes that a feed is used; that it cannot be noted is no reason to fail.
func (q *request) touch(ctx context.Context, f store.Feed) {
	if f.LastUsed != nil && q.now.Sub(*f.LastUsed) < touchEvery {
		return
	}
	agent := strings.ToValidUTF8(q.r.UserAgent(), "\ufffd")
	if len(agent) > 200 {
		agent = strings.ToValidUTF8(agent[:200], "")
	}
	agent = strings.ReplaceAll(agent, "\x00", "")
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), q.limits.Wait)
	defer cancel()
	err := q.o.Store.Update(ctx, func(tx *store.Tx) error { return tx.TouchFeed(f.ID, agent) })
	if err != nil && !errors.Is(err, pim.ErrNotFound) {
		q.o.Log.Warn("feed: the last use was not noted", "feed", f.ID, "err", err)
	}
}

// fail answers a fault, or ends the connection when something was sent already.
func (q *request) fail(s subject, err error) {
	switch {
	case errors.Is(err, errSlow):
		q.what = "slow"
	case q.r.Context().Err() == nil: // a client that went away is no fault
		q.o.Log.Warn("feed: failed", "feed", s.feed.ID, "err", err)
	}
	if q.begun {
		panic(http.ErrAbortHandler) // net/http's way to end a connection in mid-answer
	}
	for _, name := range []string{"ETag", "Last-Modified", "Content-Encoding", "Vary"} {
		q.w.Header().Del(name)
	}
	q.w.Header().Set("Retry-After", "60")
	q.plain(http.StatusServiceUnavailable, "The calendar cannot be read now.")
}

// nothing answers with what shut said.
func (q *request) nothing(shut int) {
	if shut == http.StatusGone {
		q.what = "ended"
		q.plain(shut, "This calendar is not shared any more.")
		return
	}
	q.what = "unknown"
	q.plain(shut, "There is nothing here.")
}

// busy is 503, not 429: programs give an address up at a 4xx.
func (q *request) busy(wait time.Duration) {
	q.what = "throttled"
	q.w.Header().Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(wait.Seconds())))))
	q.plain(http.StatusServiceUnavailable, "Too many requests.")
}

func (q *request) plain(status int, text string) {
	h := q.w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "text/plain; charset=utf-8")
	q.begin(status)
	if q.r.Method != http.MethodHead {
		_, _ = fmt.Fprintln(q.w, text) // a client that is gone needs no answer
	}
}
