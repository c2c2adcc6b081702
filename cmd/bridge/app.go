package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"crmbridge/admin"
	"crmbridge/admin/api"
	"crmbridge/auth"
	"crmbridge/exchange/graph"
	"crmbridge/internal/config"
	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/relay"
	"crmbridge/remote"
	"crmbridge/secret"
	"crmbridge/store"
	"crmbridge/upstream"
)

// app is the parts of the bridge, wired together.
type app struct {
	cfg    config.Config
	log    *slog.Logger
	now    func() time.Time
	store  *store.Store
	keeper *secret.Keeper
	auth   *auth.Service
	conns  *relay.Connections
	engine *relay.Engine
	jobs   *relay.Jobs
	counts *metrics
	office *manage.Office
	hub    *graph.Hub    // nil: server.notifications is off
	kept   *keptRing     // of serve only
	slow   slowRoom      // of serve only
	pages  *admin.Server // of serve only
	api    *api.Server   // of serve only
	// signing are uses of sign-ins that came to be without anybody who waits; they need the store.
	signing sync.WaitGroup
	// pauses are those that CRMs asked for: all links to one wait together.
	pauses upstream.Pauses
}

// appOptions say what the app is opened for.
type appOptions struct {
	log *slog.Logger
	now func() time.Time
	// serve works on jobs; otherwise they are only queued.
	serve bool
}

