package ewssim

import (
	"compress/gzip"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"crmbridge/internal/simkit"
)

// Sim is a simulated server, an http.Handler. All methods may be called concurrently; Close ends streams.
type Sim struct {
	opt      Options
	secret   []byte
	grammar  *grammar
	accounts []*account
	ops      map[string]operation
	busy     gauge
	hanging  gauge
	faults   *simkit.Faults[Fault]
	stats    simkit.Memory[*Request, struct{}]
	ntlms    handshakes
	journal  *journal // nil without Options.Dir
	done     chan struct{}
	end      sync.Once

	computed computed
	fixed    map[string]bool   // read-only properties
	mirrored map[string]string // extended properties that show fields

	mu     sync.Mutex // guards what follows and all that hangs on it
	uids   uint64
	epoch  int
	boxes  []*mailbox
	mails  []Mail
	subs   map[string]*subscription
	listen []chan struct{} // streams to wake after a change
}

// New makes a server with a new mailbox for each of Options.Mailboxes.
func New(opt Options) (*Sim, error) {
	opt.setDefaults()
	g, err := parseGrammar(grammarText)
	if err != nil {
		return nil, err
	}
	s := &Sim{opt: opt, secret: opt.Secret, grammar: g, ops: operations(),
		computed: newComputed(), fixed: readOnly(), mirrored: mirrors(), done: make(chan struct{}), subs: map[string]*subscription{}}
	if len(s.secret) == 0 {
		s.secret = []byte(rand.Text())
	}
	if opt.Dir != "" {
		if s.secret, err = folderSecret(opt.Dir, s.secret); err != nil {
			return nil, err
		}
	}
	s.faults, s.stats.Keep = newFaults(), keepRequests/2
	for i, m := range opt.Mailboxes {
		b, err := newMailbox(m, i, opt.Now)
		if err != nil {
			return nil, err
		}
		if s.boxByAddress(m.Address) != nil {
			return nil, fmt.Errorf("ewssim: mailbox %s twice", m.Address)
		}
		s.boxes = append(s.boxes, b)
		s.accounts = append(s.accounts, &account{login: strings.ToLower(m.Address), password: m.Password, box: b})
	}
	for _, a := range opt.Accounts {
		s.accounts = append(s.accounts, &account{login: strings.ToLower(a.Login), password: a.Password,
			box: s.boxByAddress(a.Login), impersonates: a.Impersonates, delegate: a.Delegate})
	}
	if opt.Dir != "" {
		if err := s.openJournal(opt.Dir); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Close ends all streams. Without a folder, requests go on being answered.
func (s *Sim) Close() (err error) {
	s.end.Do(func() {
		close(s.done)
		err = s.journal.close()
	})
	return err
}

// endpoint is where the service answers, in any case.
const endpoint = "/ews/exchange.asmx"

// ServeHTTP answers as the product's web server would.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.ToLower(r.URL.Path)
	if rest, ok := strings.CutPrefix(r.URL.Path, "/__sim/"); ok {
		s.serveControl(w, r, rest)
		return
	}
	auto := path == "/autodiscover/autodiscover.xml"
	if path != endpoint && !auto {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("X-FEServer", "MAIL01")
	if id := r.Header.Get("Client-Request-Id"); id != "" && strings.EqualFold(r.Header.Get("Return-Client-Request-Id"), "true") {
		w.Header().Set("Client-Request-Id", id)
	}
	a, refused := s.authenticate(r)
	if refused != nil {
		s.write(w, r, *refused)
		return
	}
	if r.Method != http.MethodPost {
		s.write(w, r, s.notPost(r))
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.opt.MaxBody))
	if err != nil {
		s.write(w, r, reply{status: http.StatusRequestEntityTooLarge})
		return
	}
	if auto {
		s.write(w, r, s.autodiscover(r, body))
		return
	}
	s.serveSOAP(w, r, a, body)
}

// notPost is what a browser gets to see.
func (s *Sim) notPost(r *http.Request) reply {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return reply{status: http.StatusOK, kind: "text/html; charset=UTF-8",
			body: []byte("<HTML><HEAD><TITLE>Service</TITLE></HEAD><BODY>You have created a service.</BODY></HTML>")}
	}
	return reply{status: http.StatusMethodNotAllowed}
}

// serveSOAP counts, applies what fails on demand, and answers.
func (s *Sim) serveSOAP(w http.ResponseWriter, r *http.Request, a *account, body []byte) {
	in := &incoming{Request: r, acct: a, body: body, began: time.Now()}
	in.read(s)
	s.count(in)
	hit := s.striking(in)
	if s.failBefore(w, in, hit) {
		return
	}
	if !s.busy.enter(a.login, s.opt.MaxConcurrency) {
		s.write(w, r, soapFault(busyFailure(1000)))
		return
	}
	in.stopped = hit != nil && hit.Kind == FaultStopped
	ans := func() reply {
		defer s.busy.leave(a.login)
		return s.kept(in)
	}()
	s.failAfter(w, in, hit, ans)
}

// answer runs a request's operation.
func (s *Sim) answer(in *incoming) reply {
	if in.malformed {
		return reply{status: http.StatusBadRequest}
	}
	if in.err != nil {
		return soapFault(asFailure(in.err))
	}
	c, err := s.newCall(in)
	if err != nil {
		return soapFault(asFailure(err))
	}
	op := s.ops[in.op]
	if op.direct != nil {
		return op.direct(c)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.total()
	body, err := op.run(c)
	if s.total() != before {
		s.wake()
	}
	if err != nil {
		return soapFault(asFailure(err))
	}
	ans := xmlReply(http.StatusOK, body)
	ans.header = c.out
	return ans
}

// total changes whenever a mailbox did.
func (s *Sim) total() uint64 {
	var n uint64
	for _, b := range s.boxes {
		n += b.seq
	}
	return n
}

// wake tells streams that something changed.
func (s *Sim) wake() {
	for _, ch := range s.listen {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
}

// dressed is an answer as this server writes it.
func (s *Sim) dressed(body []byte) []byte {
	if s.opt.Later {
		return later(body)
	}
	return body
}

// compressed is how long an answer must be for the web server to compress it.
const compressed = 2700

// write sends an answer.
func (s *Sim) write(w http.ResponseWriter, r *http.Request, ans reply) {
	for name, v := range ans.header {
		w.Header()[name] = v
	}
	if ans.hanging != nil {
		ans.hanging(w, r)
		return
	}
	if ans.kind != "" {
		w.Header().Set("Content-Type", ans.kind)
	}
	if ans.kind == contentXML {
		ans.body = s.dressed(ans.body)
	}
	w.Header().Set("Cache-Control", "private")
	if len(ans.body) > compressed && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Vary", "Accept-Encoding")
		w.WriteHeader(ans.status)
		z := gzip.NewWriter(w)
		_, err := z.Write(ans.body)
		if err := errors.Join(err, z.Close()); err != nil {
			s.opt.Log.Debug("client went away", "error", err)
		}
		return
	}
	w.WriteHeader(ans.status)
	if _, err := w.Write(ans.body); err != nil {
		s.opt.Log.Debug("client went away", "error", err)
	}
}

// gauge counts what is under way for each login.
type gauge struct {
	mu sync.Mutex
	n  map[string]int
}

func (g *gauge) enter(who string, limit int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.n == nil {
		g.n = map[string]int{}
	}
	if g.n[who] >= limit {
		return false
	}
	g.n[who]++
	return true
}

func (g *gauge) leave(who string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.n[who]--
}
