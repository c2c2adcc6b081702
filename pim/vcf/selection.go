package vcf

import "strings"

// PropSelection is CARDDAV:prop in address-data (RFC 6352 10.4.2).
type PropSelection struct {
	Name string
	// NoValue leaves the value out: "EMAIL:".
	NoValue bool
}

// Select returns the asked properties, byte for byte, with VERSION, which no vCard can be
// without. Names with a group ask for that group only. No props means all of them
// (CARDDAV:allprop).
func (c *Card) Select(props []PropSelection) *Card {
	if len(props) == 0 {
		return c
	}
	asked := map[string]bool{"VERSION": true}
	for _, p := range props {
		name := strings.ToUpper(p.Name)
		asked[name] = asked[name] || !p.NoValue
	}
	out := c.clone()
	for _, l := range out.card.All("") {
		value, ok := asked[l.Name]
		if !ok && l.Group != "" {
			value, ok = asked[strings.ToUpper(l.Group)+"."+l.Name]
		}
		switch {
		case !ok:
			out.card.Replace(l)
		case !value:
			out.card.Replace(l, l.WithValue(""))
		}
	}
	return out
}
