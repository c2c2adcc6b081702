// Command ewssim runs the simulated Exchange server as a program of its own and prints its address.
//
//	ewssim --addr 127.0.0.1:0 --mailbox "ann@example.org,Ann Example,W. Europe Standard Time" --password secret --fault busy,op=GetItem,count=2
//
// It ends on SIGINT or SIGTERM. See package ewssim for what is simulated.
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
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"crmbridge/exchange/ews/ewssim"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "ewssim:", err)
		}
		os.Exit(1)
	}
}

// settings are the command line's.
type settings struct {
	addr     string
	env      string
	password string
	faults   []ewssim.Fault
	opt      ewssim.Options
}

func parseFlags(args []string, stderr io.Writer) (settings, error) {
	var st settings
	fs := flag.NewFlagSet("ewssim", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&st.addr, "addr", "127.0.0.1:0", "address to listen on; port 0 picks a free one")
	fs.StringVar(&st.password, "password", "", "password of all mailboxes and accounts; empty makes one up and prints it")
	fs.StringVar(&st.opt.ControlToken, "control-token", "", "token for /__sim/; empty makes one up and prints it")
	fs.StringVar(&st.env, "env", "", "write EXCHANGE_URL, EXCHANGE_USER, EXCHANGE_PASSWORD and EXCHANGE_CONTROL_TOKEN to this file")
	fs.BoolVar(&st.opt.NoBasic, "no-basic", false, "do not offer Basic")
	fs.BoolVar(&st.opt.NoNTLM, "no-ntlm", false, "do not offer NTLM and Negotiate")
	fs.BoolVar(&st.opt.LooseChangeKeys, "loose-change-keys", false, "take updates without ChangeKey")
	fs.DurationVar(&st.opt.Heartbeat, "heartbeat", 45*time.Second, "between signs of life on a stream")
	fs.Func("mailbox", "address[,name[,Windows zone]]; may be repeated; without any there is ann@example.org", func(v string) error {
		parts := append(strings.SplitN(v, ",", 3), "", "")
		if !strings.Contains(parts[0], "@") {
			return errors.New("want an address")
		}
		st.opt.Mailboxes = append(st.opt.Mailboxes, ewssim.Mailbox{Address: parts[0], Name: parts[1], Zone: parts[2]})
		return nil
	})
	fs.Func("service", "login of an account that may impersonate everybody; may be repeated", func(v string) error {
		st.opt.Accounts = append(st.opt.Accounts, ewssim.Account{Login: v, Impersonates: []string{"*"}})
		return nil
	})
	fs.Func("fault", "a failure, such as busy,op=GetItem,count=2; may be repeated. Kinds: "+kinds()+
		". Names: op, login, after, count (which requests); delay, backOff, code (what becomes of them)", func(v string) error {
		f, err := ewssim.ParseFault(v)
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

// kinds are the kinds of failures, in words.
func kinds() string {
	var names []string
	for _, k := range ewssim.FaultKinds() {
		names = append(names, string(k))
	}
	return strings.Join(names, ", ")
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	st, err := parseFlags(args, stderr)
	if err != nil {
		return err
	}
	if st.password == "" {
		st.password = rand.Text()
	}
	if st.opt.ControlToken == "" {
		st.opt.ControlToken = rand.Text()
	}
	if len(st.opt.Mailboxes) == 0 {
		st.opt.Mailboxes = []ewssim.Mailbox{{Address: "ann@example.org", Name: "Ann Example", Zone: "W. Europe Standard Time"}}
	}
	for i := range st.opt.Mailboxes {
		st.opt.Mailboxes[i].Password = st.password
	}
	for i := range st.opt.Accounts {
		st.opt.Accounts[i].Password = st.password
	}
	st.opt.Log = slog.New(slog.NewTextHandler(stderr, nil))
	sim, err := ewssim.New(st.opt)
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

func serve(ctx context.Context, sim *ewssim.Sim, st settings, stdout io.Writer) error {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", st.addr)
	if err != nil {
		return err
	}
	env := fmt.Sprintf("EXCHANGE_URL=http://%s/EWS/Exchange.asmx\nEXCHANGE_USER=%s\nEXCHANGE_PASSWORD=%s\nEXCHANGE_CONTROL_TOKEN=%s\n",
		ln.Addr(), st.opt.Mailboxes[0].Address, st.password, st.opt.ControlToken)
	fmt.Fprint(stdout, env)
	if st.env != "" {
		if err := os.WriteFile(st.env, []byte(env), 0o600); err != nil {
			ln.Close()
			return err
		}
	}
	srv := &http.Server{Handler: sim, ReadHeaderTimeout: 10 * time.Second, ConnContext: ewssim.ConnContext,
		ErrorLog: slog.NewLogLogger(st.opt.Log.Handler(), slog.LevelDebug)}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ln) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	sim.Close() // ends streams, which would otherwise outlast the grace
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
