package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"crmbridge/bench/sample"
)

// report is the whole document.
type report struct {
	options  options
	began    time.Time
	took     time.Duration
	loads    [2]string // of the machine, at the beginning and at the end
	sections []*section
	contest  *contest // nil: not held
}

// section is what was measured on one database.
type section struct {
	title   string
	part    part
	rows    []row
	peaks   []peak
	loaded  []rush
	polls   *polling // nil: not measured
	watches []crowdWatched
}

func newReport(o options) *report {
	return &report{options: o, began: time.Now(), loads: [2]string{load(), ""}}
}

func (d *report) end() *report {
	d.took, d.loads[1] = time.Since(d.began), load()
	return d
}

// section measures everything on one kind of database. open makes a new, empty one;
// drop removes it.
func (d *report) section(ctx context.Context, title string, o options, open func(name string) (url string, drop func(), err error)) error {
	s := &section{title: title, part: o.part}
	d.sections = append(d.sections, s)
	if o.part.has(partServer) {
		if err := s.server(ctx, o, open); err != nil {
			return err
		}
	}
	if o.part == partPages {
		at, drop, err := open("pages.db")
		if err != nil {
			return err
		}
		defer drop()
		return s.webPages(ctx, o, at, o.sizes[len(o.sizes)-1])
	}
	if o.part == partExchange {
		return s.exchanges(ctx, o, open)
	}
	if !o.part.has(partRelay) {
		return nil
	}
	return s.relays(ctx, o, open)
}

// server measures what clients ask for, with collections of each size, and under load.
func (s *section) server(ctx context.Context, o options, open func(name string) (url string, drop func(), err error)) error {
	for i, size := range o.sizes {
		url, drop, err := open(fmt.Sprintf("objects-%d.db", size))
		if err != nil {
			return err
		}
		err = s.dav(ctx, o, url, size, i == len(o.sizes)-1)
		drop()
		if err != nil {
			return fmt.Errorf("%s, %d objects: %w", s.title, size, err)
		}
	}
	url, drop, err := open("load.db")
	if err != nil {
		return err
	}
	err = s.loads(ctx, o, url)
	drop()
	if err != nil {
		return fmt.Errorf("%s, load: %w", s.title, err)
	}
	return nil
}

// relays measures the relay with every CRM, and with many links.
func (s *section) relays(ctx context.Context, o options, open func(name string) (url string, drop func(), err error)) error {
	for _, side := range sides() {
		if !o.only.MatchString("relay " + side.name) {
			continue
		}
		for _, n := range side.sizes(o) {
			url, drop, err := open(fmt.Sprintf("relay-%s-%d.db", side.name, n))
			if err != nil {
				return err
			}
			err = s.relay(ctx, o, url, side, n)
			drop()
			if err != nil {
				return fmt.Errorf("%s, relay to %s: %w", s.title, side.name, err)
			}
		}
	}
	if !o.only.MatchString("relay many links") || o.polls <= 0 {
		return nil
	}
	url, drop, err := open("relay-many.db")
	if err != nil {
		return err
	}
	defer drop()
	if s.polls, err = manyLinks(ctx, o, url); err != nil {
		return fmt.Errorf("%s, many links: %w", s.title, err)
	}
	return nil
}

