package creatiosim

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A transcript is a conversation with a fresh server. Lines:
//
//	# comment                       ignored
//	! site core                     an option, before the first request
//	! login plain                   log in as someone else
//	! advance 2s                    move the server clock
//	> POST Activity                 a request: method and path below the service (or absolute, with a leading /)
//	> Header: value                 its headers; an empty value leaves out one that is usually sent
//	> {"json": 1}                   its body
//	< 201                           the status that must come
//	< Header: value                 headers that must come
//	< {"json": 1}                   members that must be there; "*" stands for anything, others may be there too
//	< text                          or text that must be part of the body
func TestTranscripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/transcript/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txt"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			playTranscript(t, string(text))
		})
	}
}

type exchange struct {
	line             int
	method, path     string
	header           []string
	body             string
	status           int
	wantHeader, want []string
	directive        string
}

func readTranscript(t *testing.T, text string) (options []string, xs []exchange) {
	var cur *exchange
	for n, line := range strings.Split(text, "\n") {
		mark, rest, _ := strings.Cut(line, " ")
		switch mark {
		case "", "#":
		case "!":
			if len(xs) == 0 && !strings.HasPrefix(rest, "login") {
				options = append(options, rest)
				continue
			}
			xs = append(xs, exchange{line: n + 1, directive: rest})
			cur = nil
		case ">":
			if cur == nil || cur.status != 0 {
				method, path, _ := strings.Cut(rest, " ")
				xs = append(xs, exchange{line: n + 1, method: method, path: path})
				cur = &xs[len(xs)-1]
			} else if isHeader(rest) && cur.body == "" {
				cur.header = append(cur.header, rest)
			} else {
				cur.body += rest + "\n"
			}
		case "<":
			if cur.status == 0 {
				status, err := strconv.Atoi(rest)
				if err != nil {
					t.Fatalf("line %d: %v", n+1, err)
				}
				cur.status = status
			} else if isHeader(rest) {
				cur.wantHeader = append(cur.wantHeader, rest)
			} else {
				cur.want = append(cur.want, rest)
			}
		default:
			t.Fatalf("line %d: %q", n+1, line)
		}
	}
	return options, xs
}

func isHeader(s string) bool {
	name, _, ok := strings.Cut(s, ":")
	return ok && name != "" && (name[0] < '0' || name[0] > '9') && !strings.ContainsAny(name, `{}[]"' ()<>`)
}

func transcriptOption(t *testing.T, o *Options, line string) {
	name, value, _ := strings.Cut(line, " ")
	switch name {
	case "site":
		o.Site = map[string]Site{"core": Core, "both": Both}[value]
	case "expiry":
		o.Expiry = map[string]Expiry{"redirect": ExpiredRedirect, "html": ExpiredHTML}[value]
	case "webdav":
		o.WebDAV = true
	case "nocsrf":
		o.NoCSRF = true
	case "postgres":
		o.Postgres = true
	case "errors":
		o.Errors = map[string]ErrorStyle{"inner": ErrorsInner, "plain": ErrorsPlain}[value]
	case "surname-first":
		o.SurnameFirst = true
	case "max-batch":
		n, err := strconv.Atoi(value)
		must(t, err)
		o.MaxBatch = n
	case "no-overlap":
		o.Rules = append(o.Rules, NoOverlap())
	default:
		t.Fatalf("unknown option %q", line)
	}
}

func playTranscript(t *testing.T, text string) {
	options, xs := readTranscript(t, text)
	r := newRig(t, func(o *Options) {
		for _, line := range options {
			transcriptOption(t, o, line)
		}
	})
	for _, x := range xs {
		if x.directive != "" {
			r.direct(x)
			continue
		}
		var body any
		if x.body != "" {
			body = x.body
		}
		saved := r.c.header.Clone()
		var header []string
		for _, h := range x.header {
			if name, ok := strings.CutSuffix(h, ":"); ok {
				r.c.header.Del(name)
			} else {
				header = append(header, h)
			}
		}
		res := r.c.do(x.method, x.path, body, header...)
		r.c.header = saved
		x.compare(t, res)
	}
}

func (r *rig) direct(x exchange) {
	r.t.Helper()
	word, value, _ := strings.Cut(x.directive, " ")
	switch word {
	case "login":
		r.c = r.client()
		r.c.login(value)
	case "advance":
		d, err := time.ParseDuration(value)
		must(r.t, err)
		r.clock.Advance(d)
	case "expire-sessions":
		r.sim.ExpireSessions()
	default:
		r.t.Fatalf("line %d: unknown directive %q", x.line, x.directive)
	}
}

func (x exchange) compare(t *testing.T, res response) {
	t.Helper()
	what := fmt.Sprintf("line %d: %s %s", x.line, x.method, x.path)
	if res.err != nil {
		t.Errorf("%s: %v", what, res.err)
		return
	}
	if res.status != x.status {
		t.Errorf("%s: status %d, want %d\n%s", what, res.status, x.status, res.text())
	}
	for _, h := range x.wantHeader {
		name, value, _ := strings.Cut(h, ": ")
		if got := res.header.Get(name); got != value && !strings.HasSuffix(got, value) {
			t.Errorf("%s: %s is %q, want %q", what, name, got, value)
		}
	}
	for _, want := range x.want {
		var w, g any
		if json.Unmarshal([]byte(want), &w) == nil {
			if err := json.Unmarshal(res.body, &g); err != nil {
				t.Errorf("%s: %v in %s", what, err, res.text())
				continue
			}
			if at := differs(w, g, ""); at != "" {
				t.Errorf("%s: %s\n got %s\nwant %s", what, at, res.text(), want)
			}
		} else if !strings.Contains(res.text(), want) {
			t.Errorf("%s: no %q in %s", what, want, res.text())
		}
	}
}

// differs says where got lacks something of want, or "".
func differs(want, got any, at string) string {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return fmt.Sprintf("at %s: %v is no object", at, got)
		}
		for name, v := range w {
			gv, ok := g[name]
			if !ok {
				return fmt.Sprintf("at %s: no %s", at, name)
			}
			if d := differs(v, gv, at+"/"+name); d != "" {
				return d
			}
		}
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			return fmt.Sprintf("at %s: %v has not %d items", at, got, len(w))
		}
		for i := range w {
			if d := differs(w[i], g[i], fmt.Sprintf("%s/%d", at, i)); d != "" {
				return d
			}
		}
	default:
		if want != "*" && want != got {
			return fmt.Sprintf("at %s: %v, want %v", at, got, want)
		}
	}
	return ""
}
