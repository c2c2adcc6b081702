package relay

import (
	"encoding/json"
	"slices"

	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/store"
)

// noted are the notes of a pair after a write of some fields: those about other fields
// stay true.
func noted(before string, now []remote.Note, written pim.FieldSet) (string, error) {
	var all []remote.Note
	if before != "" {
		if err := json.Unmarshal([]byte(before), &all); err != nil {
			return "", err
		}
	}
	all = slices.DeleteFunc(all, func(n remote.Note) bool { return written.Has(n.Field) })
	if all = append(all, now...); len(all) == 0 {
		return "", nil
	}
	b, err := json.Marshal(all)
	return string(b), err
}

// Notes tells what became of the names that had to be looked up for an item.
func Notes(p store.Pair) ([]remote.Note, error) {
	var all []remote.Note
	if p.Notes == "" {
		return nil, nil
	}
	err := json.Unmarshal([]byte(p.Notes), &all)
	return all, err
}
