package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/crypto/acme/autocert"
	"golang.org/x/net/netutil"

	"crmbridge/admin"
	"crmbridge/admin/api"
	"crmbridge/auth"
	"crmbridge/dav"
	"crmbridge/dav/davxml"
	"crmbridge/feed"
	"crmbridge/internal/config"
	"crmbridge/internal/listen"
	"crmbridge/manage"
)

func (p *program) serveCommand() *cobra.Command {
	return &cobra.Command{
		Use: "serve", Short: "Run the server", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := p.load()
			if err != nil {
				return err
			}
			return p.serve(cmd.Context(), cfg, nil)
		},
	}
}

// serve runs until ctx ends. ready, if given, is called with the address once
// requests are answered.
func (p *program) serve(ctx context.Context, cfg config.Config, ready func(a *app, base string) error) error {
	floor := heapFloor(p.env)
	defer runtime.KeepAlive(floor)
	kept := newKeptRing(cfg)
	log := slog.New(keeping{Handler: p.logger(cfg).Handler(), ring: kept})
	if err := kept.forget(); err != nil {
		log.Warn("kept log not removed", "err", err)
	}
	a, err := openApp(ctx, cfg, appOptions{log: log, now: time.Now, serve: true})
	if err != nil {
		return errors.Join(err, kept.notStarted(err))
	}
	a.kept = kept
	a.slow = slowAnswers(p.env, cfg.SlowAnswers)
	if a.slow.memory {
		log.Warn("answers for slow clients are kept in memory; TMPDIR can name a folder on a disk", "folder", a.slow.folder, "bytes", a.slow.bytes)
	}
	l, err := a.listen()
	if err != nil {
		return errors.Join(err, a.close(), kept.notStarted(err))
	}
	a.counts.reg.MustRegister(newLinkGauges(a))
	if a.api, err = a.newAPI(); err != nil {
		return errors.Join(err, l.Close(), a.close(), kept.notStarted(err))
	}
	support := p.sendSupport
	if ready != nil { // a demo has no configuration that could be told
		support = nil
	}
	if a.pages, err = a.newPages(support); err != nil {
		return errors.Join(err, l.Close(), a.close(), kept.notStarted(err))
	}
	if ready == nil { // who waits for it makes the accounts
		if err := a.inviteFirst(ctx, a.base(l)); err != nil {
			return errors.Join(err, l.Close(), a.close(), kept.notStarted(err))
		}
	}
	handler := a.dav()
	srv := a.server(handler)
	srv.RegisterOnShutdown(a.pages.Stop)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }() // owner: serve; ends with Shutdown or Close below
	if err = a.jobs.Start(ctx); err == nil {
		log.Info("listening", "address", l.Addr().String(), "version", version)
		if ready != nil {
			err = ready(a, a.base(l))
		}
	}
	if err == nil {
		housekeeping, heeding := a.housekeep(ctx), a.keepHeeding(ctx)
		select {
		case <-ctx.Done():
		case err = <-served:
		}
		log.Info("stopping")
		housekeeping()
		heeding()
	}
	return errors.Join(err, a.shutdown(srv, handler), kept.close())
}

// shutdown lets requests and runs come to an end, and then closes the store.
func (a *app) shutdown(srv *http.Server, handler *dav.Handler) error {
	err := a.within(srv.Shutdown)
	if errors.Is(err, context.DeadlineExceeded) {
		err = srv.Close() // what still hangs is cut off
	}
	// Each has its own time: a request that hangs must not cost what devices had seen,
	// nor the end of a run its report.
	err = errors.Join(err, a.within(handler.Close), a.within(a.auth.Close), a.within(a.jobs.Stop))
	return errors.Join(err, a.close())
}

// within runs one part of the shutdown within its time.
func (a *app) within(stop func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), a.cfg.ShutdownWait)
	defer cancel()
	return stop(ctx)
}

