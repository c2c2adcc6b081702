// Command bridge exposes CRM activities and contacts as CalDAV calendars and
// CardDAV address books and carries changes both ways.
//
//	main.go      main: signals, arguments, environment, exit code
//	root.go      the command tree and what all commands share
//	arguments.go flagvalues.go  what a command says of words and values that it does not take
//	drivers.go   the table of drivers
//	app.go       app: the parts, wired together
//	serve.go     serve: HTTP, TLS, health, shutdown
//	housekeeping.go  what goes once an hour because it is old
//	heapfloor.go how seldom a small heap is collected
//	pages.go     the pages for people
//	metrics.go   /metrics, /healthz, /readyz
//	demo.go      demo: everything on embedded parts
//	user.go token.go link.go sync.go conflict.go duplicate.go item.go feed.go birthdays.go
//	doctor.go migrate.go secret.go restored.go version.go
//	             one file per command
//	linkadd.go linklist.go linkshow.go linkscope.go linkdrivers.go linkrules.go linkfields.go probe.go
//	             parts of link
//	syncagain.go syncstop.go syncundo.go preview.go conflictundo.go itemhistory.go itemrelate.go
//	doctorsettings.go
//	             parts of sync, conflict, item and doctor
//	review.go    lists of errors, holds, runs and steps, and the flags of such lists
//	support.go supportstate.go  what a bug report needs, without names
//	keptlog.go keptring.go      lines of the log for it, and the file they are kept in
//	newfile.go   a file that replaces none
//	backup.go restore.go  all there is in one file, and back
//	output.go    tables, JSON and CSV
//
// It is the only package that reads flags, the configuration and the clock.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"unicode"

	"crmbridge/manage"
	"crmbridge/pim"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr}, environ(os.Environ()))
	stop()
	os.Exit(code)
}

// streams are the program's standard streams.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// run is the program as a function, so that tests can call it.
func run(ctx context.Context, args []string, s streams, env map[string]string) int {
	root := rootCommand(s, env)
	strictly(root)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil || errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return 0
	}
	var shown *shownError
	if !errors.As(err, &shown) {
		_, _ = fmt.Fprintln(s.err, "bridge: "+describe(err))
	}
	return 1
}

// shownError ends the program without another word: the command has said it all.
type shownError struct{ error }

// describe is an error for the person at the shell, who may see causes: public text
// first, then the cause if it adds anything.
func describe(err error) string {
	var e *pim.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	public := manage.FaultText(err)
	if f, ok := manage.FaultOf(err); ok {
		return "--" + flagName(f.Field) + " " + f.Says
	}
	for inner := e; errors.As(inner.Err, &inner); {
		e = inner
	}
	if e.Err == nil || strings.Contains(public, e.Err.Error()) {
		return public
	}
	if e.Kind == pim.ErrNotFound && strings.HasPrefix(e.Op, "store: ") {
		return public // the cause is the database's way of saying the same
	}
	return fmt.Sprintf("%s (%v)", public, e.Err)
}

// flagName is the flag for a value: past-days for pastDays.
func flagName(field string) string {
	var b strings.Builder
	for _, r := range field {
		if unicode.IsUpper(r) {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

func environ(list []string) map[string]string {
	m := make(map[string]string, len(list))
	for _, kv := range list {
		k, v, _ := strings.Cut(kv, "=")
		m[k] = v
	}
	return m
}