// openApp opens the database, brings its schema up to date and wires the parts.
func openApp(ctx context.Context, cfg config.Config, o appOptions) (*app, error) {
	a := &app{cfg: cfg, log: o.log, now: o.now, counts: newMetrics()}
	a.pauses.Tell = a.tellPause
	// The store needs to queue runs, the queue needs the store: the store is
	// opened first and asks for the queue when it is there.
	var jobs atomic.Pointer[relay.Jobs]
	var err error
	a.store, err = store.Open(ctx, store.Config{
		URL: cfg.Database, Now: o.now, Log: o.log, KeepVersions: cfg.KeepVersions,
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
	if err := a.wire(ctx, o, &jobs); err != nil {
		return nil, errors.Join(err, a.close())
	}
	return a, nil
}

func (a *app) wire(ctx context.Context, o appOptions, jobs *atomic.Pointer[relay.Jobs]) error {
	if err := a.store.Migrate(ctx); err != nil {
		return err
	}
	if err := relay.MigrateJobs(ctx, a.store); err != nil {
		return err
	}
	var err error
	if a.keeper, err = a.openKeeper(ctx); err != nil {
		return err
	}
	if a.auth, err = auth.New(a.authOptions()); err != nil {
		return err
	}
	a.hub = a.newHub()
	a.conns = &relay.Connections{Drivers: driversWith(a.hub).Map(), Unseal: a.keeper.Open, Env: a.env, Now: a.now}
	a.engine = &relay.Engine{
		Store: a.store, Remotes: a.conns, Now: a.now, Log: a.log, Owner: processName(), Alive: processAlive,
		Panicked: a.counts.Panic,
		Waits:    relay.Waits{Link: a.cfg.LinkRetry, Item: a.cfg.ItemRetry, Hopeless: a.cfg.HopelessRetry, Most: a.cfg.MostRetry},
		Wake: func(ctx context.Context, tx *store.Tx, id store.LinkID) error {
			return jobs.Load().Want(ctx, tx, id, "change")
		},
	}
	jo := relay.JobsOptions{Sweep: a.cfg.Sweep}
	if o.serve {
		jo.Workers = a.cfg.Workers
	}
	if a.jobs, err = relay.NewJobs(a.engine, jo); err != nil {
		return err
	}
	jobs.Store(a.jobs)
	a.office = &manage.Office{Store: a.store, Auth: a.auth, Now: a.now, Engine: a.engine, Jobs: a.jobs, Connections: a.conns, Keeper: a.keeper, KeyFile: a.cfg.KeyFile,
		Drivers: drivers(), Interval: a.cfg.Interval, Random: rand.Reader, Address: a.address()}
	return a.heedPauses(ctx)
}

// openKeeper reads the key file, making it at the first start. It makes none where
// something was sealed already: the right one is missing then.
func (a *app) openKeeper(ctx context.Context) (*secret.Keeper, error) {
	k, err := secret.Load(a.cfg.KeyFile)
	if !errors.Is(err, os.ErrNotExist) {
		return k, err
	}
	err = a.store.View(ctx, func(tx *store.Tx) error {
		links, err := tx.Links(0)
		links = slices.DeleteFunc(links, func(l store.Link) bool { return len(l.Settings) == 0 })
		if err == nil && len(links) > 0 {
			return pim.Errorf("secret", pim.ErrHeld, "the key file %s is missing, but %d links have passwords sealed with it; put it back", a.cfg.KeyFile, len(links))
		}
		if err != nil {
			return err
		}
		people, err := tx.SignIns(0)
		people = slices.DeleteFunc(people, func(in store.SignIn) bool { return len(in.Token) == 0 })
		if err == nil && len(people) > 0 {
			err = pim.Errorf("secret", pim.ErrHeld, "the key file %s is missing, but %d sign-ins are sealed with it; put it back", a.cfg.KeyFile, len(people))
		}
		if err != nil {
			return err
		}
		codes, err := manage.LoseCodes(tx, nil, false)
		if err == nil && codes > 0 {
			err = pim.Errorf("secret", pim.ErrHeld, "the key file %s is missing, but the codes of %d people are sealed with it; put it back", a.cfg.KeyFile, codes)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return secret.Create(a.cfg.KeyFile)
}

func (a *app) authOptions() auth.Options {
	c := a.cfg
	return auth.Options{
		Store: a.store, Now: a.now, Random: rand.Reader, Keeper: a.keeper,
		Params:  auth.Params{Memory: uint32(c.HashMemory) * 1024, Time: uint32(c.HashTime), Threads: 1}, //nolint:gosec // the table bounds both
		Limits:  auth.Limits{Free: c.FreeFailures, First: c.FirstWait, Most: c.MostWait, Forget: c.ForgetFailures, AddressFree: c.FreeAccounts},
		Hashing: c.HashAtOnce, Queue: c.HashQueue, Remember: c.Remember,
	}
}

// env gives a driver its outbound client.
func (a *app) env(l store.Link, u store.User, s remote.Settings) (remote.Env, error) {
	log := a.log.With("link", l.ID)
	c, err := upstream.New(upstream.Options{
		Base: s["url"], Proxy: s[remote.Proxy], CAFile: a.cfg.CAFile, Timeout: a.cfg.OutboundTimeout,
		Allow: a.cfg.OutboundAllow, Now: a.now, UserAgent: "crmbridge/" + version, Log: log, Pauses: &a.pauses, Observe: a.counts.observe(l.Driver),
	})
	if err != nil {
		return remote.Env{}, err
	}
	env := remote.Env{HTTP: c, Now: a.now, Log: log, Zone: u.Zone, User: strconv.FormatInt(int64(u.ID), 10), Tokens: signIns{a, u.ID, l.Driver}, Alone: a.alone}
	if l.ID != 0 {
		env.Link = strconv.FormatInt(int64(l.ID), 10)
	}
	return env, nil
}

// close ends everything in the order of use.
func (a *app) close() error {
	var errs []error
	if a.conns != nil {
		errs = append(errs, a.conns.Close())
	}
	a.signing.Wait()
	if a.store != nil {
		errs = append(errs, a.store.Close())
	}
	return errors.Join(errs...)
}

// processName names this process in leases: where it runs, its number and when it
// began, since numbers come round again.
func processName() string {
	return fmt.Sprintf("%s/%d/%s", whereabouts(), os.Getpid(), processBegan(os.Getpid()))
}

// whereabouts tells process tables apart: hosts by name and boot, and containers that
// share both by their namespace.
func whereabouts() string {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id") // not everywhere; then the host has to do
	space, _ := os.Readlink("/proc/self/ns/pid")
	return strings.Join([]string{host, strings.TrimSpace(string(boot)), space}, "|")
}

// processAlive reports whether a process named by processName may still run. Those
// of other process tables are believed to: their leases end by themselves.
func processAlive(owner string) bool {
	parts := strings.Split(owner, "/")
	if len(parts) != 3 || parts[0] != whereabouts() {
		return true
	}
	pid, err := strconv.Atoi(parts[1])
	if err != nil {
		return true
	}
	if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
		return false
	}
	began := processBegan(pid)
	return began == "" || began == parts[2]
}

// processBegan is the start time of a process in the kernel's own count, "" where
// the system does not tell.
func processBegan(pid int) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	// The name in parentheses may hold blanks; the start time is the 20th field
	// after it (proc_pid_stat(5), field 22).
	_, rest, ok := strings.Cut(string(b), ") ")
	fields := strings.Fields(rest)
	if !ok || len(fields) < 20 {
		return ""
	}
	return fields[19]
}
