package pim_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"crmbridge/pim"
)

func TestAMessageIsKnownByItsID(t *testing.T) {
	t.Parallel()
	at := pim.At(time.Date(2026, 6, 1, 8, 0, 0, 0, time.UTC), "")
	bare := func(change func(*pim.Message)) *pim.Message {
		m := &pim.Message{Subject: "Offer", From: pim.Person{Email: "fay@example.org"}, To: []pim.Person{{Email: "tom@example.org"}}, Sent: at}
		if change != nil {
			change(m)
		}
		return m
	}
	with := func(id string) *pim.Message { return bare(func(m *pim.Message) { m.MessageID = id }) }
	for _, x := range []struct {
		name string
		a, b *pim.Message
		same bool
	}{
		{"one id, other copies", with("a@example.org"), bare(func(m *pim.Message) { m.MessageID, m.Subject, m.Way = " a@example.org", "Re: Offer", pim.Sent }), true},
		{"another id", with("a@example.org"), with("b@example.org"), false},
		{"none, two copies", bare(nil), bare(func(m *pim.Message) {
			m.From.Name, m.From.Email, m.Received, m.Categories = "Fay", "FAY@example.org", at, []string{"x"}
		}), true},
		{"none, another subject", bare(nil), bare(func(m *pim.Message) { m.Subject = "Other" }), false},
		{"none, to and cc are two", bare(nil), bare(func(m *pim.Message) { m.To, m.Cc = nil, m.To }), false},
		{"very long ones", with(strings.Repeat("x", 3000)), with(strings.Repeat("x", 3000) + "y"), false},
	} {
		if got := x.a.UID() == x.b.UID(); got != x.same {
			t.Errorf("%s: %q and %q", x.name, x.a.UID(), x.b.UID())
		}
	}
	if with("a@example.org").UID() != "a@example.org" {
		t.Error("a usable id is not kept as it is")
	}
	for _, id := range []string{strings.Repeat("x", 3000), "a\x00b", "\xff@example.org", ""} {
		if uid := with(id).UID(); len(uid) > 80 || strings.ContainsRune(uid, 0) {
			t.Errorf("%.20q gives %q", id, uid)
		}
	}
}

func TestAMessageStaysWithinItsBounds(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ø", pim.BodyLimit)
	m := &pim.Message{HTML: "<p>" + long + "</p>", Files: make([]pim.File, pim.FilesLimit+3)}
	m.Bounded()
	if m.HTML != "" || len(m.Text) > pim.BodyLimit || !strings.HasPrefix(long, m.Text) || len(m.Text) < pim.BodyLimit-4 || !m.Cut {
		t.Errorf("long HTML: %d of HTML, %d of text, cut %v", len(m.HTML), len(m.Text), m.Cut)
	}
	if len(m.Files) != pim.FilesLimit || m.MoreFiles != 3 {
		t.Errorf("%d files and %d more", len(m.Files), m.MoreFiles)
	}
	m = &pim.Message{HTML: long, Text: "short"}
	if m.Bounded(); m.HTML != "" || m.Text != "short" || !m.Cut {
		t.Errorf("HTML that is too long beside a text: %q, cut %v", m.Text, m.Cut)
	}
	m = &pim.Message{HTML: "<p>x</p>", Text: "x"}
	if m.Bounded(); m.HTML == "" || m.Cut {
		t.Error("a short message was cut")
	}
}

func TestTextOfHTML(t *testing.T) {
	t.Parallel()
	for _, x := range []struct{ html, want string }{
		{"", ""},
		{"plain &amp; simple", "plain & simple"},
		{"<html><head><title>No</title><style>p{}</style></head><body><p>One  two\n three</p><p>Four</p></body></html>", "One two three\n\nFour"},
		{"a<br>b<BR/>c", "a\nb\nc"},
		{"<div>a</div><div>b <b>bold</b>, c</div>", "a\nb bold, c"},
		{"<ul><li>x</li><li>y</li></ul>", "- x\n- y"},
		{"<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>", "1 2\n3"},
		{"<pre>a\n  b</pre>c", "a\n  b\nc"},
		{"<!-- no --><script>if (a<b) {}</script>x<img alt=\"a > b\">y", "xy"},
		{"1 < 2 and 3 <4", "1 < 2 and 3 <4"},
		{"cut <a href=", "cut"},
		{"<", "<"},
	} {
		if got := pim.TextOfHTML(x.html); got != x.want {
			t.Errorf("%q: %q, want %q", x.html, got, x.want)
		}
	}
	text := "a < b\r\n  c & \"d\"\n"
	if got := pim.TextOfHTML(pim.HTMLOfText(text)); got != "a < b c & \"d\"" {
		t.Errorf("a text as HTML and back is %q", got)
	}
	begun := time.Now()
	pim.TextOfHTML(strings.Repeat("< ", 1<<20) + ">")
	pim.TextOfHTML(strings.Repeat("<a ='", 1<<19))
	pim.TextOfHTML(strings.Repeat("<script>", 1<<18))
	if d := time.Since(begun); d > 5*time.Second {
		t.Errorf("odd texts took %v", d)
	}
}

func TestMaskOfAMessage(t *testing.T) {
	t.Parallel()
	m := &pim.Message{MessageID: "a@example.org", Subject: "Offer", From: pim.Person{Email: "fay@example.org"}, Text: "x", HTML: "x",
		Class: pim.Private, Files: []pim.File{{ID: "1", Name: "secret.pdf"}}, Way: pim.Sent}
	got := pim.Mask(m, "Private").(*pim.Message)
	if got.Subject != "Private" || !got.From.IsZero() || got.Text+got.HTML != "" || len(got.Files) != 0 || got.Way != pim.Sent || got.MessageID != m.MessageID {
		t.Errorf("the mask is %+v", got)
	}
	if got := m.Correspondents(); !slices.Equal(got, []pim.Person{{Email: "fay@example.org"}}) {
		t.Errorf("correspondents %v", got)
	}
}
