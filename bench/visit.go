package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"crmbridge/bench/peers"
	"crmbridge/bench/sample"
)

// Bounds of what is waited for at one server.
const (
	requestLimit = 20 * time.Second       // one request
	fillingLimit = 6 * time.Minute        // all objects of a heat, and the first listing of them
	syncLimit    = 40 * time.Second       // a first sync, of many requests
	longTrial    = 2 * time.Second        // a request that takes so long is sent once
	trialBudget  = 500 * time.Millisecond // for the rounds of a row, if the options give no less
)

// visit is the measuring of one server with collections of one size.
type visit struct {
	o       options
	entrant *entrant
	*site
	size   int
	client *client

	events, cards []member // as the server lists them, without those that changed last
	token, before string
}

// unfilled says why a server is not filled that has taken n objects and was then perhaps asked to list them.
func (v *visit) unfilled(n int, listing, late bool, err error) string {
	switch {
	case late && listing:
		return fmt.Sprintf("took in all %s objects, but did not list them before %s were over", number(uint64(n)), fillingLimit) //nolint:gosec // counts
	case late:
		return fmt.Sprintf("did not take in all objects in %s, but %s of %s", fillingLimit, number(uint64(n)), number(uint64(2*v.size))) //nolint:gosec // counts
	case listing:
		return "the objects were not listed: " + err.Error()
	}
	return "an object was not taken: " + err.Error()
}

// furnish makes the collections and puts in the objects, the last ones twice. It
// returns why that cannot be, "" when it could.
func (v *visit) furnish(ctx context.Context) (why string) {
	for _, c := range []call{
		{method: "MKCALENDAR", path: v.calendar},
		{method: "MKCOL", path: v.book, headers: []string{"Content-Type", "application/xml; charset=utf-8"}, body: []byte(xmlHead +
			`<mkcol xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><set><prop><resourcetype><collection/><C:addressbook/></resourcetype></prop></set></mkcol>`)},
	} {
		if _, err := v.client.fetch(ctx, v.base, c, 0); err != nil {
			return "a collection was not made: " + err.Error()
		}
	}
	within, cancel := context.WithTimeout(ctx, fillingLimit)
	defer cancel()
	began := time.Now()
	n, err := v.fill(within)
	listing := err == nil
	if listing {
		// Some read and index what they were given only now.
		err = v.list(within)
		if err == nil {
			// Some make an index when they are first asked for what it serves. Whether they
			// can answer is a row of its own.
			_, _ = v.client.fetch(within, v.base, searchFor(v.book, v.entrant.collation), 0)
		}
	}
	if err != nil {
		return v.unfilled(n, listing, within.Err() != nil && ctx.Err() == nil, err)
	}
	_, _ = fmt.Fprintf(v.o.progress, "peers: %d: %s: filled in %s\n", v.size, v.entrant.title, duration(time.Since(began)))
	if err := v.change(ctx); err != nil {
		return err.Error()
	}
	return ""
}

// fill returns how many objects the server was given.
func (v *visit) fill(ctx context.Context) (int, error) {
	switch v.entrant.filling {
	case peers.AtOnce:
		_, err := v.client.fetch(ctx, v.base, call{method: http.MethodPut, path: v.calendar, body: allEvents(v.size), headers: []string{"Content-Type", icsType}}, 0)
		if err == nil {
			_, err = v.client.fetch(ctx, v.base, call{method: http.MethodPut, path: v.book, body: allCards(v.size), headers: []string{"Content-Type", vcfType}}, 0)
		}
		return 2 * v.size, err
	case peers.AsFiles:
		err := v.write(ctx, v.calendar, files(v.size, sample.Calendar{}.Event))
		if err == nil {
			err = v.write(ctx, v.book, files(v.size, sample.Book{}.Card))
		}
		return 2 * v.size, err
	}
	return v.putAll(ctx)
}

// fillers put objects at once.
const fillers = 2

func (v *visit) putAll(ctx context.Context) (int, error) {
	next := counter()
	var wg sync.WaitGroup
	counts, errs := make([]int, fillers), make([]error, fillers)
	for i := range fillers {
		wg.Go(func() {
			for n := next(); n < 2*v.size && errs[i] == nil; n = next() {
				c := put(v.calendar, icsType, sample.Calendar{}.Event(n/2, 0), "")
				if n%2 == 1 {
					c = put(v.book, vcfType, sample.Book{}.Card(n/2, 0), "")
				}
				if _, errs[i] = v.client.fetch(ctx, v.base, c, 0); errs[i] == nil {
					counts[i]++
				}
			}
		})
	}
	wg.Wait()
	sum := 0
	for _, n := range counts {
		sum += n
	}
	return sum, errors.Join(errs...)
}

func files(size int, object func(n, revision int) sample.Object) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for n := range size {
			if o := object(n, 0); !yield(o.Name, o.Text) {
				return
			}
		}
	}
}

