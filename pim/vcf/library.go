package vcf

import (
	"github.com/emersion/go-vcard"

	"crmbridge/pim/line"
)

// structured are the properties whose values have parts, which go-vcard takes apart
// itself.
var structured = map[string]bool{"N": true, "ADR": true, "ORG": true, "CATEGORIES": true, "NICKNAME": true, "GENDER": true}

// ToVCard gives the card as a value of go-vcard, for code that works on its types. Texts
// are unescaped; structured values stay escaped, so that their parts can be told apart.
func (c *Card) ToVCard() vcard.Card {
	out := vcard.Card{}
	for _, l := range c.card.All("") {
		f := &vcard.Field{Group: l.Group, Value: decoded(l, l.Value)}
		if !structured[l.Name] {
			f.Value = line.Unescape(f.Value)
		}
		for _, p := range l.Params {
			name := p.Name
			if name == "" {
				name = vcard.ParamType // vCard 2.1: a value alone
			}
			if f.Params == nil {
				f.Params = vcard.Params{}
			}
			for _, v := range p.Values {
				f.Params.Add(name, v)
			}
		}
		out.Add(l.Name, f)
	}
	return out
}
