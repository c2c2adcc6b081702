package relay

import (
	"slices"
	"strings"

	"crmbridge/pim"
	"crmbridge/pim/line"
)

// Pick says which of two items a field is taken from.
type Pick string

// The two items of a duplicate, in the order of store.Duplicate.
const (
	PickFirst  Pick = "a"
	PickSecond Pick = "b"
)

// ParsePicks reads choices like "title=a"; every fault is pim.ErrInvalid.
func ParsePicks(words []string) (map[pim.FieldID]Pick, error) {
	picks := make(map[pim.FieldID]Pick, len(words))
	for _, w := range words {
		name, side, ok := strings.Cut(w, "=")
		if !ok || side != string(PickFirst) && side != string(PickSecond) {
			return nil, pim.Errorf("relay: merge", pim.ErrInvalid, "a choice is written field=a or field=b, not %q", w)
		}
		if _, known := pim.FieldByID(pim.FieldID(name)); !known {
			return nil, pim.Errorf("relay: merge", pim.ErrInvalid, "there is no field %q", name)
		}
		picks[pim.FieldID(name)] = Pick(side)
	}
	return picks, nil
}

// LeftOut is a value that a merge did not take. It stays in the record of the merge.
type LeftOut struct {
	Field pim.FieldID `json:"field"` // "" for a line of text that is no field
	Label string      `json:"label"`
	Value string      `json:"value"`
}

// combined is one item made of two.
type combined struct {
	item pim.Item
	set  pim.FieldSet // what is to be written
	left []LeftOut
}

// combine is pure: what is to be put into keep so that it has what both had. A list gets
// the elements of both, notes are put one below the other, of other texts the fuller
// stands and of two equally full ones, or of values that are no texts, the newer; what
// is private stays so. takeOther are choices: true takes the other's value, false keeps.
func combine(keep, other pim.Item, otherNewer bool, takeOther map[pim.FieldID]bool) combined {
	c := combined{item: pim.Clone(keep)}
	for _, f := range pim.Fields(keep.Kind()) {
		if f.Equal(keep, other) || f.ID == pim.FieldURL {
			continue
		}
		one := pim.FieldSet{}.With(f)
		leave := func(of pim.Item) {
			if v := f.Show(of); v != "" {
				c.left = append(c.left, LeftOut{f.ID, f.Label, v})
			}
		}
		take, chosen := takeOther[f.ID]
		switch {
		case chosen && take:
			f.Copy(c.item, other)
			leave(keep)
		case chosen, f.Text(other) == "":
			leave(other)
			continue
		case f.Text(keep) == "":
			f.Copy(c.item, other)
		case both(f, c.item, other, &c.left):
		case preferOther(f, keep, other, otherNewer):
			f.Copy(c.item, other)
			leave(keep)
		default:
			leave(other)
			continue
		}
		if !f.Equal(c.item, keep) {
			c.set = c.set.Or(one)
		}
	}
	return c
}

// both puts into one item what the field is in both, where it can be both.
func both(f pim.Field, into, other pim.Item, left *[]LeftOut) bool {
	if l, ok := f.Union(into, other); ok {
		for _, v := range l {
			*left = append(*left, LeftOut{f.ID, f.Label, v})
		}
		return true
	}
	if f.ID != pim.FieldNotes && f.ID != pim.FieldReport {
		return false
	}
	mine, theirs := f.Show(into), f.Show(other)
	switch {
	case strings.Contains(mine, theirs):
	case strings.Contains(theirs, mine):
		f.Copy(into, other)
	default:
		joined := pim.Clone(other)
		setText(joined, f.ID, strings.TrimRight(mine, "\n")+"\n\n"+theirs)
		f.Copy(into, joined)
	}
	return true
}

func setText(it pim.Item, id pim.FieldID, s string) {
	switch v := it.(type) {
	case *pim.Contact:
		v.Notes = s
	case *pim.Event:
		setActivity(&v.Activity, id, s)
	case *pim.Task:
		setActivity(&v.Activity, id, s)
	}
}

func setActivity(a *pim.Activity, id pim.FieldID, s string) {
	if id == pim.FieldReport {
		a.CRM.Report = s
		return
	}
	a.Notes = s
}

