package vcf

import (
	"strings"

	"crmbridge/pim"
	"crmbridge/pim/line"
)

// FullName is how a contact is called: its full name, else the parts of its name, its nickname, company, address
// or number, in this order; "Unnamed" when it has nothing.
func FullName(p *pim.Contact) string {
	parts := strings.Join(strings.Fields(strings.Join([]string{p.Prefix, p.Given, p.Middle, p.Family, p.Suffix}, " ")), " ")
	candidates := []string{p.FullName, parts, p.Nickname, p.Company}
	for _, list := range [...][]pim.Labeled{p.Emails, p.Phones} {
		if len(list) > 0 {
			candidates = append(candidates, list[0].Value)
		}
	}
	for _, s := range candidates {
		if s = trim(s); s != "" {
			return s
		}
	}
	return "Unnamed"
}

func hasParts(p *pim.Contact) bool {
	return p.Prefix+p.Given+p.Middle+p.Family+p.Suffix != ""
}

// isCompany is a contact that is an organisation.
func isCompany(p *pim.Contact) bool {
	return p.Company != "" && !hasParts(p) && (p.FullName == "" || p.FullName == p.Company)
}

// derivedName makes an N of the full name: the last word is the family name; a group has
// no other.
func derivedName(p *pim.Contact) *line.Line {
	words := strings.Fields(FullName(p))
	n := len(words)
	family, given := "", strings.Join(words, " ")
	switch {
	case p.Group:
		family, given = given, ""
	case n > 1:
		family, given = words[n-1], strings.Join(words[:n-1], " ")
	}
	return line.New("N", line.Escape(family)+";"+line.Escape(given)+";;;", line.P(derived, "1"))
}

// names writes FN and N of a new card where the contact has none.
func (e *editor) names() {
	p := e.want
	if p.FullName == "" {
		e.value("FN", line.Escape(FullName(p)))
	}
	switch {
	case hasParts(p):
	case isCompany(p):
		// Apple shows the company only when told to; RFC 6350 6.1.4 has a kind for it.
		if e.v == V4 {
			e.value("KIND", "org")
			break
		}
		e.put("N", line.New("N", ";;;;"))
		e.value("X-ABSHOWAS", "COMPANY")
	default:
		e.put("N", derivedName(p))
	}
}

// fullName goes on from FN to what depends on it.
func (e *editor) fullName() {
	if e.want.FullName == "" {
		e.text("FN", FullName(e.want))
	}
	if n := e.b.First("N"); n != nil && n.HasParam(derived) && !hasParts(e.want) {
		e.put("N", derivedName(e.want))
	}
}

// nameParts writes N; parts that stay keep their spelling.
func (e *editor) nameParts(diff pim.FieldSet) {
	h := e.have
	w := &pim.Contact{Prefix: h.Prefix, Given: h.Given, Middle: h.Middle, Family: h.Family, Suffix: h.Suffix}
	pim.Copy(w, e.want, diff.And(nameFields()))
	if !hasParts(w) {
		if n := e.b.First("N"); n != nil {
			e.put("N", n.WithoutParam("SORT-AS", derived).WithValue(";;;;"))
		}
		return
	}
	old := e.b.First("N")
	raw := make([]string, 5)
	if old != nil && !old.HasParam(derived) {
		raw = append(line.Split(modern(old).Value, ';'), raw...)[:5]
	}
	for i, part := range [...]struct{ have, want string }{
		{h.Family, w.Family}, {h.Given, w.Given}, {h.Middle, w.Middle}, {h.Prefix, w.Prefix}, {h.Suffix, w.Suffix},
	} {
		if part.have != part.want || old == nil || old.HasParam(derived) {
			raw[i] = line.Escape(part.want)
		}
	}
	v := strings.Join(raw, ";")
	if old == nil {
		e.put("N", line.New("N", v))
		return
	}
	next := bare(old).WithoutParam(derived).WithValue(v)
	if h.Family != w.Family || h.Given != w.Given {
		next = next.WithoutParam("SORT-AS") // RFC 6350 5.9: that of the old family and given names
	}
	e.put("N", next)
}

// org writes one part of ORG; the others stay.
func (e *editor) org(part int, text string) {
	old := e.b.First("ORG")
	var raw []string
	if old != nil {
		raw = line.Split(modern(old).Value, ';')
	}
	for len(raw) <= part {
		raw = append(raw, "")
	}
	raw[part] = line.Escape(text)
	for len(raw) > 0 && raw[len(raw)-1] == "" {
		raw = raw[:len(raw)-1]
	}
	v := strings.Join(raw, ";")
	if old == nil || v == "" {
		e.value("ORG", v)
		return
	}
	e.touched = true
	next := bare(old).WithValue(v)
	if part == 0 || strings.Contains(strings.Join(old.All("SORT-AS"), ","), ",") {
		next = next.WithoutParam("SORT-AS") // RFC 6350 5.9: a value for each part
	}
	e.b.Replace(old, next)
}

// nameFields are the fields that stand in N.
func nameFields() pim.FieldSet { return pim.Set(pim.FieldName, pim.FieldPrefix, pim.FieldSuffix) }
