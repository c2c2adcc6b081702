package rule

import (
	"fmt"
	"strings"

	"crmbridge/pim"
)

// Switch is the item of both sides, as it is and as it was agreed, for the question whether the category of the link
// (Rules.Category) is on it. Any of them may be nil.
type Switch struct {
	Here, There       pim.Item
	HereWas, ThereWas pim.Item
	// Carried says that categories are synced, so that one that is on one side only was taken away on the other.
	Carried bool
}

// Off reports an item that does not carry the category of the link, and says why. A side that is gone says
// nothing. Where the category was agreed on, it is off once either side lacks it; else it is on once either has it.
func (r Rules) Off(s Switch) (off bool, says string) {
	if r.Category == "" {
		return false, ""
	}
	sides := []struct {
		it   pim.Item
		name string
	}{{s.Here, "here"}, {s.There, "on the remote"}}
	any, known := false, false
	for _, side := range sides {
		any = any || side.it != nil && r.carries(side.it)
		known = known || side.it != nil
	}
	was := r.carries(s.HereWas) || r.carries(s.ThereWas)
	if !known {
		any = was
	}
	if !any {
		return true, fmt.Sprintf("it does not carry the category %q", r.Category)
	}
	for _, side := range sides {
		if was && s.Carried && side.it != nil && !r.carries(side.it) {
			return true, fmt.Sprintf("the category %q was taken away %s: both copies stay as they are", r.Category, side.name)
		}
	}
	return false, ""
}

// carries reports the category of the link among those of an item, whatever its capitals.
func (r Rules) carries(it pim.Item) bool {
	if it == nil {
		return false
	}
	for _, c := range pim.CategoriesOf(it) {
		if strings.EqualFold(strings.TrimSpace(c), r.Category) {
			return true
		}
	}
	return false
}
