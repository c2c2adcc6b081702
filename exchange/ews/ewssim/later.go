package ewssim

import "regexp"

// timed are the elements with instants of which a later server tells fractions.
const timed = `<t:(?:Start|End|OriginalStart|DateTime\w+|\w+Time|TimeStamp|ReminderDueBy|CompleteDate|DueDate|StartDate|Birthday|WeddingAnniversary)>`

// clothes are what is found in an answer, and how a later server writes it.
var clothes = []struct {
	find *regexp.Regexp
	put  string
}{
	{regexp.MustCompile(`(` + timed + `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)Z<`), "${1}.0000000Z<"},
	{regexp.MustCompile(`(</?)t:`), "${1}typ:"}, {regexp.MustCompile(`xmlns:t=`), "xmlns:typ="}, {regexp.MustCompile(`xsi:type="t:`), `xsi:type="typ:`},
	{regexp.MustCompile(`(</?)m:`), "${1}msg:"}, {regexp.MustCompile(`xmlns:m=`), "xmlns:msg="},
}

// later gives an answer's instants fractions and its namespaces other prefixes. Texts of items are safe from that: nothing
// in them looks like a tag, since their angle brackets are escaped.
func later(answer []byte) []byte {
	for _, c := range clothes {
		answer = c.find.ReplaceAll(answer, []byte(c.put))
	}
	return answer
}
