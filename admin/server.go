package admin

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gorilla/sessions"

	"crmbridge/admin/words"
	"crmbridge/auth"
	"crmbridge/auth/openid"
	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/store"
)

// Prefix is where the pages begin.
const Prefix = "/web/"

// Options are what the pages need.
type Options struct {
	Office *manage.Office
	Auth   *auth.Service
	Store  *store.Store
	Now    func() time.Time
	Random io.Reader // crypto/rand.Reader outside tests
	Log    *slog.Logger
	// Secure is whether people come over TLS, here or at a proxy. Without it cookies work over plain HTTP, which is for trials on one machine.
	Secure bool
	// Origins are where else pages may be seen to come from: the public address, behind a proxy that gives another Host. "https://host:port".
	Origins []string
	// Address is the address of who asks.
	Address func(*http.Request) string
	Version string
	// Support writes the file for a bug report; nil: none can be made.
	Support func(context.Context, io.Writer) error
	// Elsewhere is where people may sign in beside here; nil: nowhere. MayJoin gives those who have no account one.
	Elsewhere *openid.Service
	MayJoin   bool
	// Panicked counts faults of ours that were survived; nil: nobody counts.
	Panicked func()
}

// Server answers everything below Prefix. It is safe for concurrent use.
type Server struct {
	Options
	book     *words.Book
	views    *views
	assets   *assets
	sessions sessions.Store
	cross    *http.CrossOriginProtection
	mux      *http.ServeMux
	streams  *streams
}

// maxForm bounds what a form may send.
const maxForm = 1 << 20

// New makes a Server. Errors are faults of the program.
func New(o Options) (*Server, error) {
	s := &Server{Options: o, cross: http.NewCrossOriginProtection(), mux: http.NewServeMux(), streams: newStreams()}
	for _, origin := range o.Origins {
		if err := s.cross.AddTrustedOrigin(origin); err != nil {
			return nil, err
		}
	}
	var err error
	if s.book, err = words.Open(); err != nil {
		return nil, err
	}
	if s.assets, err = openAssets(); err != nil {
		return nil, err
	}
	if s.views, err = openViews(s.book, s.assets); err != nil {
		return nil, err
	}
	s.sessions = &rows{store: o.Store, now: o.Now, random: o.Random, secure: o.Secure, log: o.Log}
	s.mux.Handle("GET "+assetPrefix, s.assets)
	for _, r := range routes() {
		s.mux.Handle(r.pattern, s.page(r))
	}
	s.mux.Handle(Prefix, s.page(route{who: anybody, page: func(*call) (answer, error) {
		return nil, pim.Errorf("page", pim.ErrNotFound, "there is no such page")
	}}))
	return s, nil
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	if s.Secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	s.mux.ServeHTTP(w, r)
}

// page is the handler of a route.
func (s *Server) page(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := s.call(w, r)
		var a answer
		if err == nil {
			a, err = s.safely(c, rt)
		}
		if err != nil {
			a = c.fault(err)
		}
		if err := a.write(c); err != nil && !errors.Is(r.Context().Err(), err) {
			s.Log.Warn("page not written", "path", harmless(r.URL.Path), "err", err)
		}
	})
}

// safely is what a route answers. A fault of ours in a page is that page's, and the log's.
func (s *Server) safely(c *call, rt route) (a answer, err error) {
	defer func() {
		if v := recover(); v != nil {
			s.Log.Error("panic", "at", "page", "path", harmless(c.r.URL.Path), "panic", pim.PanicWords(v), "stack", string(debug.Stack()))
			if s.Panicked != nil {
				s.Panicked()
			}
			a, err = nil, pim.Wrap("page", pim.ErrInternal, errors.New("panic"))
		}
	}()
	if a, err = c.enter(rt); a != nil || err != nil {
		return a, err
	}
	c.r = c.r.WithContext(manage.As(c.r.Context(), manage.Actor{Via: manage.ViaPage, Account: c.user.Name, Address: c.Address(c.r), Agent: c.r.UserAgent()}))
	return rt.page(c)
}

// enter says whether who asks may have a page: nil, nil is yes.
func (c *call) enter(rt route) (answer, error) {
	if c.strayed && c.r.Method != http.MethodPost {
		return stray{}, nil
	}
	if c.r.Method == http.MethodPost {
		if err := c.cross.Check(c.r); err != nil {
			return nil, pim.Wrap("page", pim.ErrForbidden, err)
		}
		if err := c.checkForm(); err != nil {
			return nil, err
		}
	}
	switch {
	case rt.who == anybody:
		return nil, nil
	case c.user.ID == 0:
		return c.toSignIn(), nil
	case rt.who == administrator && !c.user.Admin:
		return nil, pim.Errorf("page", pim.ErrNotFound, "there is no such page")
	case rt.fresh && c.Now().Sub(c.state.ConfirmedAt) > freshFor:
		return c.toConfirm(), nil
	}
	return nil, nil
}

// harmless is a path as it may stand in the log: without what may be a secret.
func harmless(path string) string {
	if rest, ok := strings.CutPrefix(path, Prefix+"first/"); ok && rest != "" {
		return Prefix + "first/…"
	}
	return path
}
