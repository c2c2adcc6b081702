package config

// Setting is one option as somebody else may see it.
type Setting struct {
	Key string `json:"key"`
	// Value as it was written; "…" for one that was set and may name a place, a person or a
	// secret, and for one that is wrong.
	Value   string `json:"value"`
	Default bool   `json:"default"` // Value is the program's own: nobody set another
}

// hidden stands for what is not told.
const hidden = "…"

// Told are all settings, in the order of the table, without what they name: for a report
// that leaves the house. Faults of the source are passed over: Parse tells them.
func Told(s Source) []Setting {
	found, _ := s.found()
	out := make([]Setting, 0, len(table))
	for _, o := range table {
		v, set := found[o.key]
		row := Setting{Key: o.key, Value: v.text}
		switch {
		case !set || v.text == o.def:
			row.Value, row.Default = o.def, true
		case o.names || o.set(new(Config), v.text) != nil:
			row.Value = hidden
		}
		out = append(out, row)
	}
	return out
}
