package davxml

// Test says how conditions are joined (RFC 6352 10.5).
type Test string

const (
	AnyOf Test = "anyof"
	AllOf Test = "allof"
)

// MatchType says how a text is compared (RFC 6352 10.5.4). RFC 4791 9.7.5 knows only MatchContains.
type MatchType string

const (
	MatchContains   MatchType = "contains"
	MatchEquals     MatchType = "equals"
	MatchStartsWith MatchType = "starts-with"
	MatchEndsWith   MatchType = "ends-with"
)

// Collation is the comparison of RFC 4790 that a text-match names.
type Collation string

const (
	CollationASCII   Collation = "i;ascii-casemap"   // default of CalDAV
	CollationUnicode Collation = "i;unicode-casemap" // default of CardDAV
	CollationOctet   Collation = "i;octet"
)

// CompFilter is a condition on a calendar component (RFC 4791 9.7.1). All that is set must hold. With nothing set
// the component just has to be there.
type CompFilter struct {
	Name         string // upper case
	IsNotDefined bool   // must not be there; nothing else is set then
	TimeRange    *TimeRange
	Props        []PropFilter
	Comps        []CompFilter
}

// PropFilter is a condition on a property of a component (RFC 4791 9.7.2) or of a card (RFC 6352 10.5.1). With no
// condition the property just has to be there.
type PropFilter struct {
	Name         string // upper case
	Test         Test   // joins Texts and Params; always AllOf in CalDAV
	IsNotDefined bool
	TimeRange    *TimeRange  // CalDAV only
	Texts        []TextMatch // at most one in CalDAV
	Params       []ParamFilter
}

// ParamFilter is a condition on a parameter (RFC 4791 9.7.3, RFC 6352 10.5.2).
type ParamFilter struct {
	Name         string // upper case
	IsNotDefined bool
	Text         *TextMatch // nil: just has to be there
}

// TextMatch compares a value (RFC 4791 9.7.5, RFC 6352 10.5.4).
type TextMatch struct {
	Text      string // as sent, white space included
	Collation Collation
	Match     MatchType
	Negate    bool
}
