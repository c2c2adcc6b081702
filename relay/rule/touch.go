package rule

import (
	"reflect"
	"strings"
)

// Touch is what has to be looked at again after a change of rules, and nothing else.
type Touch struct {
	// Listing: the remote's items are asked for anew, because others may be wanted.
	Listing bool
	// Pairs: every item that is known is judged again.
	Pairs bool
	// Fields: the records of items that are known are read anew, because other columns
	// of them count.
	Fields bool
	// Conflicts: open ones are settled again.
	Conflicts bool
	// Relations: the remote is asked what its records are tied to.
	Relations bool
}

// Touches compares two sets of rules.
func Touches(old, now Rules) Touch {
	var t Touch
	for _, name := range changedRules(old, now) {
		switch name {
		case "policy":
			t.Conflicts = true
		case "brakeAbsolute", "brakeShare", "createsPerHour", "mailsPerHour", "reconcileEvery", "annotateAfter", "remove", "archiveDays", "approve", "relate":
			// They speak when something is done, and order nothing by themselves. What a
			// brake held back is planned by the next run.
		case "relatedContacts", "activityContacts", "contactsLink":
			t.Relations = now.RelatedContacts || now.ActivityContacts
		case "out", "mail", "fileMegabytes", "filesMegabytes", "defaultType", "typeNames", "holdUntyped":
			t.Pairs = true
		case "fields":
			// Records that are known are read anew as far as their map changed; see Fields.
			t.Pairs, t.Fields = true, true
			t.Listing = t.Listing || !now.Filter.IsZero() // which may ask for a field that is new
		default:
			// What the rules kept out before was not kept: it has to be read again.
			t.Listing, t.Pairs = true, true
		}
	}
	return t
}

// changedRules are the names, as stored, of the rules that differ.
func changedRules(old, now Rules) []string {
	var names []string
	a, b := reflect.ValueOf(old.Defaults()), reflect.ValueOf(now.Defaults())
	for i := range a.NumField() {
		if !reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()) {
			name, _, _ := strings.Cut(a.Type().Field(i).Tag.Get("json"), ",")
			names = append(names, name)
		}
	}
	return names
}
