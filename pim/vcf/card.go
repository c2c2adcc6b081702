package vcf

import (
	"bytes"
	"strings"

	"crmbridge/pim"
	"crmbridge/pim/line"
)

const opParse = "vcf: parse"

// Limits bounds what Parse takes.
type Limits = line.Limits

// DefaultLimits is line.DefaultLimits with room for a picture of MaxPhoto in base64: 4 MiB
// a text and 3 MB a line.
func DefaultLimits() Limits {
	l := line.DefaultLimits()
	l.Bytes, l.LineBytes = 4<<20, 3_000_000
	return l
}

// Version is a vCard version.
type Version string

// The versions. V21 is only read.
const (
	V21 Version = "2.1"
	V3  Version = "3.0"
	V4  Version = "4.0"
)

// Card is one vCard text.
type Card struct {
	text *line.Text
	card *line.Block
}

// Parse reads a text that begins with a vCard. It takes whatever can be told apart
// into properties; Validate says whether CardDAV may store it. The error is a *pim.Error of
// pim.ErrInvalid or pim.ErrTooLarge, its Public text with a line number and no content.
func Parse(b []byte, lim Limits) (*Card, error) {
	text, err := parse(b, lim)
	if err != nil {
		return nil, err
	}
	return &Card{text: text, card: text.Blocks()[0]}, nil
}

func parse(b []byte, lim Limits) (*line.Text, error) {
	text, err := line.Parse(b, lim)
	if err != nil {
		return nil, err
	}
	blocks := text.Blocks()
	if len(blocks) == 0 {
		return nil, pim.Errorf(opParse, pim.ErrInvalid, "there is no vCard")
	}
	for _, block := range blocks {
		if block.Name != "VCARD" {
			return nil, pim.Errorf(opParse, pim.ErrInvalid, "line %d: this is no vCard", block.No())
		}
	}
	if l := text.Stray(); l != nil {
		return nil, pim.Errorf(opParse, pim.ErrInvalid, "line %d: it stands outside the vCard", l.No)
	}
	return text, nil
}

// Split reads a file of cards, as address books export them. lim is for the whole file.
func Split(b []byte, lim Limits) ([]*Card, error) {
	text, err := parse(bytes.TrimPrefix(b, []byte("\ufeff")), lim)
	if err != nil {
		return nil, err
	}
	var out []*Card
	for _, block := range text.Blocks() {
		out = append(out, &Card{text: line.NewText(block), card: block})
	}
	return out, nil
}

// Bytes is the text. For a card that Parse made it is what Parse was given.
func (c *Card) Bytes() []byte { return c.text.Bytes() }

// Block is the VCARD block; it must not be changed.
func (c *Card) Block() *line.Block { return c.card }

// Version is the value of VERSION, "" when there is none.
func (c *Card) Version() Version { return Version(trim(c.card.Value("VERSION"))) }

// UID is the value of UID as written ("urn:uuid:…" included), "" when there is none.
func (c *Card) UID() string {
	if l := c.card.First("UID"); l != nil {
		return trim(textOf(l))
	}
	return ""
}

// Public reports that nothing keeps the card from others: a CLASS that is not PUBLIC does (RFC 2426 3.7.1), also one
// that nobody knows. Version 4.0 has no CLASS, but cards that were 3.0 keep theirs.
func (c *Card) Public() bool {
	for _, l := range c.card.All("CLASS") {
		if !strings.EqualFold(trim(textOf(l)), "PUBLIC") {
			return false
		}
	}
	return true
}

// clone is a copy whose block may be edited.
func (c *Card) clone() *Card {
	text := c.text.Clone()
	return &Card{text: text, card: text.Blocks()[0]}
}
