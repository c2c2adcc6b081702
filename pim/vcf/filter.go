package vcf

import (
	"crmbridge/pim"
	"crmbridge/pim/line"
)

// Filter is CARDDAV:filter (RFC 6352 10.5). One without Props matches every card.
type Filter struct {
	// AllOf is test="allof"; otherwise one is enough.
	AllOf bool
	Props []PropFilter
}

// PropFilter is CARDDAV:prop-filter (RFC 6352 10.5.1).
type PropFilter struct {
	// Name may carry a group ("item1.TEL"); without one it matches in any group.
	Name       string
	AllOf      bool // how Texts and Params combine
	NotDefined bool
	Texts      []line.TextMatch
	Params     []line.ParamFilter
}

// Matches applies f. pim.ErrUnsupported for a collation that is not known.
func (c *Card) Matches(f Filter) (bool, error) { return false, pim.ErrInternal }
