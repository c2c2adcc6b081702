package simkit

import (
	"context"
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
)

// Main runs a simulator's program until SIGINT or SIGTERM, and ends the process with 1 when run fails.
func Main(name string, run func(ctx context.Context, args []string, stdout, stderr io.Writer) error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, name+":", err)
		}
		os.Exit(1)
	}
}

// Flags are what all programs of simulators are told.
type Flags struct {
	Addr string // to listen on
	Env  string // file that variables are written to; "" is none
}

// Define declares the flags, with those of the token and of failures. variables are what Env gets, in words.
func (f *Flags) Define(fs *flag.FlagSet, token *string, variables string) {
	fs.StringVar(&f.Addr, "addr", "127.0.0.1:0", "address to listen on; port 0 picks a free one")
	fs.StringVar(&f.Env, "env", "", "write "+variables+" to this file")
	fs.StringVar(token, "control-token", "", "token for /__sim/; empty makes one up and prints it")
}

// FaultFlag declares --fault. example is one, names are those that a failure has.
func FaultFlag[K ~string](fs *flag.FlagSet, kinds []K, example, names string, arm func(text string) error) {
	var words []string
	for _, k := range kinds {
		words = append(words, string(k))
	}
	fs.Func("fault", "a failure, such as "+example+"; may be repeated. Kinds: "+strings.Join(words, ", ")+". Names: "+names, arm)
}

// Parse reads the command line, which has nothing but flags.
func Parse(fs *flag.FlagSet, args []string) error {
	if err := fs.Parse(args); err != nil {
		return err
	}
	if fs.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	return nil
}

// Server is a simulator that is to be reached.
type Server struct {
	Handler     http.Handler
	Log         *slog.Logger
	ConnContext func(context.Context, net.Conn) context.Context // nil is none
	Stop        func()                                          // called before the last requests are waited for; nil is nothing
	Variables   func(addr net.Addr) string                      // lines NAME=value for who wants to reach it
}

// Serve listens, tells stdout and the file Env how it is reached, and answers until ctx ends; requests under way have three
// seconds then.
func (f Flags) Serve(ctx context.Context, s Server, stdout io.Writer) error {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", f.Addr)
	if err != nil {
		return err
	}
	env := s.Variables(ln.Addr())
	fmt.Fprint(stdout, env)
	if f.Env != "" {
		if err := os.WriteFile(f.Env, []byte(env), 0o600); err != nil {
			ln.Close()
			return err
		}
	}
	srv := &http.Server{Handler: s.Handler, ReadHeaderTimeout: 10 * time.Second, ConnContext: s.ConnContext,
		ErrorLog: slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug)}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ln) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	if s.Stop != nil {
		s.Stop()
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
