package tryton

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"crmbridge/pim"
)

// mechanism is a party.contact_mechanism: a phone, an e-mail address and so on.
type mechanism struct {
	part
	Type  string `json:"type"`
	Value string `json:"value"`
	Name  string `json:"name"`
}

// group is which list of a contact a mechanism belongs to.
type group uint8

const (
	phones group = iota
	emails
	pages
	messengers
)

// groupOf tells the list by Tryton's type. Types that modules add are messengers.
func groupOf(typ string) group {
	switch typ {
	case "phone", "mobile", "fax":
		return phones
	case "email":
		return emails
	case "website":
		return pages
	}
	return messengers
}

// sortMechanisms drops what is archived or empty and puts the rest in Tryton's own
// order: by sequence, those without one first, then by id.
func sortMechanisms(ms []mechanism) []mechanism {
	var out []mechanism
	for _, m := range ms {
		if bool(m.Active) && m.Value != "" {
			out = append(out, m)
		}
	}
	slices.SortStableFunc(out, func(a, b mechanism) int { return a.before(b.part) })
	return out
}

func (p part) before(o part) int {
	number := func(n *int64) int64 {
		if n == nil {
			return -1 << 62
		}
		return *n
	}
	return cmp.Or(cmp.Compare(number(p.Sequence), number(o.Sequence)), cmp.Compare(p.ID, o.ID))
}

// labeled are the values of a group. Tryton takes the first of a list for the
// preferred one; it is marked when somebody put the list in order, which gives its
// rows numbers.
func labeled(rows []mechanism, g group) []pim.Labeled {
	var out []pim.Labeled
	for _, m := range rows {
		if groupOf(m.Type) != g {
			continue
		}
		out = append(out, pim.Labeled{Label: m.label(), Value: m.Value, Preferred: len(out) == 0 && m.Sequence != nil})
	}
	return out
}

// label is what a row is for. The type says a part of it, the row's name the rest.
func (m mechanism) label() string {
	name := labelOf(m.Name)
	switch m.Type {
	case "mobile":
		return joinLabel(name, "cell")
	case "fax":
		return joinLabel(name, "fax")
	case "phone", "email", "website", "other":
		return name
	}
	return m.Type // a messenger's type is its service
}

// mechanismOf is the type and name for a value of a group: the reverse of label.
func mechanismOf(g group, v pim.Labeled) (typ, name string) {
	switch g {
	case emails:
		return "email", v.Label
	case pages:
		return "website", v.Label
	case messengers:
		switch v.Label {
		case "skype", "sip", "irc", "jabber":
			return v.Label, ""
		case "xmpp":
			return "jabber", ""
		}
		return "other", v.Label
	}
	if rest, ok := withoutLabel(v.Label, "fax"); ok {
		return "fax", rest
	}
	if rest, ok := withoutLabel(v.Label, "cell"); ok {
		return "mobile", rest
	}
	return "phone", v.Label
}

// labelOf makes a label of a row's name. A comma keeps single words apart in labels
// ("home,work"); in a sentence it is just a comma.
func labelOf(name string) string {
	words := strings.Split(strings.ToLower(strings.TrimSpace(name)), ",")
	for i, w := range words {
		words[i] = strings.TrimSpace(w)
		if w == "" || strings.ContainsFunc(words[i], unicode.IsSpace) {
			return strings.Join(strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return r == ',' || unicode.IsSpace(r) }), " ")
		}
	}
	slices.Sort(words)
	return strings.Join(slices.Compact(words), ",")
}

func joinLabel(name, word string) string {
	if name == "" {
		return word
	}
	if strings.ContainsFunc(name, unicode.IsSpace) {
		return name // words of people's own say more than "cell"
	}
	words := append(strings.Split(name, ","), word)
	slices.Sort(words)
	return strings.Join(slices.Compact(words), ",")
}

func withoutLabel(label, word string) (rest string, had bool) {
	words := strings.Split(label, ",")
	at := slices.Index(words, word)
	if at < 0 {
		return label, false
	}
	return strings.Join(slices.Delete(words, at, at+1), ","), true
}
