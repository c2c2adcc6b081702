package main

import (
	"context"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestListing(t *testing.T) {
	t.Parallel()
	l, err := readListing([]byte(`<?xml version="1.0"?><D:multistatus xmlns:D="DAV:" xmlns:C="urn:x"><D:response><D:href>/a/</D:href><D:propstat><D:prop><D:getetag/></D:prop>` +
		`</D:propstat></D:response><D:response><D:href> /a/b%20c.ics
</D:href><D:propstat><D:prop><D:getetag>"1"</D:getetag><C:other><D:href>/x</D:href></C:other></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>` +
		`<D:response><D:href>/a/gone.ics</D:href><D:status>HTTP/1.1 404 Not Found</D:status></D:response><D:sync-token>urn:t:7</D:sync-token></D:multistatus>`))
	want := []member{{href: "/a/b%20c.ics", etag: `"1"`}}
	if err != nil || l.token != "urn:t:7" || len(l.members) != 3 || !slices.Equal(l.objects("/a/"), want) {
		t.Errorf("read %+v, %v", l, err)
	}
	if _, err := readListing([]byte("<a><b></a>")); err == nil {
		t.Error("what is no XML is read")
	}
}

func ms(n int) result { return result{times: times{time.Duration(n) * time.Millisecond}, objects: 3} }

// TestRatios checks who is the best, by how much, and what stands where there is no
// number.
func TestRatios(t *testing.T) {
	t.Parallel()
	c := &contest{entrants: []entrant{{title: "bridge"}, {title: "Slow"}, {title: "Fast"}, {title: "None"}}}
	h := &heat{size: 10_000, results: map[string][]result{}}
	c.heats = []*heat{h}
	for i, rs := range [][]result{
		{ms(1), {times: times{2 * time.Millisecond}, objects: 1}, {rate: 60}},
		{ms(40), ms(300), {rate: 8}},
		{ms(6), {times: times{3 * time.Millisecond}, objects: 2}, {rate: 13}},
		{{why: "cannot"}, {why: "cannot"}, {why: "refuses"}},
	} {
		for n, row := range []string{"a", "b", "c"} {
			// b is faster elsewhere, c is a rate.
			r := rs[n]
			if row == "b" && i == 0 {
				r.objects = 3
			}
			h.set(row, i, 4, r)
		}
	}
	var why reasons
	rows, met, judged := c.cells(h, &why)
	want := [][]string{
		{"a", "1.00 ms", "40.0 ms", "6.00 ms", "– (1)", "6.00× (Fast)", "met"},
		{"b", "2.00 ms", "300 ms", "3.00 ms (2)", "– (1)", "1.50× (Fast)", "**missed**"},
		{"c", "60.0/s", "8.00/s", "13.0/s", "– (3)", "4.62× (Fast)", "**missed**"},
	}
	if met != 1 || judged != 3 || !slices.EqualFunc(rows, want, slices.Equal) {
		t.Errorf("%d of %d met:\n%q", met, judged, rows)
	}
	if !slices.Equal(why.texts, []string{"cannot", "2 objects, not 3", "refuses"}) {
		t.Errorf("reasons %q", why.texts)
	}
	var b strings.Builder
	c.write(&b)
	checkTables(t, b.String())
}

// TestContestGoesOn has a server that cannot be run: it gets dashes with the reason.
func TestContestGoesOn(t *testing.T) {
	t.Parallel()
	o := options{budget: time.Nanosecond, only: regexp.MustCompile("^GET"), progress: io.Discard, contest: []int{fewest}}
	c := &contest{entrants: append(entrants(program{}, regexp.MustCompile("^$")),
		entrant{title: "Broken", open: func(context.Context) (*site, error) { return nil, errors.New("not installed") }})}
	if err := c.hold(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if h := c.heats[0]; len(h.rows) != 2 || h.results["GET event"][1].why != "not installed" || !h.results["GET event"][0].there() {
		t.Errorf("%+v", h)
	}
}

// TestSharesAreWhole: nine of ten requests read, and all of them are a hundred.
func TestSharesAreWhole(t *testing.T) {
	t.Parallel()
	all, writes := 0, 0
	for _, s := range shares() {
		if all += s.percent; s.done != nil {
			writes += s.percent
		}
	}
	if all != 100 || writes != 10 {
		t.Errorf("%d %% of requests, %d %% writes", all, writes)
	}
}

func TestFlatMemory(t *testing.T) {
	t.Parallel()
	s := &section{peaks: []peak{
		{name: "a", size: 10, heap: 20 << 20}, {name: "b", size: 10, heap: 20 << 20}, {name: "a", size: 100, heap: 37 << 20}, {name: "b", size: 100, heap: 39 << 20},
	}}
	got := s.flatMemory()
	if len(got) != 2 || !got[0].met || got[1].met {
		t.Errorf("%+v", got)
	}
}
