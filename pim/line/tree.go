package line

// Text is a whole parsed text.
type Text struct {
	Parts []Part
	eol   string
}

// Part is either a line or a block; exactly one is non-nil.
type Part struct {
	Line  *Line
	Block *Block
}

// Block is BEGIN:name … END:name with what stands between, in order.
type Block struct {
	Name       string // upper case
	Parts      []Part
	begin, end *Line
}
