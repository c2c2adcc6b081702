package main

import (
	"fmt"
	"strings"
)

// part is what of the measuring is done in one run, and stands in a document of its own:
// together they take most of an hour.
type part string

const (
	partAll    part = ""
	partServer part = "server" // operations, load, memory
	partRelay  part = "relay"  // runs, lag, many links
	partOthers part = "others" // beside other servers
	// partExchange are mail servers: runs, lag, mailboxes that are watched. It is done only when it is asked for.
	partExchange part = "exchange"
	// partPages are the pages for people; only when asked for, too.
	partPages part = "pages"
)

func parsePart(s string) (part, error) {
	for _, p := range []part{partAll, partServer, partRelay, partOthers, partExchange, partPages} {
		if s == string(p) {
			return p, nil
		}
	}
	return "", fmt.Errorf("-part: %q is not server, relay, others, exchange or pages", s)
}

// has reports that p is all or the one asked for.
func (p part) has(q part) bool { return p == partAll || p == q }

// title heads the document.
func (p part) title() string {
	switch p {
	case partServer:
		return "Benchmarks: the server"
	case partRelay:
		return "Benchmarks: the relay"
	case partOthers:
		return "Benchmarks: beside other servers"
	case partExchange:
		return "Benchmarks: mail servers"
	case partPages:
		return "Benchmarks: the pages"
	}
	return "Benchmarks"
}

// document is where make bench keeps it.
func (p part) document() string {
	switch p {
	case partRelay, partOthers, partExchange, partPages:
		return "docs/benchmarks-" + string(p) + ".md"
	}
	return "docs/benchmarks.md"
}

// command is how it was made.
func (p part) command() string {
	words := []string{"go run ./bench"}
	if p != partAll {
		words = append(words, "-part "+string(p))
	}
	return strings.Join(append(words, "-write "+p.document()), " ")
}

// siblings are the other documents.
func (p part) siblings() string {
	var out []string
	for _, q := range []part{partServer, partRelay, partOthers, partExchange, partPages} {
		if q != p && p != partAll {
			name := strings.TrimPrefix(q.document(), "docs/")
			out = append(out, "["+name+"]("+name+")")
		}
	}
	if len(out) == 0 {
		return ""
	}
	return " The rest stands in " + strings.Join(out, " and ") + "."
}