// dav measures the server with one size of collection, and memory with the larger ones.
func (s *section) dav(ctx context.Context, o options, url string, size int, last bool) (err error) {
	dir, err := os.MkdirTemp("", "bridge-bench-key-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	_, _ = fmt.Fprintf(o.progress, "%s: filling %d events and %d cards\n", s.title, size, size)
	w, err := openWorld(ctx, url, dir, size)
	if err != nil {
		return err
	}
	defer func() {
		if e := w.close(); err == nil {
			err = e
		}
	}()
	if r, ok, err := w.firstSyncs(ctx, o); err != nil {
		return err
	} else if ok {
		s.rows = append(s.rows, r)
	}
	memory := (last || size >= flatFrom) && o.profile == "" && o.only.MatchString("memory")
	ops := w.operations()
	for i, op := range ops {
		if !o.only.MatchString(op.name) {
			continue
		}
		r, err := w.run(ctx, o, op)
		if err != nil {
			return fmt.Errorf("%s: %w", op.name, err)
		}
		_, _ = fmt.Fprintf(o.progress, "%s: %d: %2d/%d %s: %s, %s\n", s.title, size, i+1, len(ops), r.name, duration(r.times.median()), times2(r.ratio()))
		s.rows = append(s.rows, r)
	}
	for _, op := range ops {
		if op.name != "PUT update of event" || !o.only.MatchString(op.name+" while") || o.profile != "" {
			continue
		}
		r, err := w.besideDownload(ctx, o, op)
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		s.rows = append(s.rows, r)
	}
	if memory {
		w.bare.do = nil // holds a whole answer
		peaks, err := w.memory(ctx)
		if err != nil {
			return fmt.Errorf("memory: %w", err)
		}
		s.peaks = append(s.peaks, peaks...)
	}
	return nil
}

// String is the document in Markdown.
func (d *report) String() string {
	var b strings.Builder
	b.WriteString(d.head())
	for _, s := range d.sections {
		b.WriteString("## " + s.title + "\n\n### Aims\n\n")
		var rows [][]string
		for _, a := range s.aims() {
			rows = append(rows, a.cells())
		}
		table(&b, []string{"what", "aim", "measured", ""}, rows)
		b.WriteString("### Operations\n\n")
		rows = nil
		for _, r := range s.rows {
			rows = append(rows, r.cells())
		}
		table(&b, header(), rows)
		if len(s.loaded) > 0 {
			fmt.Fprintf(&b, "### Load\n\nOne server process, asked by many programs at once. %s\n\n", d.loadNote())
			rows = nil
			for _, l := range s.loaded {
				rows = append(rows, l.cells()...)
			}
			table(&b, []string{"requests", "a second", "p50", "p99", "slowest", "p99 / p50", "server's memory"}, rows)
		}
		if s.polls != nil {
			b.WriteString("### Many links\n\nThe simulated Creatio, 20 ms away, runs in the same process; its share of the processors is in the number.\n\n")
			table(&b, pollingHeader(), [][]string{s.polls.cells()})
		}
		if len(s.peaks) > 0 {
			b.WriteString("### Memory\n\nThe whole process, the measuring client included.\n\n")
			rows = nil
			for _, p := range s.peaks {
				rows = append(rows, []string{p.name, number(uint64(p.size)), bytesOf(p.before), bytesOf(p.most), bytesOf(p.heap)}) //nolint:gosec // a count
			}
			table(&b, []string{"while answering", "objects", "resident before", "resident at most", "heap at most"}, rows)
		}
	}
	if d.contest != nil {
		d.contest.write(&b)
	}
	return b.String()
}

func (d *report) head() string {
	return fmt.Sprintf(`# %s

Written by `+"`make bench`"+` (`+"`%s`"+`) on %s in %s. Do not edit.%s

Machine: %s. Load average at the beginning %s, at the end %s: the measuring alone makes about 1.5. Above the number
of cores others were using the machine too, and times are longer than they need be; the ratios to the floor suffer less, as both are
measured in turns.

How to read it:

- Requests are sent over HTTP to 127.0.0.1, one after another on one kept connection, with an app password that is checked for each. The
  server is wired as `+"`bridge serve`"+` wires it, with its job queue at work and a database that syncs each commit to the disk. Times run to
  the last byte of the answer.
- A collection has %s objects: events as clients write them, spread over two years, %d of them series without end and 5 %% of the rest series
  with an end, a third with alarms, a fifth with attendees; cards with telephones, mail and postal addresses. Data are the same in every run.
- "Floor" is a bare net/http handler that reads the same rows of the same database through database/sql with prepared statements and writes
  the same bytes, without authentication; for a PUT it commits one row with the same text. It is measured in turns with the operation.
- "Allocations" and "allocated" are Go's, of the server alone (called without a network), per request. For the relay they include the
  CRM in memory; for the simulated Creatio they are left out.
- "A month with %d events" is the same month in a collection of any size; "a month with 1/24 of all" grows with it.
- A first sync is one run over a CRM whose records are all new. Its floor inserts the same texts into one table, a transaction for each %d,
  and over HTTP fetches as many bytes in as many requests. The lag from a PUT runs from sending it until the CRM has answered the write.
- Mail servers are simulated on this machine and fill a process together with the bridge, which takes of the processors and of the memory; 2 %% of the events in a mailbox
  are series of ten weeks. A first sync reads everything and gives %d items the keys by which they are known when a person moves them; "keys" are the runs
  that give all others theirs. Where a server tells of changes, links are polled once a minute as well, which no time here waits for.
- A table for PostgreSQL is there when one was named. The throw-away one of the tests does not sync commits to the disk.

`, d.options.part.title(), d.options.part.command(), d.began.UTC().Format("2006-01-02"), d.took.Round(time.Second), d.options.part.siblings(), machine(), d.loads[0], d.loads[1], d.sizes(), sample.Standing, sample.Standing+sample.Steady, insertBatch, keysInRun)
}

func (d *report) loadNote() string {
	o := d.options
	return fmt.Sprintf(`The program as it is installed, in its own process; its clients have connections, addresses and app passwords of their own, share the cores with it, collect their garbage afterwards, and ask
again as soon as they are answered, for %s. %d accounts with %s events each are used by 10 and by 100 programs; every
tenth request writes. The accounts that poll ask %d times for tag and token and then for changes since the token, %d at the same moment, and
keep their connections; the memory is what the server has resident then.`, o.span, o.busy, number(uint64(o.busyEvents)), pollRounds, pollers) //nolint:gosec // a count
}

func (d *report) sizes() string {
	var parts []string
	for _, n := range d.options.sizes {
		parts = append(parts, number(uint64(n))) //nolint:gosec // a count
	}
	return strings.Join(parts, ", ")
}