// listen opens the port, with TLS when it is configured.
func (a *app) listen() (net.Listener, error) {
	l, err := net.Listen("tcp", a.cfg.Listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("listen on %s: it is in use, perhaps by another bridge; stop that one, or choose another with server.listen", a.cfg.Listen)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", a.cfg.Listen, err)
	}
	l = netutil.LimitListener(l, a.cfg.MaxConnections)
	tc, err := tlsConfig(a.cfg)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return listen.New(l, listen.Options{TLS: tc, Handshake: a.cfg.HeaderTimeout, Refusal: dav.Refusal, Log: a.log,
		PerNetwork: a.cfg.AddressConnections, Network: a.connectionsOf}), nil
}

// connectionsOf is the network that a connection counts for. Behind a proxy there are many people, and so there are on
// this machine, where one may run that nobody named.
func (a *app) connectionsOf(addr string) string {
	ap, err := netip.ParseAddrPort(addr)
	if err != nil || ap.Addr().Unmap().IsLoopback() || within(a.cfg.TrustedProxies, ap.Addr()) {
		return ""
	}
	return auth.Network(addr)
}

// tlsConfig is nil when the server speaks plain HTTP.
func tlsConfig(c config.Config) (*tls.Config, error) {
	switch {
	case c.TLSCert != "":
		cert, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
		if err != nil {
			return nil, fmt.Errorf("server.tls: %w", err)
		}
		return &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}, nil
	case len(c.ACMEHosts) > 0:
		m := &autocert.Manager{Prompt: autocert.AcceptTOS, HostPolicy: autocert.HostWhitelist(c.ACMEHosts...),
			Cache: autocert.DirCache(c.ACMECache), Email: c.ACMEEmail}
		tc := m.TLSConfig()
		tc.MinVersion = tls.VersionTLS12
		return tc, nil
	}
	return nil, nil
}

// base is the address clients are told.
func (a *app) base(l net.Listener) string {
	if a.cfg.PublicURL != "" {
		return a.cfg.PublicURL
	}
	scheme := a.scheme()
	host, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return scheme + "://" + l.Addr().String()
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

func (a *app) scheme() string {
	if a.cfg.TLSCert != "" || len(a.cfg.ACMEHosts) > 0 {
		return "https"
	}
	return "http"
}

// address is base without a listener, for commands.
func (a *app) address() string {
	if a.cfg.PublicURL != "" {
		return a.cfg.PublicURL
	}
	return a.scheme() + "://" + a.cfg.Listen
}

// dav is the handler of everything that is not the program's own.
func (a *app) dav() *dav.Handler {
	c := a.cfg
	return dav.New(dav.Options{
		Store: a.store, Auth: davAuth{a.auth}, Now: a.now, Log: a.log, PublicURL: c.PublicURL, Address: a.clientAddress, Network: auth.Network, Metrics: a.counts,
		Temp: a.slow.folder, Limits: a.davLimits(),
	})
}

func (a *app) davLimits() dav.Limits {
	c := a.cfg
	return dav.Limits{Object: int(c.MaxObject), Card: int(c.MaxCard), Attendees: c.MaxAttendees, Collections: c.MaxCollections,
		Quota: c.MaxStorage, Copy: c.MaxCopy, Reports: c.MaxConflicts, Spool: a.slow.bytes,
		Steps: c.Occurrences, TotalSteps: c.AllOccurrences, Query: c.QueryTime, Retry: c.RetryAfter,
		PerUser: c.UserRequests, PerAddress: c.AddressRequests, AtOnce: c.RequestsAtOnce, Wait: c.RequestWait, Time: c.BodyTimeout,
		XML: davxml.Limits{Bytes: c.MaxBody}}
}

// feeds is the handler of the read-only addresses.
func (a *app) feeds() http.Handler {
	return feed.New(feed.Options{
		Store: a.store, Now: a.now, Log: a.log, Address: a.clientAddress, Metrics: a.counts, Refresh: a.cfg.FeedRefresh, Version: version,
		Limits: feed.Limits{Time: a.cfg.BodyTimeout},
	})
}

func (a *app) server(handler http.Handler) *http.Server {
	c := a.cfg
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", a.ready)
	mux.Handle("GET /metrics", a.confined(a.counts.handler()))
	return &http.Server{
		Handler:           a.own(mux, handler),
		ReadHeaderTimeout: c.HeaderTimeout, ReadTimeout: c.BodyTimeout, IdleTimeout: c.IdleTimeout,
		// Work ends after BodyTimeout (see dav); what is on its way then may take as long
		// again. A client that reads nothing would else hold a database connection for ever.
		WriteTimeout:   2 * c.BodyTimeout,
		MaxHeaderBytes: 64 << 10, // Thunderbird's longest are under 4 KiB
		ErrorLog:       slog.NewLogLogger(foreign{a.log.Handler(), "http server"}, slog.LevelWarn),
	}
}

// own sends the program's few paths to mux, feeds, pages and the API to theirs and everything else, untouched,
// to DAV: a ServeMux cleans paths by redirects, which DAV clients take for an answer.
func (a *app) own(mux, handler http.Handler) http.Handler {
	feeds := a.feeds()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch path := r.URL.Path; {
		case path == "/healthz", path == "/readyz", path == "/metrics":
			mux.ServeHTTP(w, r)
		case path == notifyPath && a.hub != nil:
			a.hub.ServeHTTP(w, r)
		case strings.HasPrefix(path, feed.Prefix):
			feeds.ServeHTTP(w, r)
		case strings.HasPrefix(path, api.Root):
			a.api.ServeHTTP(w, r)
		case strings.HasPrefix(path, admin.Prefix):
			a.pages.ServeHTTP(w, r)
		case visitor(r):
			w.Header().Set("Vary", "Accept")
			http.Redirect(w, r, admin.Prefix, http.StatusSeeOther)
		default:
			handler.ServeHTTP(w, r)
		}
	})
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = fmt.Fprintln(w, text)
}

