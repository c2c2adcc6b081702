package line

import "strings"

const bom = "\ufeff"

// splitter cuts a text into logical lines.
//
// A line ends with LF and whatever CRs stand before it (CRLF, the CR CR LF of a text
// that was translated twice); in a text without any LF, with CR. A CR elsewhere is part of
// the content.
type splitter struct {
	s   string
	pos int
	no  int
	end byte // the last byte of a line end
}

func newSplitter(s string) splitter {
	end := byte('\n')
	if strings.IndexByte(s, '\n') < 0 {
		end = '\r'
	}
	return splitter{s: s, no: 1, end: end}
}

// style is the line end of the first line, CRLF when there is none.
func (sp *splitter) style() string {
	i := strings.IndexByte(sp.s, sp.end)
	switch {
	case i < 0:
		return "\r\n"
	case sp.end == '\r':
		return "\r"
	case i > 0 && sp.s[i-1] == '\r':
		return "\r\n"
	}
	return "\n"
}

// next gives the bytes of the next logical line with its line ends, and its content
// unfolded. A run of blank lines comes as one with empty content.
func (sp *splitter) next() (raw, content string, no int, ok bool) {
	if sp.pos >= len(sp.s) {
		return "", "", 0, false
	}
	start, no := sp.pos, sp.no
	content = sp.physical()
	if start == 0 {
		content = strings.TrimPrefix(content, bom)
	}
	if content == "" {
		sp.blanks()
	}
	content = sp.unfold(content)
	if strings.HasSuffix(content, "=") && isQuotedPrintable(content) {
		content = sp.soften(content)
	}
	if strings.Trim(content, " \t") == "" {
		content = ""
	}
	return sp.s[start:sp.pos], content, no, true
}

// physical takes one line of the text without its end.
func (sp *splitter) physical() string {
	rest := sp.s[sp.pos:]
	i := strings.IndexByte(rest, sp.end)
	sp.no++
	if i < 0 {
		sp.pos = len(sp.s)
		return rest
	}
	sp.pos += i + 1
	return strings.TrimRight(rest[:i], "\r")
}

// blanks skips empty lines that follow, so that a text of line ends is one line.
func (sp *splitter) blanks() {
	for {
		i := sp.pos
		for sp.end == '\n' && i < len(sp.s) && sp.s[i] == '\r' {
			i++
		}
		if i == len(sp.s) || sp.s[i] != sp.end {
			return
		}
		sp.pos = i + 1
		sp.no++
	}
}

// unfold joins continuation lines (RFC 5545 3.1): a line end and one blank go.
func (sp *splitter) unfold(first string) string {
	if !sp.folded() {
		return first
	}
	// Photos are long: find out how long before making room.
	ahead, n := *sp, len(first)
	for ahead.folded() {
		n += len(ahead.physical()) - 1
	}
	var b strings.Builder
	b.Grow(n)
	b.WriteString(first)
	for sp.folded() {
		b.WriteString(sp.physical()[1:])
	}
	return b.String()
}

func (sp *splitter) folded() bool {
	return sp.pos < len(sp.s) && (sp.s[sp.pos] == ' ' || sp.s[sp.pos] == '\t')
}

// soften joins the soft line breaks of vCard 2.1 and vCalendar 1.0, whose quoted-
// printable values go on after a line that ends with "=".
func (sp *splitter) soften(first string) string {
	var b strings.Builder
	b.WriteString(first[:len(first)-1])
	for sp.pos < len(sp.s) {
		more, goesOn := strings.CutSuffix(sp.physical(), "=")
		b.WriteString(more)
		if !goesOn {
			break
		}
	}
	return b.String()
}

func isQuotedPrintable(content string) bool {
	head, _, _ := strings.Cut(content, ":")
	return len(head) < 1000 && strings.Contains(strings.ToUpper(head), "QUOTED-PRINTABLE")
}
