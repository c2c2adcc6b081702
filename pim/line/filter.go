package line

// TextMatch is CALDAV:text-match (RFC 4791 9.7.5) and CARDDAV:text-match (RFC 6352
// 10.5.4).
type TextMatch struct {
	Text string
	// Collation is i;ascii-casemap ("" too), i;unicode-casemap or i;octet.
	Collation string
	// Type is contains ("" too), equals, starts-with or ends-with.
	Type string
	// Negate turns the answer round (negate-condition="yes").
	Negate bool
}

// ParamFilter is param-filter of both protocols.
type ParamFilter struct {
	Name string
	// NotDefined asks for the absence of the parameter; Text is then ignored.
	NotDefined bool
	Text       *TextMatch // nil: presence is enough
}
