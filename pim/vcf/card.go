package vcf

import (
	"crmbridge/pim"
	"crmbridge/pim/line"
)

// Limits bounds what Parse takes.
type Limits = line.Limits

// DefaultLimits is line.DefaultLimits.
func DefaultLimits() Limits { return line.DefaultLimits() }

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
func Parse(b []byte, lim Limits) (*Card, error) { return nil, pim.ErrInternal }

// Split reads a file of cards, as address books export them.
func Split(b []byte, lim Limits) ([]*Card, error) { return nil, pim.ErrInternal }

// Bytes is the text. For a card that Parse made it is what Parse was given.
func (c *Card) Bytes() []byte { return nil }

// Block is the VCARD block; it must not be changed.
func (c *Card) Block() *line.Block { return c.card }

// Version is the value of VERSION, "" when there is none.
func (c *Card) Version() Version { return "" }

// UID is the value of UID as written ("urn:uuid:…" included), "" when there is none.
func (c *Card) UID() string { return "" }
