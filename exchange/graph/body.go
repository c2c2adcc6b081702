package graph

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// itemBody is a text, plain or HTML.
type itemBody struct {
	ContentType string `json:"contentType"`
	Content     string `json:"content"`
}

// asText asks for bodies as plain text.
const asText = `outlook.body-content-type="text"`

// text is the body with LF line ends. Graph is asked for plain text; where it sends HTML all the same, the text in it is taken.
func (b itemBody) text() string {
	s := b.Content
	if strings.EqualFold(b.ContentType, "html") {
		s = plainText(s)
	}
	return strings.ReplaceAll(s, "\r\n", "\n")
}

func textBody(s string) itemBody { return itemBody{ContentType: "text", Content: s} }

// plainText is what a person reads of an HTML document: its words, and lines where it breaks them.
func plainText(doc string) string {
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(doc))
	hidden := 0
	for {
		switch z.Next() {
		case html.ErrorToken: // the end: the tokenizer reads whatever it is given
			return strings.Trim(b.String(), "\n")
		case html.TextToken:
			if hidden == 0 {
				words(&b, string(z.Text()))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, _ := z.TagName()
			switch tag := atom.Lookup(name); {
			case skipped(tag):
				hidden++
			case tag == atom.Br:
				b.WriteByte('\n')
			case block(tag):
				newLine(&b)
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			switch tag := atom.Lookup(name); {
			case skipped(tag):
				hidden = max(0, hidden-1)
			case block(tag):
				newLine(&b)
			}
		}
	}
}

func skipped(tag atom.Atom) bool {
	return tag == atom.Head || tag == atom.Style || tag == atom.Script || tag == atom.Title
}

func block(tag atom.Atom) bool {
	switch tag {
	case atom.P, atom.Div, atom.Tr, atom.Li, atom.Ul, atom.Ol, atom.Table, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Pre, atom.Blockquote, atom.Hr:
		return true
	}
	return false
}

// words adds text whose blanks and line ends mean one blank.
func words(b *strings.Builder, raw string) {
	if raw == "" {
		return
	}
	fields := strings.FieldsFunc(raw, blank)
	if blank(rune(raw[0])) && gap(b) {
		b.WriteByte(' ')
	}
	b.WriteString(strings.Join(fields, " "))
	if len(fields) > 0 && blank(rune(raw[len(raw)-1])) {
		b.WriteByte(' ')
	}
}

// blank leaves out the no-break space, which is written on purpose.
func blank(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == '\f' }

// gap reports that a blank would be seen.
func gap(b *strings.Builder) bool {
	s := b.String()
	return s != "" && !strings.HasSuffix(s, " ") && !strings.HasSuffix(s, "\n")
}

func newLine(b *strings.Builder) {
	if s := b.String(); s != "" && !strings.HasSuffix(s, "\n") {
		b.WriteByte('\n')
	}
}
