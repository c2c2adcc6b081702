// Command graphsim runs the simulated Microsoft Graph as a program of its own and prints its address.
//
//	graphsim --addr 127.0.0.1:0 --user ann@example.org --app bridge:secret --fault throttled,entity=events,count=2
//
// Two applications are registered: one that signs in as itself, with a secret, and a public one without, by which people sign in.
//
// It ends on SIGINT or SIGTERM. See package graphsim for what is simulated.
package main

import (
	"context"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"crmbridge/exchange/graph/graphsim"
	"crmbridge/internal/simkit"
)

func main() { simkit.Main("graphsim", run) }

// settings are the command line's.
type settings struct {
	simkit.Flags
	app    graphsim.App
	public string // id of the public application
	faults []graphsim.Fault
	opt    graphsim.Options
}

func parseFlags(args []string, stderr io.Writer) (settings, error) {
	st := settings{app: graphsim.App{ID: "bridge"}}
	fs := flag.NewFlagSet("graphsim", flag.ContinueOnError)
	fs.SetOutput(stderr)
	st.Define(fs, &st.opt.ControlToken, "GRAPH_URL, GRAPH_TENANT, GRAPH_CLIENT, GRAPH_SECRET, GRAPH_PUBLIC_CLIENT, GRAPH_USER and GRAPH_CONTROL_TOKEN")
	fs.StringVar(&st.opt.Tenant, "tenant", "", "id of the tenant; empty is a fixed one, which is printed")
	fs.BoolVar(&st.opt.Calm, "calm", false, "no empty or repeated pages, batches answered in order")
	fs.BoolVar(&st.opt.PlainNotifications, "plain-notifications", false, "let notification URLs be http")
	fs.DurationVar(&st.opt.TokenLifetime, "token-lifetime", time.Hour, "of access tokens")
	fs.IntVar(&st.opt.Concurrency, "concurrency", 0, "requests at once on one mailbox; 0 is 4, negative is no limit")
	fs.Func("user", "a person, as address or address=time zone; may be repeated", func(v string) error {
		name, zone, _ := strings.Cut(v, "=")
		st.opt.Users = append(st.opt.Users, graphsim.User{Name: name, Zone: zone})
		return nil
	})
	fs.Func("app", "the application, as id or id:secret; without a secret one is made up and printed", func(v string) error {
		st.app.ID, st.app.Secret, _ = strings.Cut(v, ":")
		return nil
	})
	fs.StringVar(&st.public, "public", "desktop", "id of the application without a secret by which people sign in, sent back to any port of http://localhost; empty is none")
	fs.Func("redirect", "address that people may be sent back to when they sign in for the application; may be repeated", func(v string) error {
		st.app.Redirects = append(st.app.Redirects, v)
		return nil
	})
	fs.Func("certificate", "file with a certificate (PEM) whose key may sign the application's assertions; may be repeated", st.addCertificate)
	simkit.FaultFlag(fs, graphsim.FaultKinds(), "throttled,entity=events,retryAfter=3,count=2",
		"method, entity, path, nth, after, count, p (which requests); delay, retryAfter, status, code, message (what becomes of them)", func(v string) error {
			f, err := graphsim.ParseFault(v)
			st.faults = append(st.faults, f)
			return err
		})
	if err := simkit.Parse(fs, args); err != nil {
		return st, err
	}
	return st, nil
}

func (st *settings) addCertificate(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "CERTIFICATE" {
		return errors.New("no certificate in PEM form")
	}
	st.app.Certificates = append(st.app.Certificates, block.Bytes)
	return nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	st, err := parseFlags(args, stderr)
	if err != nil {
		return err
	}
	if strings.EqualFold(st.public, st.app.ID) {
		return fmt.Errorf("--app and --public are both %q", st.public)
	}
	if st.app.Secret == "" {
		st.app.Secret = rand.Text()
	}
	if st.opt.ControlToken == "" {
		st.opt.ControlToken = rand.Text()
	}
	if len(st.opt.Users) == 0 {
		st.opt.Users = []graphsim.User{{Name: "ann@example.org", FullName: "Ann Example"}}
	}
	st.app.Permissions = []string{graphsim.CalendarsReadWrite, graphsim.ContactsReadWrite, graphsim.TasksReadWriteAll,
		graphsim.MailReadWrite, graphsim.MailSend, graphsim.MailboxSettingsRead, graphsim.UserReadAll}
	public := graphsim.PublicApp(st.public)
	st.app.Delegated = append([]string{graphsim.MailReadWrite, graphsim.MailSend, graphsim.MailboxSettingsRead}, public.Delegated...)
	st.opt.Apps = []graphsim.App{st.app}
	if st.public != "" {
		st.opt.Apps = append(st.opt.Apps, public)
	}
	st.opt.Notify = new(http.Client).Do
	st.opt.Log = slog.New(slog.NewTextHandler(stderr, nil))
	sim, err := graphsim.New(st.opt)
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
		return fmt.Sprintf("GRAPH_URL=http://%s\nGRAPH_TENANT=%s\nGRAPH_CLIENT=%s\nGRAPH_SECRET=%s\nGRAPH_PUBLIC_CLIENT=%s\nGRAPH_USER=%s\nGRAPH_CONTROL_TOKEN=%s\n",
			addr, sim.Tenant(), st.app.ID, st.app.Secret, st.public, st.opt.Users[0].Name, st.opt.ControlToken)
	}}, stdout)
}
