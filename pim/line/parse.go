package line

import (
	"strings"

	"crmbridge/pim"
)

const op = "line: parse"

// Parse reads a text into lines and blocks. The work and the memory grow with len(b)
// and nothing else. What it refuses is a *pim.Error of pim.ErrTooLarge (a limit) or
// pim.ErrInvalid (a line without a colon, a name with odd characters, a quote without
// its end, blocks that do not nest); Public names the line and holds nothing of it.
func Parse(b []byte, lim Limits) (*Text, error) {
	if lim.Bytes > 0 && len(b) > lim.Bytes {
		return nil, pim.Errorf(op, pim.ErrTooLarge, "the text is larger than %d bytes", lim.Bytes)
	}
	p := parser{split: newSplitter(string(b)), lim: lim, text: &Text{size: len(b)}}
	p.text.eol = p.split.style()
	if err := p.run(); err != nil {
		return nil, err
	}
	return p.text, nil
}

type parser struct {
	split splitter
	lim   Limits
	text  *Text
	open  []*Block
	count int
	room  room
}

func (p *parser) run() error {
	for {
		raw, content, no, ok := p.split.next()
		if !ok {
			break
		}
		if content == "" {
			l := p.room.line()
			l.raw, l.No = raw, no
			p.add(Part{Line: l})
			continue
		}
		if err := p.take(raw, content, no); err != nil {
			return err
		}
	}
	if n := len(p.open); n > 0 {
		return invalid(p.open[n-1].begin.No, "this BEGIN has no END")
	}
	return nil
}

func (p *parser) take(raw, content string, no int) error {
	p.count++
	switch {
	case p.lim.Properties > 0 && p.count > p.lim.Properties:
		return tooLarge(no, "the text has more than %d lines", p.lim.Properties)
	case p.lim.LineBytes > 0 && len(content) > p.lim.LineBytes:
		return tooLarge(no, "the line is longer than %d bytes", p.lim.LineBytes)
	}
	l, err := p.room.parseLine(content, no, p.lim.Params)
	if err != nil {
		return err
	}
	l.raw = raw
	switch {
	case l.Name == "BEGIN" && l.Group == "":
		return p.begin(l)
	case l.Name == "END" && l.Group == "":
		return p.end(l)
	}
	p.add(Part{Line: l})
	return nil
}

func (p *parser) begin(l *Line) error {
	name := strings.ToUpper(strings.TrimSpace(l.Value))
	if !isName(name) {
		return invalid(l.No, "the name behind BEGIN is not a name")
	}
	if p.lim.Depth > 0 && len(p.open) >= p.lim.Depth {
		return tooLarge(l.No, "components are nested deeper than %d", p.lim.Depth)
	}
	b := &Block{Name: name, begin: l, Parts: make([]Part, 0, 8)}
	p.add(Part{Block: b})
	p.open = append(p.open, b)
	return nil
}

func (p *parser) end(l *Line) error {
	n := len(p.open)
	if n == 0 {
		return invalid(l.No, "this END has no BEGIN")
	}
	b := p.open[n-1]
	if !strings.EqualFold(strings.TrimSpace(l.Value), b.Name) {
		return invalid(l.No, "this END is not that of the last BEGIN")
	}
	b.end = l
	p.open = p.open[:n-1]
	return nil
}

func (p *parser) add(part Part) {
	if n := len(p.open); n > 0 {
		b := p.open[n-1]
		b.Parts = append(b.Parts, part)
		return
	}
	p.text.Parts = append(p.text.Parts, part)
}

func invalid(no int, format string, args ...any) error {
	return pim.Errorf(op, pim.ErrInvalid, "line %d: "+format, append([]any{no}, args...)...)
}

func tooLarge(no int, format string, args ...any) error {
	return pim.Errorf(op, pim.ErrTooLarge, "line %d: "+format, append([]any{no}, args...)...)
}