// allEvents is one calendar object with all events, as programs export calendars.
func allEvents(size int) []byte {
	var events, zone []byte
	for n := range size {
		text := sample.Calendar{}.Event(n, 0).Text
		from, until := bytes.Index(text, []byte("BEGIN:VEVENT")), bytes.Index(text, []byte("END:VCALENDAR"))
		if at := bytes.Index(text, []byte("BEGIN:VTIMEZONE")); at >= 0 && zone == nil {
			zone = text[at:from]
		}
		events = append(events, text[from:until]...)
	}
	return slices.Concat([]byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//Example Calendar 1.0//EN\r\n"), zone, events, []byte("END:VCALENDAR\r\n"))
}

func allCards(size int) (all []byte) {
	for n := range size {
		all = append(all, sample.Book{}.Card(n, 0).Text...)
	}
	return all
}

// newClient is one more program that uses the account.
func (v *visit) newClient() *client {
	c := newClient(v.user, v.password)
	if v.entrant.single {
		c.http.Transport.(*http.Transport).DisableKeepAlives = true //nolint:forcetypeassert // newClient made it
	}
	return c
}

// list learns what the server has.
func (v *visit) list(ctx context.Context) error {
	for path, to := range map[string]*[]member{v.calendar: &v.events, v.book: &v.cards} {
		answer, err := v.client.fetch(ctx, v.base, propfind(path, "1", "<getetag/>"), http.StatusMultiStatus)
		if err != nil {
			return err
		}
		l, err := readListing(answer)
		if err != nil {
			return err
		}
		if *to = l.objects(path); len(*to) != v.size {
			return fmt.Errorf("lists %d of %d objects", len(*to), v.size)
		}
		slices.SortFunc(*to, func(a, b member) int { return strings.Compare(nameOf(a.href), nameOf(b.href)) })
	}
	return nil
}

// change changes the last events and takes sync tokens before and after. One more is
// changed before both, as a server that was filled at once may have noted no change yet.
func (v *visit) change(ctx context.Context) error {
	last := map[string]int{}
	for n := v.size - touched - 1; n < v.size; n++ {
		last[sample.Calendar{}.Event(n, 1).Name] = n
	}
	listed := map[int]member{}
	v.events = slices.DeleteFunc(v.events, func(m member) bool {
		n, changes := last[nameOf(m.href)]
		if changes {
			listed[n] = m
		}
		return changes
	})
	for n := v.size - touched - 1; n < v.size; n++ {
		if _, err := v.client.fetch(ctx, v.base, put(v.calendar, icsType, sample.Calendar{}.Event(n, 1), listed[n].etag), 0); err != nil {
			return err
		}
		if n == v.size-touched-1 {
			v.before = v.tokenAfter(ctx, "")
		}
	}
	v.token = v.tokenAfter(ctx, v.before)
	return nil
}

// tokenAfter is the sync token that a client has after a sync, "" when the server
// gives none. since is its last one, "" for a first sync.
func (v *visit) tokenAfter(ctx context.Context, since string) string {
	if v.entrant.coarse {
		time.Sleep(1100 * time.Millisecond)
		defer time.Sleep(1100 * time.Millisecond)
	}
	answer, err := v.client.fetch(ctx, v.base, syncReport(v.calendar, since), http.StatusMultiStatus)
	if err != nil {
		return ""
	}
	l, err := readListing(answer)
	if err != nil {
		return ""
	}
	return l.token
}

// trial is a row.
type trial struct {
	name string
	do   func(ctx context.Context) result
}

// asking is a trial of one kind of request.
type asking struct {
	next   func() call
	most   int                        // rounds; 0: as many as there is time for
	judge  func(answer []byte) result // objects, or why the answer is none; nil: nobody looks
	absent string                     // why it is not even asked
}

// measure sends a request once to see that it is answered as it should be, and then
// again and again.
func (v *visit) measure(ctx context.Context, a asking) result {
	if a.absent != "" {
		return result{why: a.absent}
	}
	once := func() (time.Duration, []byte, error) {
		ctx, cancel := context.WithTimeout(ctx, requestLimit)
		defer cancel()
		var answer bytes.Buffer
		took, _, err := v.client.timed(ctx, v.base, a.next(), 0, &answer)
		if err != nil && ctx.Err() != nil {
			return 0, nil, fmt.Errorf("more than %s", requestLimit)
		}
		if err != nil {
			err = fmt.Errorf("%w: %s", err, firstLine(answer.String()))
		}
		return took, answer.Bytes(), err
	}
	took, answer, err := once()
	if err != nil {
		return result{why: err.Error()}
	}
	var r result
	if a.judge != nil {
		if r = a.judge(answer); r.why != "" {
			return r
		}
	}
	if took > longTrial {
		r.times = times{took}
		return r
	}
	most := min(or0(a.most, mostRounds), mostRounds)
	for spent := time.Duration(0); len(r.times) < most && (len(r.times) < 3 || spent < min(v.o.budget, trialBudget)); {
		took, _, err := once()
		if err != nil {
			return result{why: err.Error()}
		}
		spent += took
		r.times = append(r.times, took)
	}
	slices.Sort(r.times)
	return r
}

func or0(n, other int) int {
	if n == 0 {
		return other
	}
	return n
}
