package dav

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"crmbridge/dav/davxml"
	"crmbridge/pim"
	"crmbridge/store"
)

// Handler serves the tree described in the package comment. It may be mounted at "/" or behind whatever else is
// served from the same host, as long as "/", "/principals/", "/dav/" and the two well-known paths reach it with their paths unchanged.
type Handler struct {
	store   *store.Store
	auth    Authenticator
	now     func() time.Time
	log     *slog.Logger
	metrics Metrics
	limits  Limits
	address func(*http.Request) string
	network func(string) string
	hosts   []string // names of this server besides the Host of a request
	realm   string   // the whole challenge

	catalog   *catalog
	methods   map[string]method
	reports   []reportRow
	users     *gate
	addresses *gate
	reading   *admission
	writing   *admission
	seen      *recorder
	spools    *spools
	words     *wordIndexer
	photos    *shrinker
	printers  sync.Pool // of *davxml.MultiStatus, whose buffers are large

	compressors *compressors
}

// New makes a handler. Close it when it serves no more.
func New(o Options) *Handler {
	h := &Handler{
		store: o.Store, auth: o.Auth, now: o.Now, log: o.Log, metrics: o.Metrics, limits: o.Limits.withDefaults(),
		address: o.Address, network: o.Network, catalog: newCatalog(),
	}
	if h.log == nil {
		h.log = slog.New(slog.DiscardHandler)
	}
	if h.metrics == nil {
		h.metrics = nobody{}
	}
	if h.address == nil {
		h.address = remoteAddress
	}
	if o.Realm == "" {
		o.Realm = "CRM bridge"
	}
	h.realm = "Basic realm=" + strconv.Quote(o.Realm) + `, charset="UTF-8"` // RFC 7617 2.1
	if u, err := url.Parse(o.PublicURL); err == nil && u.Host != "" {
		h.hosts = append(h.hosts, u.Host)
	}
	h.compressors = newCompressors(compressedAtOnce)
	h.methods = methodTable()
	h.reports = reportTable()
	h.users = newGate(h.limits.PerUser, h.now)
	h.addresses = newGate(h.limits.PerAddress, h.now)
	reading, writing := turns(h.limits.AtOnce, runtime.GOMAXPROCS(0), h.store.Postgres())
	h.reading, h.writing = newAdmission(reading, h.limits.Wait), newAdmission(writing, h.limits.Wait)
	h.seen = newRecorder(h.store, h.log)
	h.spools = newSpools(o.Temp, h.limits.Spool, lingering(h.store.Postgres()))
	h.words = newWordIndexer(h.store, h.log, h.limits.vcf())
	h.photos = newShrinker()
	return h
}

// Close writes what is still to be written about what devices downloaded. Requests must have ended.
func (h *Handler) Close(ctx context.Context) error {
	h.words.close()
	return h.seen.close(ctx)
}

// request is one request on its way through.
type request struct {
	h      *Handler
	w      *answer
	client *toClient // where w goes
	r      *http.Request
	ctx    context.Context // of this request only: the deadline of Limits.Time is in it
	caller Caller
	quirks quirks
	at     target
	hosts  []string
	zones  zoneMode
	ms     *davxml.MultiStatus // from Handler.printers once there is a 207
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := h.now()
	client, body := &toClient{ResponseWriter: w}, r.Body
	q := &request{h: h, w: h.newAnswer(client, r), client: client, r: r, quirks: quirksOf(r.UserAgent()), hosts: append([]string{r.Host}, h.hosts...), zones: zonesOf(r.Header)}
	defer func() {
		name := r.Method
		if _, known := h.methods[name]; !known {
			name = "other"
		}
		v := recover()
		if v != nil && v != http.ErrAbortHandler { //nolint:errorlint // it is compared so by net/http
			h.metrics.Panic()
			h.log.Error("dav: panic", "method", name, "panic", pim.PanicWords(v), "stack", string(debug.Stack()))
			if !q.w.begun {
				q.w.WriteHeader(http.StatusInternalServerError)
				v = nil
			} else {
				v = http.ErrAbortHandler
			}
		}
		if v == nil {
			q.w.finish()
			linger(w, r, body, q.w.status)
		}
		q.w.release()
		h.metrics.Request(name, q.w.status, h.now().Sub(began))
		if v != nil {
			panic(v) // on to net/http, which ends the connection
		}
	}()
	ctx, cancel := context.WithTimeout(r.Context(), h.limits.Time)
	defer cancel()
	q.ctx = ctx
	if err := q.serve(); err != nil {
		q.fail(err)
	}
	if q.ms != nil {
		q.ms.Reset(nil)
		h.printers.Put(q.ms)
	}
}

