package pim

import (
	"html"
	"strings"
)

// TextOfHTML is what a person reads of an HTML text: words, with the lines that its blocks make. It is bounded by the length of its
// input, whatever that holds.
func TextOfHTML(s string) string {
	var b strings.Builder
	w := htmlText{out: &b}
	for len(s) > 0 {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			w.words(s)
			break
		}
		w.words(s[:i])
		s = w.tag(s[i:])
	}
	return strings.TrimSpace(b.String())
}

// HTMLOfText is a text as HTML that shows it as it is written.
func HTMLOfText(s string) string {
	if s == "" {
		return ""
	}
	s = html.EscapeString(strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n"))
	return `<div style="white-space: pre-wrap">` + s + "</div>"
}

type htmlText struct {
	out   *strings.Builder
	lines int  // line ends that wait for a word
	space bool // a blank waits for a word
	pre   int  // inside of pre
}

func (w *htmlText) words(s string) {
	if s == "" {
		return
	}
	s = html.UnescapeString(s)
	if w.pre > 0 {
		w.flush()
		w.out.WriteString(s)
		return
	}
	for i, word := range strings.FieldsFunc(s, blank) {
		if i > 0 || w.space || blank(rune(s[0])) {
			w.space = true
		}
		w.flush()
		w.out.WriteString(word)
	}
	w.space = w.space || blank(rune(s[len(s)-1]))
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func blank(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == '\f' }

// flush writes what waits for a word.
func (w *htmlText) flush() {
	if w.out.Len() > 0 {
		switch {
		case w.lines > 0:
			w.out.WriteString(strings.Repeat("\n", min(w.lines, 2)))
		case w.space:
			w.out.WriteByte(' ')
		}
	}
	w.lines, w.space = 0, false
}

// tag reads a tag, or what looks like one, at the beginning of s and returns what follows it.
func (w *htmlText) tag(s string) (rest string) {
	if strings.HasPrefix(s, "<!--") {
		return after(s, "-->")
	}
	if len(s) < 2 || !strings.ContainsRune("/!?", rune(s[1])) && !letter(s[1]) {
		w.words("<")
		return s[1:]
	}
	end := tagEnd(s)
	if end < 0 {
		return ""
	}
	inner := s[1:end]
	closing := inner[0] == '/'
	name := strings.ToLower(strings.TrimPrefix(inner, "/"))
	if i := strings.IndexFunc(name, func(r rune) bool { return blank(r) || r == '/' }); i >= 0 {
		name = name[:i]
	}
	rest = s[end+1:]
	switch name {
	case "script", "style", "head", "title":
		if !closing {
			return skipElement(rest, name)
		}
	case "br":
		w.lines++
	case "p", "table", "ul", "ol", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "hr":
		w.lines = max(w.lines, 2)
	case "div", "tr", "li", "section", "article", "header", "footer", "dt", "dd":
		w.lines = max(w.lines, 1)
		if name == "li" && !closing {
			w.flush()
			w.out.WriteString("- ")
		}
	case "td", "th":
		w.space = true
	case "pre":
		w.lines = max(w.lines, 1)
		if w.pre++; closing {
			w.pre = max(0, w.pre-2)
		}
	}
	return rest
}

// tagEnd is where the tag ends that s begins with, past quoted values; -1 when it does not.
func tagEnd(s string) int {
	quote := byte(0)
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			if s[i-1] == '=' {
				quote = c
			}
		case c == '>':
			return i
		}
	}
	return -1
}

// skipElement is what follows the element name that has begun.
func skipElement(s, name string) string {
	for {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			return ""
		}
		s = s[i:]
		if len(s) >= len(name)+2 && s[1] == '/' && strings.EqualFold(s[2:2+len(name)], name) {
			return after(s, ">")
		}
		s = s[1:]
	}
}

func after(s, mark string) string {
	_, rest, _ := strings.Cut(s, mark)
	return rest
}
