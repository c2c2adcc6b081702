// Command creatiosim runs the simulated Creatio server as a program of its own and prints its address.
//
//	creatiosim --addr 127.0.0.1:0 --seed demo --user Supervisor --password secret --fault busy,entity=Activity,count=2
//
// It ends on SIGINT or SIGTERM. See package creatiosim for what is simulated.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"time"

	"crmbridge/crm/creatio/creatiosim"
	"crmbridge/internal/simkit"
)

func main() { simkit.Main("creatiosim", run) }

// settings are the command line's.
type settings struct {
	simkit.Flags
	seed   string
	user   creatiosim.User
	faults []creatiosim.Fault
	opt    creatiosim.Options
}

func parseFlags(args []string, stderr io.Writer) (settings, error) {
	var st settings
	fs := flag.NewFlagSet("creatiosim", flag.ContinueOnError)
	fs.SetOutput(stderr)
	st.Define(fs, &st.opt.ControlToken, "CRM_URL, CRM_USER, CRM_PASSWORD and CRM_CONTROL_TOKEN")
	fs.StringVar(&st.seed, "seed", "demo", "data to begin with: demo or empty")
	fs.StringVar(&st.opt.Dir, "dir", "", "folder to keep the data in; empty keeps it in memory")
	fs.StringVar(&st.user.Login, "user", "Supervisor", "login of the one user, who sees everything")
	fs.StringVar(&st.user.Password, "password", "", "the user's password; empty makes one up and prints it")
	fs.IntVar(&st.opt.PageSize, "page-size", 0, "server-driven paging; 0 is off")
	fs.DurationVar(&st.opt.SessionTimeout, "session-timeout", time.Hour, "idle time after which a session ends")
	fs.BoolVar(&st.opt.WebDAV, "webdav", false, "refuse PUT, PATCH and DELETE as IIS with WebDAV does")
	fs.BoolVar(&st.opt.ForeignLookups, "foreign-lookups", false, "no lookup value has its standard id")
	fs.Func("site", "framework (default), core or both", st.parseSite)
	fs.Func("expiry", "answer to a lost session: 401 (default), redirect or html", st.parseExpiry)
	fs.Func("oauth", "client credentials id:secret that act as the user", func(v string) error {
		id, secret, ok := strings.Cut(v, ":")
		if !ok {
			return errors.New("want id:secret")
		}
		st.opt.Clients = append(st.opt.Clients, creatiosim.Client{ID: id, Secret: secret})
		return nil
	})
	simkit.FaultFlag(fs, creatiosim.FaultKinds(), "busy,entity=Activity,retryAfter=3,count=2",
		"method, entity, path, nth, after, count, p (which requests); delay, retryAfter, status, message (what becomes of them)", func(v string) error {
			f, err := creatiosim.ParseFault(v)
			st.faults = append(st.faults, f)
			return err
		})
	if err := simkit.Parse(fs, args); err != nil {
		return st, err
	}
	if st.seed != "demo" && st.seed != "empty" {
		return st, fmt.Errorf("--seed is demo or empty, not %q", st.seed)
	}
	return st, nil
}

func (st *settings) parseSite(v string) error {
	site, ok := map[string]creatiosim.Site{"framework": creatiosim.Framework, "core": creatiosim.Core, "both": creatiosim.Both}[v]
	if !ok {
		return errors.New("want framework, core or both")
	}
	st.opt.Site = site
	return nil
}

func (st *settings) parseExpiry(v string) error {
	e, ok := map[string]creatiosim.Expiry{"401": creatiosim.Expired401, "redirect": creatiosim.ExpiredRedirect,
		"html": creatiosim.ExpiredHTML}[v]
	if !ok {
		return errors.New("want 401, redirect or html")
	}
	st.opt.Expiry = e
	return nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	st, err := parseFlags(args, stderr)
	if err != nil {
		return err
	}
	if st.user.Password == "" {
		st.user.Password = rand.Text()
	}
	if st.opt.ControlToken == "" {
		st.opt.ControlToken = rand.Text()
	}
	st.user.Name, st.user.FullRights = st.user.Login, true
	if st.seed == "demo" {
		st.opt.Seed = creatiosim.Demo(time.Now(), st.user)
	}
	st.opt.Users = []creatiosim.User{st.user}
	for i := range st.opt.Clients {
		st.opt.Clients[i].User = st.user.Login
	}
	st.opt.Log = slog.New(slog.NewTextHandler(stderr, nil))
	sim, err := creatiosim.New(st.opt)
	if err != nil {
		return err
	}
	defer sim.Close()
	for _, f := range st.faults {
		if _, err := sim.AddFault(f); err != nil {
			return err
		}
	}
	return st.Serve(ctx, simkit.Server{Handler: sim, Log: st.opt.Log, Variables: func(addr net.Addr) string {
		return fmt.Sprintf("CRM_URL=http://%s\nCRM_USER=%s\nCRM_PASSWORD=%s\nCRM_CONTROL_TOKEN=%s\n", addr, st.user.Login, st.user.Password, st.opt.ControlToken)
	}}, stdout)
}
