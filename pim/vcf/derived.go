package vcf

import (
	"bytes"
	"slices"

	"crmbridge/pim/line"
)

// derived marks an N that New or Complete made of FN, because vCard 3.0 and iOS want one. The typed view leaves it out, so
// that a name in parts never reaches a CRM that has none. The mark is for us alone: programs get the card without it
// (Plain), and KeepDerived puts it back when the card comes home.
const derived = "X-CRM-DERIVED"

// Plain is the card without the mark of a derived N, for programs; c itself when there is none.
func (c *Card) Plain() *Card {
	n := c.card.First("N")
	if n == nil || !n.HasParam(derived) {
		return c
	}
	out := c.clone()
	out.card.Replace(n, n.WithoutParam(derived))
	return out
}

// PlainText is Plain for a stored text, text itself when there is no mark; most texts are only looked through. One that
// does not read within lim stays as it is.
func PlainText(text []byte, lim Limits) []byte {
	const ours = "\nN;" + derived + "=1:"
	at := bytes.Index(text, []byte(derived))
	if at < 0 {
		return text
	}
	if at -= len("\nN;"); at >= 0 && bytes.HasPrefix(text[at:], []byte(ours)) {
		return slices.Concat(text[:at], []byte("\nN:"), text[at+len(ours):])
	}
	c, err := Parse(text, lim)
	if err != nil {
		return text
	}
	if plain := c.Plain(); plain != c {
		return plain.Bytes()
	}
	return text
}

// KeepDerived is mine, which came from a program that had old, with its N marked when that is still the one that was made
// for old, there or on the way (Convert). FN may have changed since: then N is made anew. It is mine itself when somebody
// has written the N.
func KeepDerived(mine, old *Card) *Card {
	n := mine.card.First("N")
	if n == nil || n.HasParam(derived) {
		return mine
	}
	was := old.card.First("N")
	switch {
	case was == nil && old.Version() == V4 && mine.Version() == V3: // Convert has made one
		was = derivedName(old.Item())
	case was == nil || !was.HasParam(derived):
		return mine
	}
	if !sameName(n, was) {
		return mine
	}
	out := mine.clone()
	// A mark of its own, so that the view holds what FN says and nothing else.
	next := n.WithParam(line.P(derived, "1"))
	out.card.Replace(n, next)
	if fresh := derivedName(out.Item()); !sameName(n, fresh) {
		out.card.Replace(next, fresh)
	}
	return out
}

// CouldBeDerived reports an N that says no more than FN does.
func (c *Card) CouldBeDerived() bool {
	n := c.card.First("N")
	return n != nil && c.card.First("FN") != nil && sameName(n, derivedName(c.Item()))
}

func sameName(a, b *line.Line) bool {
	return slices.Equal(components(a, 5, " "), components(b, 5, " "))
}