// picked are words from a list: a longer one is not the fuller.
func picked() pim.FieldSet {
	return pim.Set(pim.FieldStatus, pim.FieldType, pim.FieldOwner, pim.FieldResult, pim.FieldContactType, pim.FieldGender)
}

func preferOther(f pim.Field, keep, other pim.Item, otherNewer bool) bool {
	if f.ID == pim.FieldClass {
		return f.Text(keep) == string(pim.Private) || f.Text(other) == string(pim.Private) && f.Text(keep) != string(pim.Confidential)
	}
	if f.ID == pim.FieldNumber || f.ID == pim.FieldAccess {
		return false // it is the kept record's own
	}
	if f.Values == pim.TextValue && !picked().Has(f.ID) {
		mine, theirs := len([]rune(f.Show(keep))), len([]rune(f.Show(other)))
		if mine != theirs {
			return theirs > mine
		}
	}
	return otherNewer
}

// ownLine reports the lines that every text has for itself.
func ownLine(name string) bool {
	switch name {
	case "UID", "DTSTAMP", "CREATED", "LAST-MODIFIED", "REV", "PRODID", "VERSION", "SEQUENCE":
		return true
	}
	return false
}

// carryLines adds to the text of a merged item those lines of the other's that no field
// stands for, where they change nothing of what the item says. Those that cannot be added
// are returned.
func (c codec) carryLines(kind pim.Kind, text, other []byte) ([]byte, []string, error) {
	now, err := c.read(kind, text)
	if err != nil {
		return nil, nil, err
	}
	theirs, err := line.Parse(other, line.Limits{})
	if err != nil {
		return nil, nil, err
	}
	said, err := c.read(kind, other)
	if err != nil {
		return nil, nil, err
	}
	var left []string
	for _, p := range partsOf(mainBlock(theirs, kind)) {
		l := p.Line
		if l == nil || l.Blank() || ownLine(l.Name) || c.says(kind, theirs, l, said) {
			continue
		}
		next, added, err := c.withLine(kind, text, l, now)
		if err != nil {
			return nil, nil, err
		}
		if text = next; !added {
			left = append(left, l.Name+":"+l.Value)
		}
	}
	return text, left, nil
}

// says reports that a line is what a field of the item is read from.
func (c codec) says(kind pim.Kind, text *line.Text, l *line.Line, said pim.Item) bool {
	without := text.Clone()
	mainBlock(without, kind).Replace(l)
	it, err := c.read(kind, without.Bytes())
	return err != nil || !pim.Equal(it, said, pim.AllOf(kind))
}

// withLine is the text with a line that it does not have. added is also true when it has.
func (c codec) withLine(kind pim.Kind, text []byte, l *line.Line, now pim.Item) (out []byte, added bool, err error) {
	into, err := line.Parse(text, line.Limits{})
	if err != nil {
		return nil, false, err
	}
	into = into.Clone()
	b := mainBlock(into, kind)
	if b == nil || l.Group != "" {
		return text, false, nil
	}
	if slices.ContainsFunc(b.All(l.Name), func(o *line.Line) bool { return o.Value == l.Value }) {
		return text, true, nil
	}
	if b.First(l.Name) != nil {
		return text, false, nil
	}
	b.Add(l)
	next := into.Bytes()
	if it, err := c.read(kind, next); err != nil || !pim.Equal(it, now, pim.AllOf(kind)) {
		return text, false, nil //nolint:nilerr // then it cannot be added
	}
	return next, true, nil
}

func partsOf(b *line.Block) []line.Part {
	if b == nil {
		return nil
	}
	return b.Parts
}

// mainBlock is the card, or the component that is not an override of an occurrence.
func mainBlock(t *line.Text, kind pim.Kind) *line.Block {
	for _, b := range t.Blocks() {
		if kind == pim.KindContact {
			return b
		}
		for _, inner := range b.Blocks(map[pim.Kind]string{pim.KindEvent: "VEVENT", pim.KindTask: "VTODO"}[kind]) {
			if inner.First("RECURRENCE-ID") == nil {
				return inner
			}
		}
	}
	return nil
}
