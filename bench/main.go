// Command bench measures the bridge and prints a table: per operation the time, the
// allocations, the bytes, and how many times the floor it costs.
//
//	go run ./bench -quick                        1 000 and 10 000 objects
//	go run ./bench -part server -write docs/benchmarks.md   one of the parts, kept: server, relay, others, exchange
//	go run ./bench -run 'PROPFIND' -sizes 10000 -profile /tmp/p
//	go run ./bench -part others -server cyrus    only beside other servers, or some of them
//
// A URL of PostgreSQL in BRIDGE_TEST_POSTGRES adds a second table, up to 10 000
// objects.
//
// The floor of an operation is measured in the same run, in turns with it: a bare
// net/http handler that reads the same rows through plain database/sql, from the
// same database, and writes the same bytes.
//
//	main.go     flags, and the order of everything; part.go the documents
//	bridge.go   the parts of the bridge, wired as the program wires them
//	world.go    a bridge with a calendar and an address book of one size
//	client.go   requests over real HTTP with an app password
//	floor.go    the other side of the comparison
//	meter.go    timing in turns, allocations, profiles
//	requests.go what clients ask, in their words; listing.go reads what they are told
//	dav.go operations.go floors.go   the operations of the server
//	firstsync.go   a program's first download, request by request
//	mix.go load.go   many programs at once, reading and writing; accounts that poll
//	program.go  the bridge as a process of its own, for those and the next
//	contest.go entrants.go visit.go trials.go   the same rows with other servers (package peers)
//	relay*.go   the runs of the relay, the lag from one side to the other, many links that are polled
//	exchange.go mailservers.go   simulated mail servers: runs, the lag where they tell of changes, many mailboxes that are watched
//	memory.go   resident memory while answers are streamed
//	report.go machine.go table.go   what is printed
//
// Sample data come from package sample. What is judged (the aims) stands in aims.go.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"crmbridge/bench/peers"
)

// options say what is measured and how long.
type options struct {
	sizes                    []int
	busy, busyEvents, polled int           // accounts, and events of one, for the load
	records                  int           // in the CRM, for the relay
	mailboxes                int           // that are watched, of each mail server; 0 leaves them out
	polls                    int           // links that are polled at an interval; 0 leaves them out
	pollSpan                 time.Duration // their interval, and how long that is watched
	puts                     int           // whose way to the CRM is timed, for each kind
	pause                    time.Duration // between them
	budget                   time.Duration // that a row may take, beyond its fewest rounds
	only                     *regexp.Regexp
	servers                  *regexp.Regexp // names of other servers
	postgres                 string         // URL of a database whose user may create others; "" leaves it out
	profile                  string         // folder for a CPU profile of each row; the floors are left out then
	contest                  []int          // sizes of the comparison with other servers; empty leaves it out
	span                     time.Duration  // of many clients at once
	part                     part           // what of all this
	inside                   bool           // the bridge is not run as a program of its own
	progress                 io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o := options{sizes: []int{1_000, 10_000, 100_000}, busy: busy, busyEvents: busyEvents, polled: polled, records: 10_000, mailboxes: 200, polls: 500, pollSpan: time.Minute, puts: 25, pause: 150 * time.Millisecond,
		budget: 1200 * time.Millisecond, contest: []int{1_000, 10_000}, span: 5 * time.Second, postgres: os.Getenv("BRIDGE_TEST_POSTGRES"), progress: stderr}
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	fs.SetOutput(stderr)
	quick := fs.Bool("quick", false, "1 000 and 10 000 objects only, 2 000 records in the CRM")
	sizes := fs.String("sizes", "", "numbers of objects, separated by commas")
	only := fs.String("run", "", "measure only what this regular expression finds: names of operations, \"memory\", \"relay the CRM in memory\", \"relay simulated Creatio\", \"relay many links\", \"exchange simulated Microsoft 365\", \"exchange watched simulated Exchange Server\"")
	which := fs.String("part", "", "server, relay, others, exchange or pages: what of all is measured")
	servers := fs.String("server", "", "compare only with the servers whose names this regular expression finds")
	write := fs.String("write", "", "write the document to this file instead of standard output")
	fs.IntVar(&o.records, "records", o.records, "records in the CRM")
	fs.DurationVar(&o.budget, "budget", o.budget, "time for each row")
	fs.StringVar(&o.postgres, "postgres", o.postgres, "URL of a PostgreSQL database whose user may create others")
	fs.StringVar(&o.profile, "profile", "", "write CPU and allocation profiles of each row into this folder, and leave the floors out")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if fs.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	if *quick {
		o.sizes, o.records, o.contest, o.span, o.polls, o.mailboxes = []int{1_000, 10_000}, 2_000, nil, 2*time.Second, 0, 20
	}
	var err error
	if o.part, err = parsePart(*which); err != nil {
		return err
	}
	if o.part == partOthers && o.contest == nil {
		o.contest = []int{1_000}
	}
	if err := o.parse(*sizes, *only, *servers); err != nil {
		return err
	}
	doc, err := measure(ctx, o)
	if err != nil {
		return err
	}
	if *write != "" {
		return os.WriteFile(*write, []byte(doc.String()), 0o644) //nolint:gosec // a document for everybody
	}
	_, err = io.WriteString(stdout, doc.String())
	return err
}

