package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"sync/atomic"
	"time"

	"crmbridge/auth"
	"crmbridge/dav"
	"crmbridge/relay"
	"crmbridge/remote"
	"crmbridge/secret"
	"crmbridge/store"
	"crmbridge/upstream"
)

// bridge is the parts of the server, wired as cmd/bridge wires them for "serve":
// the same queue, the same authentication, the same defaults.
type bridge struct {
	store   *store.Store
	engine  *relay.Engine
	jobs    *relay.Jobs
	conns   *relay.Connections
	keeper  *secret.Keeper
	handler *dav.Handler
	web     *listening

	user     store.User
	password string // an app password
	working  bool   // jobs were started
}

// The defaults of the configuration.
const (
	workers         = 4
	outboundTimeout = time.Minute
)

// openBridge opens a database, with its schema, one user and a server. Jobs are not
// started yet.
func openBridge(ctx context.Context, url, dir string, drivers map[string]remote.Driver) (*bridge, error) {
	b := &bridge{}
	var jobs atomic.Pointer[relay.Jobs]
	var err error
	b.store, err = store.Open(ctx, store.Config{URL: url, Now: time.Now,
		OnChange: func(ctx context.Context, tx *store.Tx, c store.CollectionID, except store.LinkID) error {
			if j := jobs.Load(); j != nil {
				return j.Changed(ctx, tx, c, except)
			}
			return nil
		},
	})
	if err != nil {
		return nil, err
	}
	if err := b.wire(ctx, dir, drivers, &jobs); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

func (b *bridge) wire(ctx context.Context, dir string, drivers map[string]remote.Driver, jobs *atomic.Pointer[relay.Jobs]) error {
	if err := b.store.Migrate(ctx); err != nil {
		return err
	}
	if err := relay.MigrateJobs(ctx, b.store); err != nil {
		return err
	}
	log := slog.New(slog.DiscardHandler)
	var err error
	if b.keeper, err = secret.Create(filepath.Join(dir, "bench.key")); err != nil {
		return err
	}
	b.conns = &relay.Connections{Drivers: drivers, Unseal: b.keeper.Open, Env: outbound(log), Now: time.Now}
	b.engine = &relay.Engine{
		Store: b.store, Remotes: b.conns, Now: time.Now, Log: log, Owner: "bench", Alive: func(string) bool { return true },
		Wake: func(ctx context.Context, tx *store.Tx, id store.LinkID) error {
			return jobs.Load().Want(ctx, tx, id, "change")
		},
	}
	if b.jobs, err = relay.NewJobs(b.engine, relay.JobsOptions{Workers: workers}); err != nil {
		return err
	}
	jobs.Store(b.jobs)
	if err := b.enrol(ctx); err != nil {
		return err
	}
	service, err := auth.New(auth.Options{Store: b.store, Now: time.Now, Random: rand.Reader})
	if err != nil {
		return err
	}
	b.handler = dav.New(dav.Options{Store: b.store, Auth: davAuth{service}, Now: time.Now, Log: log})
	b.web, err = listen(besideFeeds(b.handler, b.store, log))
	return err
}

// outbound gives drivers a client that may call this machine, where the simulated
// CRM is.
func outbound(log *slog.Logger) func(store.Link, store.User, remote.Settings) (remote.Env, error) {
	return func(_ store.Link, u store.User, s remote.Settings) (remote.Env, error) {
		c, err := upstream.New(upstream.Options{Base: s["url"], Timeout: outboundTimeout, Log: log, Now: time.Now,
			Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, UserAgent: "crmbridge/bench"})
		return remote.Env{HTTP: c, Now: time.Now, Log: log, Zone: u.Zone}, err
	}
}

// enrol makes the user and an app password.
func (b *bridge) enrol(ctx context.Context) error {
	var err error
	if b.password, err = auth.NewSecret(rand.Reader); err != nil {
		return err
	}
	return b.store.Update(ctx, func(tx *store.Tx) error {
		if b.user, err = tx.CreateUser(store.User{Name: "ann", Zone: "Europe/Berlin"}); err != nil {
			return err
		}
		_, err = tx.CreateToken(store.Token{UserID: b.user.ID, Name: "bench", Hash: auth.HashSecret(b.password), Hint: auth.Hint(b.password)})
		return err
	})
}

// work starts the jobs.
func (b *bridge) work(ctx context.Context) error {
	b.working = true
	return b.jobs.Start(ctx)
}

func (b *bridge) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var errs []error
	if b.web != nil {
		errs = append(errs, b.web.close())
	}
	if b.working {
		errs = append(errs, b.jobs.Stop(ctx))
	}
	if b.handler != nil {
		errs = append(errs, b.handler.Close(ctx))
	}
	if b.conns != nil {
		errs = append(errs, b.conns.Close())
	}
	return errors.Join(append(errs, b.store.Close())...)
}

// davAuth is auth.Service as package dav asks for it.
type davAuth struct{ s *auth.Service }

// Authenticate implements dav.Authenticator.
func (d davAuth) Authenticate(ctx context.Context, user, password, addr, agent string) (dav.Caller, error) {
	c, err := d.s.Authenticate(ctx, user, password, addr, agent)
	if err != nil {
		return dav.Caller{}, err
	}
	return dav.Caller{User: c.User, Device: fmt.Sprintf("token:%d", c.Token), ReadOnly: c.ReadOnly}, nil
}

// listening is a server on a free port of this machine.
type listening struct {
	base string
	srv  *http.Server
	done chan error
}

func listen(h http.Handler) (*listening, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &listening{base: "http://" + l.Addr().String(), srv: &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}, done: make(chan error, 1)}
	go func() { s.done <- s.srv.Serve(l) }() // owner: listening; ends with close
	return s, nil
}

func (s *listening) close() error {
	err := s.srv.Close()
	if served := <-s.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
