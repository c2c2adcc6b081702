package vcf

import (
	"slices"
	"strings"

	"crmbridge/pim"
	"crmbridge/pim/line"
)

// Item is the typed view. What is broken or unknown is left out of the view, not of
// the text. Members are without "urn:uuid:"; the UID is as written.
func (c *Card) Item() *pim.Contact {
	ls := c.labels()
	p := &pim.Contact{
		UID:        c.UID(),
		Nickname:   c.joined("NICKNAME"),
		Phones:     every(c, "TEL", ls.labeled),
		Emails:     every(c, "EMAIL", ls.labeled),
		URLs:       every(c, "URL", ls.labeled),
		Addresses:  every(c, "ADR", ls.address),
		Categories: c.list("CATEGORIES"),
		Gender:     c.gender(),
		DoNotUse:   c.list("X-CRM-DO-NOT-USE"),
	}
	for _, f := range texts {
		*f.at(p) = c.textValue(f.prop)
	}
	for i, w := range [...]*pim.When{&p.Birthday, &p.Anniversary} {
		if l := c.dateLine(dateProps[i]); l != nil {
			*w, _ = dateOf(l)
		}
	}
	for _, m := range c.messengers() {
		p.IMs = append(p.IMs, m.value)
	}
	slices.Sort(p.DoNotUse)
	c.readName(p)
	c.readOrg(p)
	if l := c.pageLine(); l != nil {
		p.PageURL = trim(textOf(l))
	}
	if l := c.card.First("PHOTO"); l != nil {
		p.Photo, _, _ = binary(l)
	}
	c.readGroup(p)
	return p
}

// textField is a field that is one text property.
type textField struct {
	id   pim.FieldID
	prop string
	at   func(*pim.Contact) *string
}

var texts = [...]textField{
	{pim.FieldFullName, "FN", func(p *pim.Contact) *string { return &p.FullName }},
	{pim.FieldJobTitle, "TITLE", func(p *pim.Contact) *string { return &p.Title }},
	{pim.FieldRole, "ROLE", func(p *pim.Contact) *string { return &p.Role }},
	{pim.FieldNotes, "NOTE", func(p *pim.Contact) *string { return &p.Notes }},
	{pim.FieldSalutation, "X-CRM-SALUTATION", func(p *pim.Contact) *string { return &p.Salutation }},
	{pim.FieldContactType, "X-CRM-CONTACT-TYPE", func(p *pim.Contact) *string { return &p.Type }},
	{pim.FieldDecisionRole, "X-CRM-DECISION-ROLE", func(p *pim.Contact) *string { return &p.DecisionRole }},
	{pim.FieldOwner, "X-CRM-OWNER", func(p *pim.Contact) *string { return &p.Owner }},
	{pim.FieldAccess, "X-CRM-ACCESS", func(p *pim.Contact) *string { return &p.Access }},
}

func (c *Card) textValue(name string) string {
	if l := c.card.First(name); l != nil {
		return textOf(l)
	}
	return ""
}

// list are the values of every line of a list property, each once.
func (c *Card) list(name string) []string {
	var out []string
	for _, l := range c.card.All(name) {
		out = append(out, line.Texts(decoded(l, l.Value))...)
	}
	return unique(out)
}

func (c *Card) joined(name string) string { return strings.Join(c.list(name), ", ") }

func (c *Card) readName(p *pim.Contact) {
	l := c.card.First("N")
	if l == nil || l.HasParam(derived) {
		return
	}
	n := components(l, 5, " ")
	p.Family, p.Given, p.Middle, p.Prefix, p.Suffix = n[0], n[1], n[2], n[3], n[4]
}

func (c *Card) readOrg(p *pim.Contact) {
	if l := c.card.First("ORG"); l != nil {
		o := components(l, 2, ", ")
		p.Company, p.Department = o[0], o[1]
	}
}

// unique leaves out what stood there before.
func unique[T comparable](in []T) []T {
	seen := make(map[T]bool, len(in))
	return slices.DeleteFunc(in, func(v T) bool {
		was := seen[v]
		seen[v] = true
		return was
	})
}

// every reads all lines that are called name ("": all), each value once.
func every[T comparable](c *Card, name string, read func(*line.Line) (T, bool)) []T {
	var out []T
	for _, l := range c.card.All(name) {
		if v, ok := read(l); ok {
			out = append(out, v)
		}
	}
	return unique(out)
}

// labeled is a phone, an address or a page.
func (ls labels) labeled(l *line.Line) (pim.Labeled, bool) {
	v := pim.Labeled{Label: ls.of(l), Value: trim(textOf(l)), Preferred: preferred(l)}
	switch l.Name {
	case "URL":
		if isPage(l) {
			return v, false
		}
	case "TEL":
		// RFC 6350 6.4.1: a phone may be a URI.
		if len(v.Value) > 4 && strings.EqualFold(v.Value[:4], "tel:") {
			v.Value = v.Value[4:]
		}
	case "EMAIL":
		if len(v.Value) > 7 && strings.EqualFold(v.Value[:7], "mailto:") {
			v.Value = v.Value[7:]
		}
	}
	return v, v.Value != ""
}

// isPage recognises the contact's page in the CRM.
func isPage(l *line.Line) bool { return slices.Contains(types(l), "x-crm") }

func (c *Card) pageLine() *line.Line {
	for _, l := range c.card.All("URL") {
		if isPage(l) {
			return l
		}
	}
	return nil
}

func (ls labels) address(l *line.Line) (pim.Address, bool) {
	p := components(l, 7, ", ")
	a := pim.Address{
		POBox: p[0], Extended: p[1], Street: p[2], City: p[3], Region: p[4], PostalCode: p[5], Country: p[6],
	}
	empty := a == pim.Address{}
	a.Label, a.Preferred = ls.of(l), preferred(l)
	return a, !empty
}

func (c *Card) gender() string {
	for _, name := range []string{"GENDER", "X-GENDER"} {
		for _, l := range c.card.All(name) {
			sex, _, _ := strings.Cut(strings.ToUpper(trim(l.Value)), ";")
			switch sex {
			case "M", "F", "O", "N", "U":
				return sex
			case "MALE":
				return "M"
			case "FEMALE":
				return "F"
			}
		}
	}
	return ""
}

// The two spellings of groups: RFC 6350 6.1.4 and 6.6.5, and Apple's in version 3.0.
var (
	kindProps   = [...]string{"KIND", "X-ADDRESSBOOKSERVER-KIND"}
	memberProps = [...]string{"MEMBER", "X-ADDRESSBOOKSERVER-MEMBER"}
)

func (c *Card) readGroup(p *pim.Contact) {
	for _, name := range kindProps {
		p.Group = p.Group || strings.EqualFold(trim(c.card.Value(name)), "group")
	}
	for _, name := range memberProps {
		p.Members = append(p.Members, every(c, name, func(l *line.Line) (string, bool) {
			m := memberOf(l)
			return m, m != ""
		})...)
	}
	p.Members = unique(p.Members)
}

const urnUUID = "urn:uuid:"

func memberOf(l *line.Line) string {
	v := trim(textOf(l))
	if len(v) > len(urnUUID) && strings.EqualFold(v[:len(urnUUID)], urnUUID) {
		v = v[len(urnUUID):]
	}
	return v
}