// ready answers whether the database answers and has the right schema.
func (a *app) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	have, want, err := a.store.SchemaVersion(ctx)
	if err != nil || have != want {
		a.log.Warn("not ready", "schema", have, "want", want, "err", err)
		answer(w, http.StatusServiceUnavailable, "not ready")
		return
	}
	answer(w, http.StatusOK, "ready")
}

// confined lets only server.metrics_allow in; to others there is nothing.
func (a *app) confined(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ip, err := netip.ParseAddr(a.clientAddress(r))
		if err != nil || !within(a.cfg.MetricsAllow, ip) {
			http.NotFound(w, r)
			return
		}
		h.ServeHTTP(w, r)
	})
}

func within(ps []netip.Prefix, ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	for _, p := range ps {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}

// clientAddress is the address of who asks. X-Forwarded-For is believed from
// trusted proxies only, and read from the right: what a client wrote itself stands
// on the left.
func (a *app) clientAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	ip, err := netip.ParseAddr(host)
	if err != nil || !within(a.cfg.TrustedProxies, ip) {
		return host
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		if host = hop.String(); !within(a.cfg.TrustedProxies, hop) {
			break
		}
	}
	return host
}

// davAuth is auth.Service as package dav asks for it.
type davAuth struct{ s *auth.Service }

// Authenticate implements dav.Authenticator. Package dav tells the programs apart that share the account password.
func (d davAuth) Authenticate(ctx context.Context, user, password, addr, agent string) (dav.Caller, error) {
	c, err := d.s.Authenticate(ctx, user, password, addr, agent)
	if err != nil {
		return dav.Caller{}, err
	}
	device := manage.DeviceKey(c.Token)
	if c.Token == 0 {
		device = fmt.Sprintf("user:%d", c.User.ID)
	}
	return dav.Caller{User: c.User, Device: device, ReadOnly: c.ReadOnly}, nil
}
