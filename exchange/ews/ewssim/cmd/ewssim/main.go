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
	"strings"
	"time"

	"crmbridge/exchange/ews/ewssim"
	"crmbridge/internal/simkit"
)

func main() { simkit.Main("ewssim", run) }

// settings are the command line's.
type settings struct {
	simkit.Flags
	password string
	faults   []ewssim.Fault
	opt      ewssim.Options
}

func parseFlags(args []string, stderr io.Writer) (settings, error) {
	var st settings
	fs := flag.NewFlagSet("ewssim", flag.ContinueOnError)
	fs.SetOutput(stderr)
	st.Define(fs, &st.opt.ControlToken, "EXCHANGE_URL, EXCHANGE_USER, EXCHANGE_PASSWORD and EXCHANGE_CONTROL_TOKEN")
	fs.StringVar(&st.password, "password", "", "password of all mailboxes and accounts; empty makes one up and prints it")
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
	simkit.FaultFlag(fs, ewssim.FaultKinds(), "busy,op=GetItem,count=2",
		"op, login, after, count (which requests); delay, backOff, code (what becomes of them)", func(v string) error {
			f, err := ewssim.ParseFault(v)
			st.faults = append(st.faults, f)
			return err
		})
	if err := simkit.Parse(fs, args); err != nil {
		return st, err
	}
	return st, nil
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
	return st.Serve(ctx, simkit.Server{Handler: sim, Log: st.opt.Log, ConnContext: ewssim.ConnContext,
		Stop: func() { sim.Close() }, // ends streams, which would otherwise outlast the grace
		Variables: func(addr net.Addr) string {
			return fmt.Sprintf("EXCHANGE_URL=http://%s/EWS/Exchange.asmx\nEXCHANGE_USER=%s\nEXCHANGE_PASSWORD=%s\nEXCHANGE_CONTROL_TOKEN=%s\n",
				addr, st.opt.Mailboxes[0].Address, st.password, st.opt.ControlToken)
		}}, stdout)
}
