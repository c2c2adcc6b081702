package vcf

import (
	"strings"
	"time"

	"crmbridge/pim"
	"crmbridge/pim/line"
)

const opApply = "vcf: apply"

// ApplyOptions go with Apply.
type ApplyOptions struct {
	// Now is written as REV, in UTC; zero leaves it alone.
	Now time.Time
}

// Apply returns a new card in which the fields of set are those of contact, and every
// other line has the bytes it had. A field whose value in the text is equal already
// (pim.Field.Equal) is not written; when nothing changes, c itself is returned. Phones,
// addresses and the like are matched by value, then by label, so that their groups, labels and
// parameters survive. A card cannot be without a name: an empty FullName is derived as New
// does. The UID stays. pim.ErrUnsupported for a card of version 2.1.
func Apply(c *Card, contact *pim.Contact, set pim.FieldSet, opt ApplyOptions) (*Card, error) {
	if v := c.Version(); v != V3 && v != V4 {
		return nil, pim.Errorf(opApply, pim.ErrUnsupported, "a card of this vCard version cannot be changed")
	}
	have := c.Item()
	diff := pim.Diff(have, contact, set.And(pim.AllOf(pim.KindContact)))
	if diff.IsEmpty() {
		return c, nil
	}
	e := newEditor(c.clone(), have, contact)
	e.write(diff)
	if !e.touched {
		return c, nil
	}
	if !opt.Now.IsZero() {
		e.value("REV", revision(opt.Now, e.v))
	}
	return e.c, nil
}

// NewOptions go with New.
type NewOptions struct {
	ProdID string    // PRODID; "" for none
	Now    time.Time // REV; required
	UID    string    // used when the contact has none
}

// New makes a whole card. FN is derived from N, the company or an address when it is
// missing, N from FN (marked, so that the typed view leaves it out). A contact with a
// company and no other name is written as a company. pim.ErrInvalid without a UID or Now or
// for another version than V3 and V4.
func New(contact *pim.Contact, v Version, opt NewOptions) (*Card, error) {
	uid := contact.UID
	if uid == "" {
		uid = opt.UID
	}
	if uid == "" || opt.Now.IsZero() || v != V3 && v != V4 {
		return nil, pim.Errorf(opApply, pim.ErrInvalid, "a new card needs a UID, the time, and version 3.0 or 4.0")
	}
	block := line.NewBlock("VCARD", line.New("VERSION", string(v)))
	if opt.ProdID != "" {
		block.Add(line.New("PRODID", line.Escape(opt.ProdID)))
	}
	block.Add(line.New("UID", line.Escape(uid)), line.New("REV", revision(opt.Now, v)))
	have := &pim.Contact{}
	e := newEditor(&Card{text: line.NewText(block), card: block}, have, contact)
	e.names()
	e.write(pim.Diff(have, contact, pim.AllOf(pim.KindContact)))
	return e.c, nil
}

// revision is REV in UTC, without which some clients drop the card.
func revision(t time.Time, v Version) string {
	if v == V4 {
		return t.UTC().Format("20060102T150405Z") // RFC 6350 4.3.5
	}
	return t.UTC().Format("2006-01-02T15:04:05Z") // RFC 2426 3.6.4
}

// editor changes a copy of a card.
type editor struct {
	c          *Card
	b          *line.Block
	v          Version
	have, want *pim.Contact
	touched    bool
}

func newEditor(c *Card, have, want *pim.Contact) *editor {
	return &editor{c: c, b: c.card, v: c.Version(), have: have, want: want}
}

func (e *editor) write(diff pim.FieldSet) {
	for _, f := range texts {
		if diff.Has(f.id) {
			e.text(f.prop, *f.at(e.want))
		}
	}
	for _, d := range dateProps {
		if diff.Has(d.id) {
			e.date(d)
		}
	}
	if !diff.And(nameFields()).IsEmpty() {
		e.nameParts(diff)
	}
	for _, w := range writers {
		if diff.Has(w.id) {
			w.write(e)
		}
	}
	if diff.Has(pim.FieldFullName) {
		e.fullName()
	}
}

type fieldWriter struct {
	id    pim.FieldID
	write func(*editor)
}

var writers = [...]fieldWriter{
	{pim.FieldNickname, (*editor).nicknames},
	{pim.FieldCompany, func(e *editor) { e.org(0, e.want.Company) }},
	{pim.FieldDepartment, func(e *editor) { e.org(1, e.want.Department) }},
	{pim.FieldPhones, func(e *editor) { e.labeled("TEL", e.want.Phones, digitsOf) }},
	{pim.FieldEmails, func(e *editor) { e.labeled("EMAIL", e.want.Emails, strings.ToLower) }},
	{pim.FieldURLs, func(e *editor) { e.labeled("URL", e.want.URLs, strings.ToLower) }},
	{pim.FieldIMs, (*editor).messengers},
	{pim.FieldAddresses, (*editor).addresses},
	{pim.FieldCategories, func(e *editor) { e.values("CATEGORIES", e.want.Categories) }},
	{pim.FieldDoNotUse, func(e *editor) { e.values("X-CRM-DO-NOT-USE", e.want.DoNotUse) }},
	{pim.FieldPhoto, (*editor).photo},
	{pim.FieldGender, (*editor).gender},
	{pim.FieldGroup, (*editor).group},
	{pim.FieldMembers, (*editor).members},
	{pim.FieldURL, (*editor).page},
}

