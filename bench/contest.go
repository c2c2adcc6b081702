package main

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"crmbridge/bench/peers"
)

// entrant is a server that takes part in the comparison.
type entrant struct {
	title     string
	version   string
	storage   string
	durable   bool // a write is on the disk when it is answered
	coarse    bool // sync tokens are seconds
	note      string
	collation string
	single    bool // a connection for each request
	filling   peers.Filling
	// open starts it, empty. An error says why it cannot be run here.
	open func(ctx context.Context) (*site, error)
}

// site is a running server, seen from outside: nothing but HTTP.
type site struct {
	base           string
	calendar, book string // paths of collections that are not there yet
	user, password string
	version        string
	close          func() error
	// write puts files where the server looks for them; for peers.AsFiles.
	write func(ctx context.Context, path string, files iter.Seq2[string, []byte]) error
}

// result is what one row was with one server.
type result struct {
	times   times
	rate    float64 // requests a second, for rows that have one
	objects int     // in the answer
	why     string  // there are no times: the reason
	note    string  // there are, but
}

func (r result) there() bool { return len(r.times) > 0 || r.rate > 0 }

// ratio is how many times longer the other takes, or how many times less it does; 0
// without both.
func (r result) ratio(other result) float64 {
	switch {
	case !r.there() || !other.there():
		return 0
	case r.rate > 0:
		return r.rate / other.rate
	}
	return float64(other.times.median()) / float64(r.times.median())
}

// heat is all servers with collections of one size.
type heat struct {
	size    int
	rows    []string
	results map[string][]result // by row, then as the entrants; ours first
}

// contest is the comparison.
type contest struct {
	entrants []entrant
	heats    []*heat
	took     time.Duration
	missing  string // what could not be installed
}

// hold measures every entrant with every size. One that cannot be run is not an error.
func (c *contest) hold(ctx context.Context, o options) error {
	began := time.Now()
	for _, size := range o.contest {
		h := &heat{size: size, results: map[string][]result{}}
		c.heats = append(c.heats, h)
		for i := range c.entrants {
			if err := c.let(ctx, o, h, i); err != nil {
				return err
			}
		}
		// The machine is not the same all the time: ours is measured at both ends of it.
		if err := c.let(ctx, o, h, 0); err != nil {
			return err
		}
	}
	c.took = time.Since(began)
	return nil
}

