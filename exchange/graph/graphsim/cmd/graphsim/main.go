// Command graphsim runs the simulated Microsoft Graph as a program of its own and prints its address.
//
//	graphsim --addr 127.0.0.1:0 --user ann@example.org --app bridge:secret --fault throttled,entity=events,count=2
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
	"os/signal"
	"strings"
	"syscall"
	"time"

	"crmbridge/exchange/graph/graphsim"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "graphsim:", err)
		}
		os.Exit(1)
	}
}

// settings are the command line's.
type settings struct {
	addr   string
	env    string
	app    graphsim.App
	faults []graphsim.Fault
	opt    graphsim.Options
}

func parseFlags(args []string, stderr io.Writer) (settings, error) {
	st := settings{app: graphsim.App{ID: "bridge"}}
	fs := flag.NewFlagSet("graphsim", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&st.addr, "addr", "127.0.0.1:0", "address to listen on; port 0 picks a free one")
	fs.StringVar(&st.opt.Tenant, "tenant", "", "id of the tenant; empty is a fixed one, which is printed")
	fs.StringVar(&st.opt.ControlToken, "control-token", "", "token for /__sim/; empty makes one up and prints it")
	fs.StringVar(&st.env, "env", "", "write GRAPH_URL, GRAPH_TENANT, GRAPH_CLIENT, GRAPH_SECRET, GRAPH_USER and GRAPH_CONTROL_TOKEN to this file")
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
	fs.Func("redirect", "address that people may be sent back to when they sign in for the application; may be repeated", func(v string) error {
		st.app.Redirects = append(st.app.Redirects, v)
		return nil
	})
	fs.Func("certificate", "file with a certificate (PEM) whose key may sign the application's assertions; may be repeated", st.addCertificate)
	fs.Func("fault", "a failure, such as throttled,entity=events,retryAfter=3,count=2; may be repeated. Kinds: "+kinds()+". Names: method, entity, path, nth, after, count, p (which requests); delay, retryAfter, status, code, message (what becomes of them)", func(v string) error {
		f, err := graphsim.ParseFault(v)
		st.faults = append(st.faults, f)
		return err
	})
	if err := fs.Parse(args); err != nil {
		return st, err
	}
	if fs.NArg() > 0 {
		return st, fmt.Errorf("unexpected argument %q", fs.Arg(0))
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

// kinds are the kinds of failures, in words.
func kinds() string {
	var names []string
	for _, k := range graphsim.FaultKinds() {
		names = append(names, string(k))
	}
	return strings.Join(names, ", ")
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	st, err := parseFlags(args, stderr)
	if err != nil {
		return err
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
		graphsim.MailboxSettingsRead, graphsim.UserReadAll}
	st.app.Delegated = []string{graphsim.CalendarsReadWrite, graphsim.ContactsReadWrite, graphsim.TasksReadWrite,
		graphsim.MailboxSettingsRead, graphsim.UserRead}
	st.opt.Apps = []graphsim.App{st.app}
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
	return serve(ctx, sim, st, stdout)
}

func serve(ctx context.Context, sim *graphsim.Sim, st settings, stdout io.Writer) error {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", st.addr)
	if err != nil {
		return err
	}
	env := fmt.Sprintf("GRAPH_URL=http://%s\nGRAPH_TENANT=%s\nGRAPH_CLIENT=%s\nGRAPH_SECRET=%s\nGRAPH_USER=%s\nGRAPH_CONTROL_TOKEN=%s\n",
		ln.Addr(), sim.Tenant(), st.app.ID, st.app.Secret, st.opt.Users[0].Name, st.opt.ControlToken)
	fmt.Fprint(stdout, env)
	if st.env != "" {
		if err := os.WriteFile(st.env, []byte(env), 0o600); err != nil {
			ln.Close()
			return err
		}
	}
	srv := &http.Server{Handler: sim, ReadHeaderTimeout: 10 * time.Second,
		ErrorLog: slog.NewLogLogger(st.opt.Log.Handler(), slog.LevelDebug)}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ln) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	if err := srv.Shutdown(grace); err != nil {
		srv.Close()
	}
	if err := <-done; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
