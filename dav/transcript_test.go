package dav_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// TestTranscripts replays what clients were seen to send, or what their sources say that they send, and checks of each
// answer what that client needs of it. Each file of testdata/transcripts is a txtar archive: its comment says which
// client it is and, after an empty line, the headers that it sends with every request; each part is one exchange:
//
//	METHOD path           the request: headers, an empty line, the body
//	Name: value
//
//	body
//	=>
//	207                   the expected status, or several: 201|204
//	what is needed of it  a line each, see transcript_language_test.go
//
// In a request {tag:PATH} is the present ETag of an object, {had:PATH} the one that the client saw last, {token} the
// last sync token that it saw, {xml:NAME} the recorded body davxml/testdata/NAME.xml. "As: desk" makes the request
// somebody else's device, without the client's headers; "As: nobody" sends no login. Bodies that start with BEGIN: get
// their lines ended by CRLF.
func TestTranscripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/transcripts/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no transcripts", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, headers, _ := strings.Cut(strings.TrimSpace(string(archive.Comment)), "\n\n")
			p := player{server: newServer(t), had: map[string]string{}, headers: lines(headers)}
			for i, part := range archive.Files {
				t.Run(fmt.Sprintf("%02d %s", i+1, part.Name), func(t *testing.T) {
					p.exchange(t, string(part.Data))
				})
			}
		})
	}
}

// player is one client in one transcript.
type player struct {
	*server
	headers []string          // of every request
	had     map[string]string // the ETag of an object that the client saw last
	token   string            // the last sync token that the client saw
}

// exchange sends one request and checks the answer.
func (p *player) exchange(t *testing.T, text string) {
	t.Helper()
	request, wanted, found := strings.Cut(text, "\n=>\n")
	if !found {
		t.Fatal("no line with =>")
	}
	expected := lines(wanted)
	if len(expected) == 0 {
		t.Fatal("no status is expected")
	}
	before := p.token
	a := p.send(t, request)
	a.token = before
	a.checkStatus(expected[0])
	a.checkShape()
	for _, line := range expected[1:] {
		a.check(p.expand(t, line))
	}
	if t.Failed() {
		t.Logf("%d %v\n%s", a.Status, a.Header, a.Body)
	}
}

// expand fills in what a transcript leaves open.
func (p *player) expand(t *testing.T, text string) string {
	t.Helper()
	for _, open := range []struct {
		name  string
		value func(string) string
	}{
		{"tag", func(path string) string { return p.call("HEAD", path, "", "User: ann+reader").want(200).etag() }},
		{"had", func(path string) string {
			if p.had[path] == "" {
				t.Fatalf("the client has seen no ETag of %s", path)
			}
			return p.had[path]
		}},
		{"xml", func(name string) string {
			body, err := os.ReadFile(filepath.Join("davxml", "testdata", name+".xml"))
			if err != nil {
				t.Fatal(err)
			}
			return string(body)
		}},
	} {
		for {
			before, rest, found := strings.Cut(text, "{"+open.name+":")
			if !found {
				break
			}
			argument, after, _ := strings.Cut(rest, "}")
			text = before + open.value(argument) + after
		}
	}
	return strings.ReplaceAll(text, "{token}", p.token)
}

// send sends a request and notes what the client learns from the answer.
func (p *player) send(t *testing.T, text string) *answered {
	t.Helper()
	head, body, _ := strings.Cut(p.expand(t, text), "\n\n")
	line := lines(head)
	method, path, ok := strings.Cut(line[0], " ")
	if !ok {
		t.Fatalf("no request line: %q", line[0])
	}
	if body = strings.TrimSuffix(body, "\n"); strings.HasPrefix(body, "BEGIN:") {
		body = strings.ReplaceAll(body, "\n", "\r\n") + "\r\n"
	}
	r := httptest.NewRequest(method, "http://dav.test"+path, strings.NewReader(body))
	user := "ann+device"
	set := func(header string) {
		if name, value, _ := strings.Cut(header, ":"); name == "As" {
			user = map[string]string{"desk": "ann+desk", "nobody": ""}[strings.TrimSpace(value)]
		} else {
			r.Header.Set(name, strings.TrimSpace(value))
		}
	}
	for _, h := range line[1:] {
		set(h)
	}
	mine := user != "ann+desk"
	for _, h := range p.headers {
		if name, _, _ := strings.Cut(h, ":"); mine && r.Header.Get(name) == "" {
			set(h)
		}
	}
	if user != "" {
		r.SetBasicAuth(user, "pw")
	}
	run := *p.server
	run.t = t
	a := &answered{reply: run.serve(r), asked: body, request: r, conflicts: run.conflicts}
	a.read()
	if mine {
		p.learn(path, a)
	}
	return a
}

// learn notes ETags and tokens as the client does.
func (p *player) learn(path string, a *answered) {
	if tag := a.Header.Get("ETag"); tag != "" {
		p.had[path] = tag
	}
	for _, r := range a.responses {
		if tag := r.found[davName("getetag")]; tag != nil {
			p.had[r.href] = tag.Text
		}
		if token := r.found[davName("sync-token")]; token != nil {
			p.token = token.Text
		}
	}
	if a.root != nil && a.root.child(nsD, "sync-token") != nil {
		p.token = a.root.child(nsD, "sync-token").Text
	}
}

// lines are the lines of a text that are not empty.
func lines(text string) (out []string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, "\r\n"); strings.TrimSpace(line) != "" {
			out = append(out, line)
		}
	}
	return out
}