func (o *options) parse(sizes, only, servers string) error {
	if sizes != "" {
		o.sizes = nil
		for s := range strings.SplitSeq(sizes, ",") {
			n, err := strconv.Atoi(strings.TrimSpace(s))
			if err != nil || n < fewest {
				return fmt.Errorf("-sizes: %q is no number from %d", s, fewest)
			}
			o.sizes = append(o.sizes, n)
		}
		o.contest = upTo(o.sizes, 10_000)
	}
	var err error
	o.only, err = regexp.Compile(only)
	if err != nil {
		return fmt.Errorf("-run: %w", err)
	}
	if o.servers, err = regexp.Compile("(?i)" + servers); err != nil {
		return fmt.Errorf("-server: %w", err)
	}
	if o.profile != "" {
		return os.MkdirAll(o.profile, 0o755) //nolint:gosec // profiles are no secret
	}
	return nil
}

// measure does everything, in folders that are gone afterwards.
func measure(ctx context.Context, o options) (*report, error) {
	dir, err := os.MkdirTemp("", "bridge-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	doc := newReport(o)
	if o.part != partOthers {
		if err := doc.databases(ctx, o, dir); err != nil {
			return doc.end(), err
		}
	}
	return doc.end(), doc.compare(ctx, o, dir)
}

// databases measures the bridge on each database.
func (d *report) databases(ctx context.Context, o options, dir string) error {
	err := d.section(ctx, "SQLite", o, func(name string) (string, func(), error) {
		path := filepath.Join(dir, name)
		return "sqlite:" + path, func() {
			for _, end := range []string{"", "-wal", "-shm"} {
				_ = os.Remove(path + end) // the folder goes too
			}
		}, nil
	})
	if err != nil || o.postgres == "" || o.part == partExchange { // what differs between the databases shows with CRMs
		return err
	}
	if o.part != partPages {
		o.sizes = upTo(o.sizes, 10_000)
	}
	o.records = min(o.records, 2_000) // what differs between the databases shows there
	return d.section(ctx, "PostgreSQL", o, func(string) (string, func(), error) { return newDatabase(ctx, o.postgres) })
}

// compare measures other servers beside the bridge.
func (d *report) compare(ctx context.Context, o options, dir string) error {
	if !o.part.has(partOthers) || len(o.contest) == 0 || o.profile != "" || o.only.String() != "" && o.part != partOthers {
		return nil
	}
	p, err := o.program(ctx, dir)
	if err != nil {
		return err
	}
	d.contest = &contest{entrants: entrants(p, o.servers)}
	if err := peers.Install(ctx); err != nil {
		d.contest.missing = err.Error()
	}
	return d.contest.hold(ctx, o)
}

// program is the server that is measured from outside.
func (o options) program(ctx context.Context, dir string) (program, error) {
	if o.inside {
		return program{}, nil
	}
	return build(ctx, dir)
}

func upTo(sizes []int, most int) (out []int) {
	for _, n := range sizes {
		if n <= most {
			out = append(out, n)
		}
	}
	return out
}