// multiStatus is the printer of the request's 207.
func (q *request) multiStatus() *davxml.MultiStatus {
	to := multiStatusWriter{q}
	if used, ok := q.h.printers.Get().(*davxml.MultiStatus); ok {
		used.Reset(to)
		q.ms = used
	} else {
		q.ms = davxml.NewMultiStatus(to)
	}
	return q.ms
}

// serve takes a request through the states that do not depend on its method. The order matters: nothing of the database
// is touched before an address has a slot, nothing of a user before a login.
func (q *request) serve() error {
	header := q.w.Header()
	header.Set("DAV", davHeader)
	header.Set("X-Content-Type-Options", "nosniff")
	if wellKnown(q.r.URL.Path) {
		// RFC 6764 5. 307 keeps method and body, and is not remembered.
		header.Set("Location", rootPath)
		header.Set("Cache-Control", "no-cache")
		q.w.WriteHeader(http.StatusTemporaryRedirect)
		return nil
	}
	address := q.h.address(q.r)
	network := address
	if q.h.network != nil {
		network = q.h.network(address)
	}
	of := q.h.addresses.enter(network)
	if of == nil {
		return q.tooMany("address")
	}
	defer of.leave()

	if q.r.Method == http.MethodOptions {
		return q.options()
	}
	if err := q.login(address); err != nil {
		return err
	}
	key := strconv.FormatInt(int64(q.caller.User.ID), 10)
	mine := q.h.users.enter(key)
	if mine == nil {
		return q.tooMany("user")
	}
	defer mine.leave()
	return q.dispatch(of, mine)
}

// wellKnown reports the paths of RFC 6764 5, which answer every method, with and without login.
func wellKnown(path string) bool {
	path = strings.TrimSuffix(path, "/")
	return path == "/.well-known/caldav" || path == "/.well-known/carddav"
}

// tooMany is 503, as any 4xx makes Thunderbird switch a calendar off.
func (q *request) tooMany(scope string) error {
	q.h.metrics.Throttled(scope)
	return &failure{status: http.StatusServiceUnavailable, after: q.h.limits.Retry, message: "Too many requests at once."}
}

// login is done for each request on its own: nothing is remembered of a connection.
func (q *request) login(address string) error {
	user, password, ok := q.r.BasicAuth()
	if !ok {
		return q.challenge(nil)
	}
	caller, err := q.h.auth.Authenticate(q.ctx, user, password, address, q.r.UserAgent())
	if errors.Is(err, pim.ErrAuth) {
		return q.challenge(err)
	}
	if err != nil {
		return err
	}
	q.caller = caller
	q.caller.Device = deviceOf(caller.Device, q.r.UserAgent())
	q.h.seen.isHere(q.caller.Device, q.h.now())
	return nil
}

// challenge is RFC 9110 11.6.1, with one realm for the whole tree: programs ask their users again for a new one.
func (q *request) challenge(err error) error {
	q.w.Header().Set("WWW-Authenticate", q.h.realm)
	return &failure{status: http.StatusUnauthorized, message: "A user name and a password are needed.", err: err}
}

// dispatch finds out what is meant and runs the method. Until the body is there others may need the places more.
func (q *request) dispatch(places ...*seat) error {
	at, err := q.target()
	if err != nil {
		return err
	}
	q.at = at
	m, known := q.h.methods[q.r.Method]
	if !known || m.on&at.at == 0 {
		return &failure{status: http.StatusMethodNotAllowed, allow: q.h.allow(at.at), message: "This cannot be done here."}
	}
	// A compressed body would be looked at only after it has grown.
	if e := q.r.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		q.w.Header().Set("Accept-Encoding", "identity") // RFC 9110 15.5.16
		return unsupportedMedia("Compressed request bodies are not taken.")
	}
	if m.write && q.caller.ReadOnly {
		return needPrivilege(at.path(), "write")
	}
	if !q.arrive(places) {
		return q.tooMany("body")
	}
	return q.inTurn(m)
}

