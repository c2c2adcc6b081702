package vcf

import (
	"slices"
	"strings"

	"crmbridge/pim/line"
)

// types are the values of TYPE in lower case, in all spellings: TYPE=a,b, TYPE=a;TYPE=b,
// TYPE="a,b" and the bare words of vCard 2.1.
func types(l *line.Line) []string {
	var out []string
	for _, v := range append(l.All("TYPE"), l.All("")...) {
		for t := range strings.SplitSeq(v, ",") {
			if t = strings.ToLower(trim(t)); t != "" && !slices.Contains(out, t) {
				out = append(out, t)
			}
		}
	}
	return out
}

// technical types say what a number or an address can do, not what it is for, and so do
// the bare words for encodings. They are no part of a label and survive a change of it.
var technical = []string{
	"voice", "text", "textphone", "video", "msg", "internet", "x400", "pref", "dom", "intl", "postal", "parcel",
	"base64", "b", "quoted-printable", "8bit", "7bit", "x-crm",
}

// common types can be written as TYPE, as every program knows them. Other labels go into
// X-ABLABEL, which Apple, Google and DAVx5 show.
var common = []string{"home", "work", "cell", "fax", "pager", "car", "isdn", "modem", "bbs", "pcs", "main", "other"}

// labels are the X-ABLABEL lines of a card by their group in lower case.
type labels map[string]*line.Line

func (c *Card) labels() labels {
	out := labels{}
	for _, l := range c.card.All("X-ABLABEL") {
		if g := groupOf(l); g != "" && out[g] == nil {
			out[g] = l
		}
	}
	return out
}

func groupOf(l *line.Line) string { return strings.ToLower(l.Group) }

// of is the label of a line: the group's X-ABLABEL, else its types.
func (ls labels) of(l *line.Line) string {
	if custom := ls[groupOf(l)]; custom != nil {
		if s := plainLabel(textOf(custom)); s != "" {
			return s
		}
	}
	return typeLabel(l)
}

func typeLabel(l *line.Line) string {
	ts := slices.DeleteFunc(types(l), func(t string) bool { return slices.Contains(technical, t) })
	slices.Sort(ts)
	return strings.Join(ts, ",")
}

// plainLabel takes Apple's marks off its own labels: _$!<HomePage>!$_.
func plainLabel(s string) string {
	s = strings.TrimSuffix(strings.TrimPrefix(trim(s), "_$!<"), ">!$_")
	return strings.ToLower(trim(s))
}

// preferred reports the first choice: TYPE=pref, or PREF=1 (RFC 6350 5.3).
func preferred(l *line.Line) bool {
	return trim(l.Param("PREF")) == "1" || slices.Contains(types(l), "pref")
}
