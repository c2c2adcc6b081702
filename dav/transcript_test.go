package dav_test

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite the expected answers of the transcripts")

// TestTranscripts replays what clients were seen to send. Each file of testdata is a txtar archive of pairs: "N request"
// (request line, headers, empty line, body; "{tag:PATH}" and "{token}" stand for the present ETag of an object and the
// last sync token seen) and "N answer" (status, chosen headers, empty line, the parsed XML printed anew or the text).
func TestTranscripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/transcripts/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no transcripts", err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			p := player{server: newServer(t)}
			for i := 0; i+1 < len(archive.Files); i += 2 {
				request, want := archive.Files[i], &archive.Files[i+1]
				got := p.play(t, request.Name, string(request.Data))
				if *update {
					want.Data = []byte(got)
				} else if got != string(want.Data) {
					t.Errorf("%s: got\n%s\nwant\n%s", want.Name, got, want.Data)
				}
			}
			if *update {
				if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

type player struct {
	*server
	token string
}

func (p *player) play(t *testing.T, name, text string) string {
	t.Helper()
	for {
		before, rest, ok := strings.Cut(text, "{tag:")
		if !ok {
			break
		}
		path, after, _ := strings.Cut(rest, "}")
		text = before + p.call("HEAD", path, "", "User: ann+reader").want(200).etag() + after
	}
	text = strings.ReplaceAll(text, "{token}", p.token)
	head, body, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(strings.TrimSpace(head), "\n")
	method, path, ok := strings.Cut(lines[0], " ")
	if !ok {
		t.Fatalf("%s: no request line", name)
	}
	if strings.HasPrefix(body, "BEGIN:") {
		body = strings.ReplaceAll(body, "\n", "\r\n")
	}
	r := p.call(method, path, body, append(lines[1:], "User: "+userOf(lines))...)
	return p.show(r)
}

// userOf lets a transcript log in as somebody, or with "Anonymous: yes" not at all.
func userOf(lines []string) string {
	for _, l := range lines {
		if strings.HasPrefix(l, "Anonymous:") {
			return ""
		}
	}
	return "ann+device"
}

var shownHeaders = []string{"Allow", "Content-Type", "Dav", "Etag", "Location", "Preference-Applied", "Retry-After", "Www-Authenticate"}

func (p *player) show(r *reply) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s\n", r.Status, http.StatusText(r.Status))
	for _, name := range shownHeaders {
		if v := r.Header.Get(name); v != "" && (name != "Dav" || strings.HasPrefix(r.what, "OPTIONS")) {
			fmt.Fprintf(&b, "%s: %s\n", name, v)
		}
	}
	switch {
	case len(r.Body) == 0:
	case strings.HasPrefix(r.Header.Get("Content-Type"), "application/xml"):
		root := parseXML(p.t, r.Body)
		if tok := root.child(nsD, "sync-token"); tok != nil {
			p.token = tok.Text
		}
		b.WriteByte('\n')
		root.print(&b, 0)
	default:
		b.WriteByte('\n')
		s := bufio.NewScanner(bytes.NewReader(r.Body))
		for s.Scan() {
			b.WriteString(s.Text() + "\n")
		}
	}
	return b.String()
}

var shownSpaces = map[string]string{nsD: "D", nsC: "C", nsCR: "CR", nsCS: "CS", nsICAL: "I"}

// print writes one element a line, so that a difference is seen where it is.
func (n *node) print(b *strings.Builder, depth int) {
	indent := strings.Repeat("  ", depth)
	name := shownName(n.Name)
	b.WriteString(indent + name)
	attrs := slices.Clone(n.Attrs)
	slices.SortFunc(attrs, func(x, y xml.Attr) int { return strings.Compare(x.Name.Local, y.Name.Local) })
	for _, a := range attrs {
		fmt.Fprintf(b, " %s=%q", shownName(a.Name), a.Value)
	}
	if text := n.Text; strings.TrimSpace(text) != "" {
		fmt.Fprintf(b, " %q", text)
	}
	b.WriteByte('\n')
	for _, c := range n.Children {
		c.print(b, depth+1)
	}
}

func shownName(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	if p, ok := shownSpaces[n.Space]; ok {
		return p + ":" + n.Local
	}
	return "{" + n.Space + "}" + n.Local
}