// inTurn runs the method when it is its turn.
func (q *request) inTurn(m method) error {
	turns := q.h.reading
	if m.write {
		turns = q.h.writing
	}
	t, err := turns.enter(q.ctx, q.caller.User.ID)
	if errors.Is(err, context.Canceled) {
		return err
	}
	if err != nil {
		return q.tooMany("server")
	}
	q.client.turn = t
	defer func() {
		q.client.turn = nil
		t.end()
	}()
	if !m.write {
		q.freshen()
	}
	return m.run(q)
}

// arrive waits until the body is there, so that nobody has a turn while his body is on its way. What is longer than anything
// that is taken stays where it is. It is false when a place was lost: the body was too slow, and others waited.
func (q *request) arrive(places []*seat) bool {
	most := q.h.limits.XML.Bytes
	switch q.r.Method {
	case http.MethodGet, http.MethodHead, http.MethodDelete, "COPY", "MOVE":
		return true // none is read
	case http.MethodPut, http.MethodPost:
		if most = int64(q.at.flavor.size(q.h.limits)); q.r.ContentLength > most {
			return true // refused for what it says of its length
		}
	}
	if q.r.Body == nil || q.r.Body == http.NoBody || q.r.ContentLength == 0 {
		return true
	}
	body := &arrival{began: q.h.now(), cut: func() {
		// A time that has passed ends the reading. A writer that knows no deadlines has no connection behind it.
		_ = http.NewResponseController(q.client.ResponseWriter).SetReadDeadline(time.Unix(1, 0))
	}}
	for _, p := range places {
		p.wait(body)
	}
	var here bytes.Buffer
	here.Grow(int(min(max(q.r.ContentLength, 0), 64<<10)) + bytes.MinRead) // no more than has come is believed of a length
	_, err := here.ReadFrom(io.LimitReader(counted{q.r.Body, &body.bytes}, most+1))
	var rest io.Reader = q.r.Body
	if err != nil {
		rest = cutOff{err}
	}
	q.r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(&here, rest), q.r.Body}
	held := true
	for _, p := range places {
		held = p.arrived() && held
	}
	return held
}

// counted counts what comes of a body.
type counted struct {
	io.Reader
	n *atomic.Int64
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// cutOff is the end of a body that did not come whole.
type cutOff struct{ err error }

func (c cutOff) Read([]byte) (int, error) { return 0, c.err }

// target reads the path. One of another user is answered before anything is looked up, so that neither the answer nor
// the time it takes says whether it exists.
func (q *request) target() (target, error) {
	path, err := davxml.DecodeHref(q.r.URL.EscapedPath(), nil)
	if err != nil {
		return target{}, badRequest("The address cannot be read.", err)
	}
	at, ok := parsePath(path)
	if !ok && strings.HasPrefix(q.r.Method, "MK") {
		at, ok = parsePath(strings.TrimSuffix(path, "/")) // a collection inside a calendar: to be refused with the reason
	}
	if !ok && q.orphan(path) {
		return target{}, conflict("There is no collection to make this in.")
	}
	if !ok || at.user != "" && at.user != q.caller.User.Name {
		return target{}, notFound()
	}
	if max := q.h.limits.Name; len(at.name) > max || len(at.slug) > max {
		return target{}, &failure{status: http.StatusRequestURITooLong, message: "The name is too long."}
	}
	return at, nil
}

// orphan reports that something is to be made deeper in one of the caller's homes than anything can be: its parent is not
// there (RFC 4918 9.3.1, 9.7.1).
func (q *request) orphan(path string) bool {
	if q.r.Method != http.MethodPut && !strings.HasPrefix(q.r.Method, "MK") {
		return false
	}
	for _, f := range []*flavor{calendars, books} {
		if rest, ok := strings.CutPrefix(strings.TrimSuffix(path, "/"), f.homePath(q.caller.User.Name)); ok {
			return strings.Count(rest, "/") > 1
		}
	}
	return false
}

// logFailure notes a fault of ours; the text of items is never in err.
func (q *request) logFailure(f *failure, text string) {
	q.h.log.Warn("dav: "+text, "method", q.r.Method, "user", q.caller.User.ID, "status", f.status, "err", f.err)
}
