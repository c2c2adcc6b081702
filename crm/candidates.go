package crm

import "slices"

// MostCandidates is how many a form offers for one text.
const MostCandidates = 20

// Candidates are the values that a text can mean: those of exactly that id or name, else
// those that begin with it, else those that have all its words; MostCandidates at most.
func Candidates(text string, values []LookupValue) []LookupValue {
	want := Words(text)
	for _, fit := range []func(LookupValue) bool{
		func(v LookupValue) bool { return v.ID == text },
		func(v LookupValue) bool { return v.Name == text },
		func(v LookupValue) bool { return len(want) > 0 && slices.Equal(Words(v.Name), want) },
		func(v LookupValue) bool { return len(want) > 0 && beginsWith(Words(v.Name), want) },
		func(v LookupValue) bool { return len(want) > 0 && hasAll(Words(v.Name), want) },
	} {
		var out []LookupValue
		for _, v := range values {
			if fit(v) && len(out) < MostCandidates {
				out = append(out, v)
			}
		}
		if len(out) > 0 {
			return out
		}
	}
	return nil
}