// let measures one entrant in one heat.
func (c *contest) let(ctx context.Context, o options, h *heat, i int) (err error) {
	e := &c.entrants[i]
	_, _ = fmt.Fprintf(o.progress, "peers: %d: %s\n", h.size, e.title)
	s, err := e.open(ctx)
	if err != nil {
		if ctx.Err() != nil || i == 0 {
			return err
		}
		h.all(o, i, len(c.entrants), err.Error())
		return nil
	}
	defer func() {
		if e := s.close(); err == nil {
			err = e
		}
	}()
	e.version = or(s.version, e.version)
	v := &visit{o: o, entrant: e, site: s, size: h.size}
	v.client = v.newClient()
	defer v.client.close()
	if why := v.furnish(ctx); why != "" {
		if i == 0 {
			return fmt.Errorf("%s: %s", e.title, why)
		}
		h.all(o, i, len(c.entrants), why)
		return ctx.Err()
	}
	for _, t := range v.trials(ctx) {
		if !o.only.MatchString(t.name) {
			continue
		}
		r := t.do(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		_, _ = fmt.Fprintf(o.progress, "peers: %d: %s: %s: %s %s%s\n", h.size, e.title, t.name, r, r.why, r.note)
		h.set(t.name, i, len(c.entrants), r)
	}
	return nil
}

// set keeps a result. Ours, which comes first, says which rows there are and how many
// objects an answer has.
func (h *heat) set(row string, i, n int, r result) {
	if h.results[row] == nil {
		h.rows = append(h.rows, row)
		h.results[row] = make([]result, n)
	}
	if ours := h.results[row][0]; i > 0 && r.there() && r.objects != ours.objects && r.note == "" {
		r.note = fmt.Sprintf("%s objects, not %s", number(uint64(r.objects)), number(uint64(ours.objects))) //nolint:gosec // counts
		if r.objects < ours.objects/2 {
			r = result{why: r.note}
		}
	}
	h.results[row][i] = h.results[row][i].and(r)
}

// and is two measurements of one row as one.
func (r result) and(more result) result {
	if !r.there() || !more.there() {
		return more
	}
	more.times = append(slices.Clone(r.times), more.times...)
	slices.Sort(more.times)
	more.rate = (r.rate + more.rate) / 2
	return more
}

// all gives every row the same reason.
func (h *heat) all(o options, i, n int, why string) {
	_, _ = fmt.Fprintf(o.progress, "peers: %d: left out: %s\n", h.size, why)
	for _, row := range h.rows {
		h.set(row, i, n, result{why: why})
	}
}

// String is a cell.
func (r result) String() string {
	switch {
	case r.rate > 0:
		return digits(r.rate) + "/s"
	case r.there():
		return duration(r.times.median())
	}
	return "–"
}

// best is the fastest other server; -1 when none has the row.
func best(rs []result) int {
	at := -1
	for i := 1; i < len(rs); i++ {
		if rs[i].there() && (at < 0 || rs[at].ratio(rs[i]) < 1) {
			at = i
		}
	}
	return at
}

// longestReason is how much of an error a reader wants to see.
const longestReason = 200

// reasons are the remarks on a heat's cells, each once with the cells that it is for.
type reasons struct{ texts []string }

func (r *reasons) mark(text string) string {
	if text == "" {
		return ""
	}
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > longestReason {
		text = string(runes[:longestReason]) + "…"
	}
	i := slices.Index(r.texts, text)
	if i < 0 {
		i, r.texts = len(r.texts), append(r.texts, text)
	}
	return fmt.Sprintf(" (%d)", i+1)
}

// timesBetter is what every row is to reach against the best other server.
const timesBetter = 5

// cells are the table of a heat.
func (c *contest) cells(h *heat, r *reasons) (rows [][]string, met, judged int) {
	for _, name := range h.rows {
		rs := h.results[name]
		cells := []string{name, rs[0].String()}
		for _, other := range rs[1:] {
			cells = append(cells, other.String()+r.mark(or(other.why, other.note)))
		}
		verdict, ratio := "–", "–"
		if i := best(rs); i >= 0 {
			by := rs[0].ratio(rs[i])
			judged++
			verdict, ratio = "**missed**", fmt.Sprintf("%s× (%s)", digits(by), c.entrants[i].title)
			if by >= timesBetter {
				verdict = "met"
				met++
			}
		}
		rows = append(rows, append(cells, ratio, verdict))
	}
	return rows, met, judged
}

// write adds the comparison to the document.
func (c *contest) write(b *strings.Builder) {
	fmt.Fprintf(b, `## Beside other servers

Everybody runs on this machine one after another, from Debian's packages (`+"`bench/peers`"+`), with the same data, asked by the same client in the same
words over HTTP on 127.0.0.1, one request after another on a kept connection with a password. The bridge is the program as it is
installed, with SQLite, and is measured first and last, both taken together, as the machine is not equally fast all the time. A cell is the median, the last byte of the answer included; a row with "/s" counts requests
a second. Whoever takes more than %s for one request (%s for a first sync), or %s to take in all objects, has a dash, and so has who answers
something else than what was asked. The ratio is to the fastest of the others; the aim is %d times at 10 000 objects. This took %s.

`, requestLimit, syncLimit, fillingLimit, timesBetter, c.took.Round(time.Second))
	if c.missing != "" {
		b.WriteString("Not all could be installed: " + c.missing + ".\n\n")
	}
	var rows [][]string
	for _, e := range c.entrants {
		durable := "no"
		if e.durable {
			durable = "yes"
		}
		rows = append(rows, []string{e.title, or(e.version, "–"), e.storage, durable, or(e.note, "–")})
	}
	table(b, []string{"server", "version", "a write goes to", "and is on the disk when it is answered", "run as"}, rows)
	for _, h := range c.heats {
		var r reasons
		rows, met, judged := c.cells(h, &r)
		fmt.Fprintf(b, "### %s events and %s cards\n\n%d of %d rows that another server has are at least %d times as fast as the best of them.\n\n",
			number(uint64(h.size)), number(uint64(h.size)), met, judged, timesBetter) //nolint:gosec // counts
		head := []string{"operation"}
		for _, e := range c.entrants {
			head = append(head, e.title)
		}
		table(b, append(head, "to the best", "5×"), rows)
		for i, text := range r.texts {
			fmt.Fprintf(b, "(%d) %s  \n", i+1, text)
		}
		b.WriteString("\n")
	}
}
