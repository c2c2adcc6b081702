package rule

import (
	"encoding/json"
	"maps"
	"slices"
)

// Touch is what has to be looked at again after a change of rules, and nothing else.
type Touch struct {
	// Listing: the remote's items are asked for anew, because others may be wanted.
	Listing bool
	// Pairs: every item that is known is judged again.
	Pairs bool
	// Conflicts: open ones are settled again.
	Conflicts bool
}

// Touches compares two sets of rules.
func Touches(old, now Rules) Touch {
	var t Touch
	changed := changedRules(old, now)
	for _, name := range changed {
		switch name {
		case "policy":
			t.Conflicts = true
		case "brakeAbsolute", "brakeShare", "reconcileEvery", "annotateAfter", "remove", "archiveDays", "approve":
			// They speak when something is done, and order nothing by themselves. What a
			// brake held back is planned by the next run.
		case "out", "defaultType", "typeNames", "holdUntyped":
			t.Pairs = true
		default:
			// What the rules kept out before was not kept: it has to be read again.
			t.Listing, t.Pairs = true, true
		}
	}
	return t
}

// changedRules are the names, as stored, of the rules that differ.
func changedRules(old, now Rules) []string {
	a, b := byName(old), byName(now)
	names := slices.Sorted(maps.Keys(a))
	for name := range b {
		if _, both := a[name]; !both {
			names = append(names, name)
		}
	}
	return slices.DeleteFunc(names, func(name string) bool { return string(a[name]) == string(b[name]) })
}

func byName(r Rules) map[string]json.RawMessage {
	var m map[string]json.RawMessage
	b, err := json.Marshal(r.Defaults())
	if err == nil {
		err = json.Unmarshal(b, &m)
	}
	if err != nil {
		panic("rule: rules are plain data: " + err.Error())
	}
	return m
}
