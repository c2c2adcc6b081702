package line

import "slices"

// Text is a whole parsed text.
type Text struct {
	Parts []Part

	eol  string // for new lines; "" means CRLF
	size int    // of the text that was read, as a guess at what will be printed
}

// Part is either a line or a block; exactly one is non-nil.
type Part struct {
	Line  *Line
	Block *Block
}

// Block is BEGIN:name … END:name with what stands between, in order.
type Block struct {
	Name  string // upper case
	Parts []Part

	begin, end *Line // nil in a new block
}

// NewText makes a text of one block, with CRLF.
func NewText(b *Block) *Text { return &Text{Parts: []Part{{Block: b}}} }

// NewBlock makes a block of lines.
func NewBlock(name string, lines ...*Line) *Block {
	b := &Block{Name: name}
	b.Add(lines...)
	return b
}

// Clone is a copy whose blocks may be edited. Lines are shared.
func (t *Text) Clone() *Text { return &Text{Parts: cloneParts(t.Parts), eol: t.eol, size: t.size} }

// Clone is a copy that may be edited. Lines are shared.
func (b *Block) Clone() *Block {
	c := *b
	c.Parts = cloneParts(b.Parts)
	return &c
}

func cloneParts(parts []Part) []Part {
	out := make([]Part, len(parts))
	for i, p := range parts {
		if p.Block != nil {
			p.Block = p.Block.Clone()
		}
		out[i] = p
	}
	return out
}

// Blocks are the outermost blocks.
func (t *Text) Blocks() []*Block { return blocksOf(t.Parts, "") }

// Stray is the first line that stands outside all blocks and is not blank, nil when
// there is none.
func (t *Text) Stray() *Line {
	for _, p := range t.Parts {
		if p.Line != nil && !p.Line.Blank() {
			return p.Line
		}
	}
	return nil
}

// Blocks are the blocks directly in b that are called name; "" means all.
func (b *Block) Blocks(name string) []*Block { return blocksOf(b.Parts, name) }

func blocksOf(parts []Part, name string) []*Block {
	var out []*Block
	for _, p := range parts {
		if p.Block != nil && (name == "" || p.Block.Name == name) {
			out = append(out, p.Block)
		}
	}
	return out
}

// No is the number of the line that begins b; 0 in a new block.
func (b *Block) No() int {
	if b.begin == nil {
		return 0
	}
	return b.begin.No
}

// First is the first line directly in b that is called name, nil when there is none.
func (b *Block) First(name string) *Line {
	for _, p := range b.Parts {
		if p.Line != nil && p.Line.Name == name {
			return p.Line
		}
	}
	return nil
}

// All are the lines directly in b that are called name; "" means every line that is
// not blank.
func (b *Block) All(name string) []*Line {
	var out []*Line
	for _, p := range b.Parts {
		if p.Line != nil && !p.Line.Blank() && (name == "" || p.Line.Name == name) {
			out = append(out, p.Line)
		}
	}
	return out
}

// Walk calls f for every line in b that is not blank, those of inner blocks included,
// until f returns false.
func (b *Block) Walk(f func(*Line) bool) bool {
	for _, p := range b.Parts {
		switch {
		case p.Block != nil:
			if !p.Block.Walk(f) {
				return false
			}
		case !p.Line.Blank():
			if !f(p.Line) {
				return false
			}
		}
	}
	return true
}

// Value is the value of the first line called name, "" when there is none.
func (b *Block) Value(name string) string {
	if l := b.First(name); l != nil {
		return l.Value
	}
	return ""
}

// Add puts lines behind the last line directly in b, ahead of its inner blocks.
func (b *Block) Add(lines ...*Line) {
	at := 0
	for i, p := range b.Parts {
		if p.Line != nil && !p.Line.Blank() {
			at = i + 1
		}
		if p.Block != nil && at > 0 {
			break
		}
	}
	b.insert(at, lines)
}

// AddAfter puts lines behind the line after, which is in b; else as Add.
func (b *Block) AddAfter(after *Line, lines ...*Line) {
	if i := b.index(after); i >= 0 {
		b.insert(i+1, lines)
		return
	}
	b.Add(lines...)
}

// Replace puts lines (none: nothing) in the place of old and reports whether old
// is in b.
func (b *Block) Replace(old *Line, lines ...*Line) bool {
	i := b.index(old)
	if i < 0 {
		return false
	}
	b.Parts = slices.Delete(b.Parts, i, i+1)
	b.insert(i, lines)
	return true
}

// Set makes l the one line of its name: in the place of the first there is, else as
// Add. Further ones of that name go.
func (b *Block) Set(l *Line) {
	old := b.All(l.Name)
	if len(old) == 0 {
		b.Add(l)
		return
	}
	b.Replace(old[0], l)
	for _, o := range old[1:] {
		b.Replace(o)
	}
}

// Remove takes away all lines called name.
func (b *Block) Remove(name string) {
	b.Parts = slices.DeleteFunc(b.Parts, func(p Part) bool { return p.Line != nil && p.Line.Name == name && name != "" })
}

// AddBlock puts inner behind everything in b; AddBlockAhead ahead of its other blocks.
func (b *Block) AddBlock(inner *Block) { b.Parts = append(b.Parts, Part{Block: inner}) }

// AddBlockAhead puts inner ahead of the first block in b.
func (b *Block) AddBlockAhead(inner *Block) {
	at := slices.IndexFunc(b.Parts, func(p Part) bool { return p.Block != nil })
	if at < 0 {
		at = len(b.Parts)
	}
	b.Parts = slices.Insert(b.Parts, at, Part{Block: inner})
}

// RemoveBlock takes inner away and reports whether it was directly in b.
func (b *Block) RemoveBlock(inner *Block) bool {
	i := slices.IndexFunc(b.Parts, func(p Part) bool { return p.Block == inner })
	if i < 0 || inner == nil {
		return false
	}
	b.Parts = slices.Delete(b.Parts, i, i+1)
	return true
}

func (b *Block) index(l *Line) int {
	return slices.IndexFunc(b.Parts, func(p Part) bool { return l != nil && p.Line == l })
}

func (b *Block) insert(at int, lines []*Line) {
	parts := make([]Part, len(lines))
	for i, l := range lines {
		parts[i] = Part{Line: l}
	}
	b.Parts = slices.Insert(b.Parts, at, parts...)
}

// Fresh is a copy of b for another text: all its lines count as new and take that
// text's line ends.
func (b *Block) Fresh() *Block {
	c := &Block{Name: b.Name, Parts: make([]Part, 0, len(b.Parts))}
	for _, p := range b.Parts {
		switch {
		case p.Block != nil:
			c.Parts = append(c.Parts, Part{Block: p.Block.Fresh()})
		case !p.Line.Blank():
			c.Parts = append(c.Parts, Part{Line: p.Line.WithValue(p.Line.Value)})
		}
	}
	return c
}
