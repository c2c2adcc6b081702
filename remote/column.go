package remote

import "crmbridge/pim"

// ValueKind is the kind of value that a column of a remote holds.
type ValueKind string

// Kinds of value.
const (
	TextColumn      ValueKind = "text"
	NumberColumn    ValueKind = "number"
	DurationColumn  ValueKind = "duration"
	FlagColumn      ValueKind = "yes/no"
	DayColumn       ValueKind = "day"
	TimeColumn      ValueKind = "time"
	ChoiceColumn    ValueKind = "list"      // one of a short list of words
	ReferenceColumn ValueKind = "reference" // another record, by its name
	RowsColumn      ValueKind = "rows"      // several rows of another table
	OtherColumn     ValueKind = "other"     // nothing that an item can hold
)

// Column is a column of a remote's records.
type Column struct {
	Name  string `json:"column"`
	Label string `json:"label,omitempty"` // what people read there; "" when the remote does not tell
	// Kind is what it holds, Of for a reference the table that it leads to.
	Kind ValueKind `json:"kind"`
	Of   string    `json:"of,omitempty"`
	// ReadOnly: the remote fills it in. Required: it cannot be left empty.
	ReadOnly bool `json:"readOnly,omitempty"`
	Required bool `json:"required,omitempty"`
	// Why says, for people, why a column that is not Plain holds nothing that can be
	// mapped: "a file"; "" when that is plain from its kind or not known.
	Why string `json:"why,omitempty"`
}

// Mapping is the plain one: the field id in this column alone.
func (c Column) Mapping(id pim.FieldID) Mapping {
	return Mapping{Field: id, Columns: []string{c.Name}, Kind: c.Kind, Of: c.Of, ReadOnly: c.ReadOnly, Required: c.Required}
}

// Mapping is one row of a driver's field map: the columns that a field is kept in.
type Mapping struct {
	Field pim.FieldID
	// Columns are those of the record itself, or of the table whose rows hold the
	// values; the first is the one that people know the field by.
	Columns []string
	Kind    ValueKind
	// Of is the table of a list, a reference or of rows; "" when there is none.
	Of       string
	ReadOnly bool // comes from the remote only
	Required bool // the remote's records cannot be without
	Tied     bool // read or written together with other fields, so that it has to stay in its column
}