// put makes l the one line of its name; nil removes all of that name.
func (e *editor) put(name string, l *line.Line) {
	e.touched = true
	if l == nil {
		e.b.Remove(name)
		return
	}
	e.b.Set(l)
}

// value sets a value that is escaped already; "" removes the property.
func (e *editor) value(name, v string) {
	old := e.b.First(name)
	switch {
	case v == "":
		e.put(name, nil)
	case old != nil:
		e.put(name, bare(old).WithValue(v))
	default:
		e.put(name, line.New(name, v))
	}
}

// text sets the first line of a text property, of which there may be more (NOTE, TITLE).
func (e *editor) text(name, v string) {
	old := e.b.First(name)
	if old == nil {
		e.value(name, line.Escape(v))
		return
	}
	e.touched = true
	if v == "" {
		e.b.Remove(name)
		return
	}
	e.b.Replace(old, bare(old).WithValue(line.Escape(v)))
}

func (e *editor) date(d dateProp) {
	w := e.want.Birthday
	if d.id == pim.FieldAnniversary {
		w = e.want.Anniversary
	}
	old := e.c.dateLine(d)
	switch {
	case w.IsZero():
		for ; old != nil; old = e.c.dateLine(d) {
			e.remove(old)
		}
	case old != nil:
		e.touched = true
		e.b.Replace(old, dateValue(old, w, e.v))
	default:
		name := d.v3
		if e.v == V4 {
			name = d.v4
		}
		e.put(name, dateValue(line.New(name, ""), w, e.v))
	}
}

// remove takes a line away, and with it what its group says about it.
func (e *editor) remove(l *line.Line) {
	e.touched = true
	e.b.Replace(l)
	if l.Group == "" {
		return
	}
	var about []*line.Line
	for _, o := range e.b.All("") {
		if !strings.EqualFold(o.Group, l.Group) {
			continue
		}
		if !strings.HasPrefix(o.Name, "X-AB") || o.Name == "X-ABDATE" {
			return // another property lives in the group
		}
		about = append(about, o)
	}
	for _, o := range about {
		e.b.Replace(o)
	}
}

func (e *editor) gender() {
	name := "X-GENDER"
	if e.v == V4 || e.b.First("GENDER") != nil {
		name = "GENDER"
	}
	old := e.b.First(name)
	if old == nil || e.want.Gender == "" {
		e.value(name, e.want.Gender)
		if e.want.Gender == "" {
			e.put("X-GENDER", nil)
		}
		return
	}
	// GENDER may have words behind the letter (RFC 6350 6.2.7).
	parts := line.Split(old.Value, ';')
	parts[0] = e.want.Gender
	e.value(name, strings.Join(parts, ";"))
}

func (e *editor) page() {
	old := e.c.pageLine()
	v := escapeURI(trim(e.want.PageURL))
	switch {
	case old != nil && v == "":
		e.remove(old)
	case old != nil:
		e.touched = true
		e.b.Replace(old, old.WithValue(v))
	case v != "":
		e.add(line.New("URL", v, line.P("TYPE", "x-crm")))
	}
}

// escapeURI keeps a URI one value without touching its commas and semicolons.
func escapeURI(s string) string { return strings.ReplaceAll(s, `\`, `\\`) }

// add puts a line behind the last one of its name and what its group says about that.
func (e *editor) add(l *line.Line) {
	e.touched = true
	var last, at *line.Line
	for _, o := range e.b.All("") {
		switch {
		case o.Name == l.Name:
			last, at = o, o
		case last != nil && at != nil && last.Group != "" && strings.EqualFold(o.Group, last.Group):
			at = o
		case last != nil:
			last = &line.Line{}
		}
	}
	e.b.AddAfter(at, l)
}

func (e *editor) group() {
	if e.want.Group {
		name := kindProps[0]
		if e.v == V3 {
			name = kindProps[1]
		}
		e.value(name, "group")
		return
	}
	for _, name := range kindProps {
		if strings.EqualFold(trim(e.b.Value(name)), "group") {
			e.put(name, nil)
		}
	}
}

func (e *editor) members() {
	e.touched = true
	wanted := map[string]bool{}
	for _, m := range e.want.Members {
		wanted[m] = true
	}
	for _, name := range memberProps {
		for _, l := range e.b.All(name) {
			if m := memberOf(l); wanted[m] {
				delete(wanted, m)
			} else {
				e.b.Replace(l)
			}
		}
	}
	for _, m := range e.want.Members {
		if wanted[m] {
			delete(wanted, m)
			e.add(memberLine(m, e.v))
		}
	}
}

func memberLine(m string, v Version) *line.Line {
	name := memberProps[0]
	if v == V3 {
		name = memberProps[1]
	}
	if scheme, _, ok := strings.Cut(m, ":"); !ok || !isScheme(scheme) {
		m = urnUUID + m
	}
	return line.New(name, escapeURI(m))
}
