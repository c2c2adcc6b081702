package line

// Line is one content line, or a blank one (Name "").
type Line struct {
	Group  string // "item1", as written; "" for none
	Name   string // upper case
	Params []Param
	Value  string // unfolded, otherwise as written
	No     int    // where it starts, counted from 1; 0 for a new line
	raw    string
}

// Param is one parameter of a line.
type Param struct {
	// Name is in upper case; "" for the bare values of vCard 2.1 (TEL;HOME:).
	Name string
	// Values are without quotes and with RFC 6868 escapes undone.
	Values []string
	raw    string
}
