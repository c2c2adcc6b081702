package line

import "unicode/utf8"

// foldAt is how many octets a line may have without its end (RFC 5545 3.1, RFC 6350 3.2).
const foldAt = 75

// Bytes is the text: kept lines byte for byte, new ones folded, with the line end that
// the text uses.
func (t *Text) Bytes() []byte {
	w := printer{eol: t.eol, b: make([]byte, 0, t.size)}
	if w.eol == "" {
		w.eol = "\r\n"
	}
	w.parts(t.Parts)
	return w.b
}

// Bytes is the block alone, as a text of its own with CRLF for its new lines.
func (b *Block) Bytes() []byte { return NewText(b).Bytes() }

type printer struct {
	b    []byte
	eol  string
	open bool // the last line has no line end yet
}

func (w *printer) parts(parts []Part) {
	for _, p := range parts {
		if p.Line != nil {
			w.line(p.Line)
			continue
		}
		w.edge("BEGIN:", p.Block, p.Block.begin)
		w.parts(p.Block.Parts)
		w.edge("END:", p.Block, p.Block.end)
	}
}

func (w *printer) edge(what string, b *Block, l *Line) {
	if l != nil {
		w.line(l)
		return
	}
	w.close()
	w.b = append(append(append(w.b, what...), b.Name...), w.eol...)
}

func (w *printer) line(l *Line) {
	w.close()
	if l.raw == "" {
		w.fold(l.head + ":" + l.Value)
		return
	}
	w.b = append(w.b, l.raw...)
	// The last line of a text may have no line end; it needs one when more follows.
	last := l.raw[len(l.raw)-1]
	w.open = last != '\n' && last != '\r'
}

func (w *printer) close() {
	if w.open {
		w.b = append(w.b, w.eol...)
		w.open = false
	}
}

// fold writes s in lines of at most 75 octets and never breaks a character.
func (w *printer) fold(s string) {
	room := foldAt
	for len(s) > room {
		cut := room
		for cut > room-utf8.UTFMax && !utf8.RuneStart(s[cut]) {
			cut--
		}
		w.b = append(append(append(w.b, s[:cut]...), w.eol...), ' ')
		s = s[cut:]
		room = foldAt - 1
	}
	w.b = append(append(w.b, s...), w.eol...)
}
