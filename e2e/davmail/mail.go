package davmail

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/mail"
	"net/smtp"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Letter is a message that lies in the Inbox when the check begins.
type Letter struct {
	Subject string
	File    []byte // hangs on it
}

// reader is a client of IMAP (RFC 9051), as far as the check needs one.
type reader struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
	n    int
}

func (g *gateway) mail(t *testing.T) *reader {
	t.Helper()
	conn, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(g.imap))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	r := &reader{t: t, conn: conn, in: bufio.NewReader(conn)}
	r.line()
	r.do("LOGIN " + g.user + " " + g.password)
	return r
}

func (r *reader) line() string {
	r.t.Helper()
	text, err := r.in.ReadString('\n')
	if err != nil {
		r.t.Fatalf("IMAP: %v after %q", err, text)
	}
	return text
}

var literal = regexp.MustCompile(`\{(\d+)\}\r\n$`)

// do sends a command, demands OK, and returns what came before it with its literals.
func (r *reader) do(command string) (lines []string, literals [][]byte) {
	r.t.Helper()
	r.n++
	tag := fmt.Sprintf("a%d ", r.n)
	if _, err := io.WriteString(r.conn, tag+command+"\r\n"); err != nil {
		r.t.Fatal(err)
	}
	for {
		text := r.line()
		if done, ok := strings.CutPrefix(text, tag); ok {
			if !strings.HasPrefix(done, "OK") {
				r.t.Fatalf("IMAP: %s: %s", strings.Fields(command)[0], done)
			}
			return lines, literals
		}
		if m := literal.FindStringSubmatch(text); m != nil {
			n, err := strconv.Atoi(m[1])
			if err != nil {
				r.t.Fatal(err)
			}
			raw := make([]byte, n)
			if _, err := io.ReadFull(r.in, raw); err != nil {
				r.t.Fatal(err)
			}
			literals = append(literals, raw)
		}
		lines = append(lines, strings.TrimSpace(text))
	}
}

// has selects a folder, demands a number of messages there, and returns them.
func (r *reader) has(folder string, count int) [][]byte {
	r.t.Helper()
	lines, _ := r.do("SELECT " + folder)
	if !strings.Contains(strings.Join(lines, "\n"), fmt.Sprintf("* %d EXISTS", count)) {
		r.t.Fatalf("%s has not %d messages: %q", folder, count, lines)
	}
	if count == 0 {
		return nil
	}
	_, all := r.do(fmt.Sprintf("FETCH 1:%d (BODY.PEEK[])", count))
	if len(all) != count {
		r.t.Fatalf("%d of %d messages of %s were sent", len(all), count, folder)
	}
	return all
}

// files are the decoded files of a message.
func files(t *testing.T, raw []byte) (subject string, out [][]byte) {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	for parts := multipart.NewReader(m.Body, params["boundary"]); params["boundary"] != ""; {
		p, err := parts.NextPart()
		if err != nil {
			break
		}
		if p.FileName() == "" {
			continue
		}
		content, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, p))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, content)
	}
	return subject, out
}

// messages reads the letter by IMAP, sends one by SMTP, and moves one to the bin.
func messages(t *testing.T, g *gateway, l Letter) {
	t.Helper()
	r := g.mail(t)
	subject, content := files(t, r.has("INBOX", 1)[0])
	if subject != l.Subject || len(content) != 1 || !bytes.Equal(content[0], l.File) {
		t.Errorf("%q came with %d files", subject, len(content))
	}
	text := "From: " + g.user + "\r\nTo: " + g.user + "\r\nSubject: To myself\r\nMessage-ID: <self@example.org>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
		"--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=f.bin\r\n" +
		"Content-Transfer-Encoding: base64\r\n\r\nAP8=\r\n--b--\r\n"
	host := "127.0.0.1:" + strconv.Itoa(g.smtp)
	if err := smtp.SendMail(host, smtp.PlainAuth("", g.user, g.password, "127.0.0.1"), g.user, []string{g.user}, []byte(text)); err != nil {
		t.Fatal(err)
	}
	for folder, count := range map[string]int{"INBOX": 2, "Sent": 1} {
		found := false
		for _, raw := range r.has(folder, count) {
			subject, content := files(t, raw)
			if subject == "To myself" {
				found = len(content) == 1 && string(content[0]) == "\x00\xff" && bytes.Contains(raw, []byte("<self@example.org>"))
			}
		}
		if !found {
			t.Errorf("what was sent is not in %s as it was", folder)
		}
	}
	r.do("SELECT INBOX")
	r.do("MOVE 1 Trash")
	r.has("INBOX", 1)
	r.has("Trash", 1)
}
