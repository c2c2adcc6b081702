package davxml

import (
	"bytes"
	"fmt"
	"io"
)

// guard stands between the body and encoding/xml, which gathers a token of any length before it returns it. guard
// ends the body early when it or the token being read is over the limit, so that memory stays bounded.
type guard struct {
	src     io.Reader
	buf     [4096]byte
	pos, n  int
	left    int64 // bytes that src may still give
	off     int64 // bytes handed out
	start   int64 // offset of the current token
	end     int64 // offset that the current token must not reach
	text    int64 // limits on a token's length
	tag     int64
	opening byte // first byte of the token
	last    byte // byte handed out last
	err     error
}

// begin checks the first bytes: a UTF-8 mark is dropped, UTF-16 refused.
func (g *guard) begin() error {
	for g.n < 4 && g.err == nil {
		g.err = g.fill()
	}
	if g.err != nil && g.err != io.EOF {
		return g.err
	}
	if g.n > 0 {
		g.err = nil // the end is found again when these bytes are read
	}
	head := g.buf[:g.n]
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		g.pos = 3
	case bytes.HasPrefix(head, []byte("\xfe\xff")), bytes.HasPrefix(head, []byte("\xff\xfe")),
		bytes.HasPrefix(head, []byte("<\x00")), bytes.HasPrefix(head, []byte("\x00<")):
		return fmt.Errorf("davxml: UTF-16 body: %w: %w", ErrEncoding, ErrMalformed)
	}
	return nil
}

// mark tells that a token starts at offset start. The decoder may have read its first byte already.
func (g *guard) mark(start int64) {
	g.start, g.end = start, start+g.text
	g.opening = 0
	if g.off == start+1 {
		g.opening = g.last
	}
}

func (g *guard) ReadByte() (byte, error) {
	if g.err != nil {
		return 0, g.err
	}
	if g.off >= g.end {
		g.err = tooLarge("token at byte %d", g.start)
		return 0, g.err
	}
	if g.pos == g.n {
		g.pos, g.n = 0, 0
		if g.err = g.fill(); g.err != nil {
			return 0, g.err
		}
	}
	b := g.buf[g.pos]
	g.pos++
	switch g.off - g.start {
	case 0:
		g.opening = b
	case 1:
		// A tag, not a comment or CDATA section: attributes cost more memory than text.
		if g.opening == '<' && b != '!' {
			g.end = g.start + g.tag
		}
	}
	g.off++
	g.last = b
	return b, nil
}

// Read is there because encoding/xml asks for a Reader; it reads through ReadByte only.
func (g *guard) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	b, err := g.ReadByte()
	if err != nil {
		return 0, err
	}
	p[0] = b
	return 1, nil
}

// fill reads more behind the bytes that are in buf.
func (g *guard) fill() error {
	for range 100 {
		n, err := g.src.Read(g.buf[g.n:])
		g.n += n
		g.left -= int64(n)
		switch {
		case g.left < 0:
			return tooLarge("body")
		case n > 0:
			return nil
		case err == io.EOF:
			return io.EOF
		case err != nil:
			return fmt.Errorf("davxml: read: %w", err)
		}
	}
	return fmt.Errorf("davxml: read: %w", io.ErrNoProgress)
}
