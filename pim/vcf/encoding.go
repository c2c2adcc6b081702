package vcf

import (
	"slices"
	"strings"

	"crmbridge/pim/line"
)

// encodings are the words for them among the bare parameters of vCard 2.1.
var encodings = []string{"quoted-printable", "8bit", "7bit", "base64", "b"}

// modern writes a line without vCard 2.1's own encodings: in UTF-8, with TYPE before every
// type. Lines that have none of it stay as they are.
func modern(l *line.Line) *line.Line {
	if hasEncoding(l, "QUOTED-PRINTABLE") || l.HasParam("CHARSET") {
		parts := line.Split(l.Value, ';')
		for i, p := range parts {
			parts[i] = reescape(l, p)
		}
		l = l.WithValue(strings.Join(parts, ";"))
	}
	if hasEncoding(l, "B", "BASE64") {
		return bare(l).WithParam(line.P("ENCODING", "b"))
	}
	return bare(l)
}

// reescape keeps the commas of a list, which quoted-printable does not have.
func reescape(l *line.Line, part string) string {
	if hasEncoding(l, "QUOTED-PRINTABLE") {
		return line.Escape(line.Unescape(decoded(l, part)))
	}
	items := line.Split(part, ',')
	for i, s := range items {
		items[i] = line.Escape(line.Unescape(decoded(l, s)))
	}
	return strings.Join(items, ",")
}

// bare is the line without what says how its old value was encoded.
func bare(l *line.Line) *line.Line {
	if l.HasParam("ENCODING") || l.HasParam("CHARSET") {
		l = l.WithoutParam("ENCODING", "CHARSET")
	}
	if !l.HasParam("") {
		return l
	}
	return withTypes(l, slices.DeleteFunc(types(l), func(t string) bool { return slices.Contains(encodings, t) }))
}
