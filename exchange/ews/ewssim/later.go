package ewssim

import "regexp"

// later gives an answer's instants fractions and its namespaces other prefixes. Texts of items are safe from that: nothing
// in them looks like a tag, since their angle brackets are escaped.
func later(answer []byte) []byte {
	for _, r := range []struct{ find, put string }{
		{`(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)Z<`, "${1}.0000000Z<"},
		{`(</?)t:`, "${1}typ:"}, {`xmlns:t=`, "xmlns:typ="}, {`xsi:type="t:`, `xsi:type="typ:`},
		{`(</?)m:`, "${1}msg:"}, {`xmlns:m=`, "xmlns:msg="},
	} {
		answer = regexp.MustCompile(r.find).ReplaceAll(answer, []byte(r.put))
	}
	return answer
}
