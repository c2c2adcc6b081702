package feed

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
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
	// Feed is one request: "full", "unchanged", "unknown", "ended", "refused", "throttled" or "failed".
	Feed(outcome string, took time.Duration)
	// Panic is a request that ended in a fault of ours.
	Panic()
}

// Limits bound what feeds may cost. Zero fields get the defaults named here.
type Limits struct {
	Burst   int           // requests of one network (IPv4 address, IPv6 /64) at once: 240
	Rate    float64       // of those a second, on and on: 4
	Miss    int           // how many requests one for an unknown address counts as: 10
	Renders int           // feeds written at once, of all: 8
	Wait    time.Duration // for one of those: 5 s
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
	if l.Rate <= 0 {
		l.Rate = 4
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
	slots  chan struct{}
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
	return &Handler{o: o, limits: l, asked: newThrottle(l.Burst, l.Rate), slots: make(chan struct{}, l.Renders)}
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
	begun bool // the status is sent
	what  string
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := &request{Handler: h, w: w, r: r, now: h.o.Now(), what: "failed"}
	defer func() {
		v := recover()
		if v != nil && v != http.ErrAbortHandler { //nolint:errorlint // it is compared so by net/http
			h.o.Metrics.Panic()
			h.o.Log.Error("feed: panic", "panic", v, "stack", string(debug.Stack()))
			if !q.begun {
				q.plain(http.StatusInternalServerError, "Something went wrong here.")
				v = nil
			} else {
				v = http.ErrAbortHandler // what was sent must not look whole
			}
		}
		h.o.Metrics.Feed(q.what, h.o.Now().Sub(q.now))
		if v != nil {
			panic(v)
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
	from := network(q.o.Address(q.r))
	if wait := q.asked.take(from, 1, q.now); wait > 0 {
		q.busy(wait)
		return
	}
	s, err := q.find(ctx)
	switch shut := s.shut(q.now); {
	case err != nil:
		q.fail(s, err)
	case shut != 0:
		q.asked.take(from, q.limits.Miss-1, q.now)
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

// answer is GET and HEAD of a feed that exists.
func (q *request) answer(ctx context.Context, s subject) {
	c := s.calendar(q.now, q.o.Refresh, forOutlook(q.r.UserAgent()))
	if v := s.validators(c, q.o.Version); v.notModified(q.r.Header) {
		q.what = "unchanged"
		q.headers(v)
		q.begin(http.StatusNotModified)
		return
	}
	if q.r.Method == http.MethodHead {
		q.what = "full"
		q.headers(s.validators(c, q.o.Version))
		q.coding()
		q.begin(http.StatusOK)
		return
	}
	wait := time.NewTimer(q.limits.Wait)
	defer wait.Stop()
	select {
	case q.slots <- struct{}{}:
		defer func() { <-q.slots }()
	case <-wait.C:
		q.busy(q.limits.Wait)
		return
	case <-ctx.Done():
		q.busy(q.limits.Wait)
		return
	}
	if err := q.write(ctx, s); err != nil {
		q.fail(s, err)
	}
}

// headers are those that 200 and 304 share.
func (q *request) headers(v validators) {
	h := q.w.Header()
	v.set(h, q.now)
	// What was changed, or ended, must not come from a cache.
	h.Set("Cache-Control", "private, no-cache")
	h.Set("Vary", "Accept-Encoding, User-Agent")
}

// coding writes the headers of a body, and reports whether it is compressed.
func (q *request) coding() bool {
	h := q.w.Header()
	h.Set("Content-Type", "text/calendar; charset=utf-8; method=PUBLISH")
	if !takesGzip(q.r.Header) {
		return false
	}
	h.Set("Content-Encoding", "gzip")
	return true
}

// write sends the calendar. Its ETag and its bytes come from one snapshot.
func (q *request) write(ctx context.Context, s subject) error {
	return q.o.Store.View(ctx, func(tx *store.Tx) error {
		s, err := look(tx, s.feed.Hash)
		if err != nil {
			return err
		}
		if shut := s.shut(q.now); shut != 0 {
			q.nothing(shut)
			return nil
		}
		c := s.calendar(q.now, q.o.Refresh, forOutlook(q.r.UserAgent()))
		q.headers(s.validators(c, q.o.Version))
		var out io.Writer = lazy{q}
		var packed *gzip.Writer
		if q.coding() {
			packed = gzip.NewWriter(out)
			out = packed
		}
		res, err := Render(out, c, objects(ctx, tx, s.col.ID, c.options()))
		if err == nil && packed != nil {
			err = packed.Close()
		}
		if err != nil {
			return err
		}
		q.what = "full"
		if res.Broken > 0 {
			q.o.Log.Warn("feed: objects that cannot be read are left out", "feed", s.feed.ID, "collection", s.col.ID, "objects", res.Broken)
		}
		return nil
	})
}

// objects is the Source of a collection.
func objects(ctx context.Context, tx *store.Tx, id store.CollectionID, opts store.EachOptions) Source {
	return func(visit func(Entry) error) error {
		return tx.EachObject(id, opts, func(o *store.Object) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return visit(Entry{UID: o.UID, Text: o.Text, Changed: o.UpdatedAt, First: o.Start})
		})
	}
}

// lazy sends the status with the first byte, so that what fails before has one of its own.
type lazy struct{ q *request }

func (l lazy) Write(b []byte) (int, error) {
	if !l.q.begun {
		l.q.begin(http.StatusOK)
	}
	return l.q.w.Write(b)
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
	if q.r.Context().Err() == nil { // a client that went away is no fault
		q.o.Log.Warn("feed: failed", "feed", s.feed.ID, "err", err)
	}
	if q.begun {
		panic(http.ErrAbortHandler)
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

// takesGzip reads Accept-Encoding (RFC 9110 12.5.3) as far as gzip goes.
func takesGzip(h http.Header) bool {
	for part := range strings.SplitSeq(strings.Join(h.Values("Accept-Encoding"), ","), ",") {
		coding, params, _ := strings.Cut(part, ";")
		if c := strings.ToLower(strings.TrimSpace(coding)); c != "gzip" && c != "x-gzip" {
			continue
		}
		q, ok := strings.CutPrefix(strings.ReplaceAll(strings.ToLower(params), " ", ""), "q=")
		weight, err := strconv.ParseFloat(q, 64)
		return !ok || err != nil || weight > 0
	}
	return false
}
