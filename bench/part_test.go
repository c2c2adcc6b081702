package main

import (
	"io"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Each document has its part, and says how it was made and where the rest is.
func TestParts(t *testing.T) {
	t.Parallel()
	if _, err := parsePart("everything"); err == nil {
		t.Error("a part that there is not")
	}
	p, err := parsePart("relay")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := measure(t.Context(), options{sizes: []int{fewest}, records: 20, puts: 1, pause: time.Millisecond, budget: time.Nanosecond, progress: io.Discard,
		only: regexp.MustCompile("relay the CRM in memory"), servers: regexp.MustCompile("^$"), inside: true, part: p, contest: []int{fewest}})
	if err != nil {
		t.Fatal(err)
	}
	text := doc.String()
	for _, want := range []string{"# Benchmarks: the relay", "-part relay -write docs/benchmarks-relay.md", "(benchmarks.md)", "(benchmarks-others.md)", "first sync from the CRM in memory", "at most 6 requests"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
	for _, other := range []string{"GET event", "not measured", "## Beside other servers", "### Load"} {
		if strings.Contains(text, other) {
			t.Errorf("%s is of another part", other)
		}
	}
}

// Both mail servers go through everything that is measured of them, a few items each.
func TestExchangePart(t *testing.T) {
	t.Parallel()
	doc, err := measure(t.Context(), options{sizes: []int{fewest}, records: 10, mailboxes: 2, puts: 1, budget: time.Nanosecond, progress: io.Discard,
		only: regexp.MustCompile("exchange (watched )?simulated [A-Za-z0-9 ]*$"), servers: regexp.MustCompile("^$"), inside: true, part: partExchange})
	if err != nil {
		t.Fatal(err)
	}
	text := doc.String()
	for _, server := range []string{"simulated Exchange Server", "simulated Microsoft 365"} {
		for _, want := range []string{"first sync from " + server + " |", "keys for the items of " + server, "poll of " + server + ", nothing changed |",
			"by a hint, from a change in " + server + " to a client |", "2 mailboxes of " + server + " are watched"} {
			if !strings.Contains(text, want) {
				t.Errorf("no %s in %s", want, text)
			}
		}
	}
}
