package creatio

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"crmbridge/pim"
)

// communications is how a contact's numbers are read.
func communications() kidQuery {
	return kidQuery{
		child: child{entity: "ContactCommunication", nav: "Contact"},
		sel:   []string{"Id", "ModifiedOn", "ContactId", "CommunicationTypeId", "Number", "IsPrimary"},
	}
}

// mirrorColumns are columns of Contact that show the primary communication of a
// type. Most sites keep both alike; contacts that came over OData may have only one
// of them.
func mirrorColumns() []string { return []string{"Email", "Phone", "MobilePhone", "HomePhone", "Skype"} }

func mirrorWords() []string {
	return []string{commEmail, commWork, commMobile, commHome, commSkype}
}

// class is the field that a communication belongs to.
type class uint8

const (
	classPhone class = iota
	classEmail
	classURL
	classIM
)

// comm is a communication as both sides know it.
type comm struct {
	class   class
	label   string
	value   string
	typ     guid
	primary bool // of several of one type
}

func (c comm) labeled() pim.Labeled {
	return pim.Labeled{Label: c.label, Value: c.value, Preferred: c.primary}
}

// classOf tells a type's field and label. Types that somebody added are phones,
// unless their value looks like something else.
func classOf(typ guid, value string, l contactLists) (class, string) {
	switch word := l.comms.word[typ]; word {
	case commEmail:
		return classEmail, ""
	case commMobile:
		return classPhone, "cell"
	case commWork:
		return classPhone, "work"
	case commHome:
		return classPhone, "home"
	case commMain:
		return classPhone, "main"
	case commExtra:
		return classPhone, "other"
	case commFax:
		return classPhone, "fax"
	case commExtension:
		return classPhone, "extension"
	case commWeb:
		return classURL, ""
	case commSkype, commLinkedIn, commTwitter, commFacebook:
		return classIM, word
	}
	label := strings.ReplaceAll(fold(l.comms.name(typ)), ",", " ")
	switch {
	case strings.Contains(value, "://") || strings.HasPrefix(value, "www."):
		return classURL, label
	case strings.Contains(value, "@"):
		return classIM, label
	}
	if strings.ContainsFunc(value, func(r rune) bool { return r >= '0' && r <= '9' }) {
		return classPhone, label
	}
	return classIM, label
}

// typeOf is the type for a value of a field, as near to its label as the site has.
func typeOf(cl class, x pim.Labeled, l contactLists) guid {
	labels := strings.Split(x.Label, ",")
	for _, label := range labels {
		if v, ok := l.comms.named(label); ok && label != "" {
			if _, known := l.comms.word[v.id]; !known {
				return v.id
			}
		}
	}
	has := func(s string) bool { return slices.Contains(labels, s) }
	var order []string
	switch cl {
	case classEmail:
		order = []string{commEmail}
	case classURL:
		order = []string{commWeb}
	case classIM:
		order = []string{x.Label, commSkype}
	default:
		switch {
		case has("fax"):
			order = []string{commFax}
		case has("cell"):
			order = []string{commMobile}
		case has("home"):
			order = []string{commHome}
		case has("extension"):
			order = []string{commExtension}
		case has("main"):
			order = []string{commMain}
		case has("other") || has("pager"):
			order = []string{commExtra}
		}
		order = append(order, commWork, commMobile, commMain)
	}
	for _, word := range order {
		if id := l.comms.ids[word]; id != "" {
			return id
		}
	}
	return ""
}

// commsOf is what a contact's rows and columns say together: rows are the truth,
// a column adds a value that no row has.
func commsOf(r contact, l contactLists) []comm {
	var out []comm
	count := map[guid]int{}
	for _, k := range r.comms {
		count[k.ref("CommunicationTypeId")]++
	}
	seen := map[string]bool{}
	add := func(typ guid, value string, primary bool) {
		if strings.TrimSpace(value) == "" {
			return
		}
		cl, label := classOf(typ, value, l)
		seen[strings.ToLower(value)] = true
		// A type's only value is its primary one everywhere; it says nothing.
		out = append(out, comm{class: cl, label: label, value: value, typ: typ, primary: primary && count[typ] > 1})
	}
	for _, k := range r.comms {
		add(k.ref("CommunicationTypeId"), k.text("Number"), k.flag("IsPrimary"))
	}
	for i, col := range mirrorColumns() {
		if v := r.text(col); !seen[strings.ToLower(v)] {
			add(l.comms.ids[mirrorWords()[i]], v, false)
		}
	}
	return out
}

// wantedComms are the values of the fields in set, without repetitions.
func wantedComms(c *pim.Contact, set pim.FieldSet, l contactLists) []comm {
	var out []comm
	for _, f := range []struct {
		id    pim.FieldID
		class class
		list  []pim.Labeled
	}{
		{pim.FieldEmails, classEmail, c.Emails}, {pim.FieldPhones, classPhone, c.Phones},
		{pim.FieldURLs, classURL, c.URLs}, {pim.FieldIMs, classIM, c.IMs},
	} {
		if !set.Has(f.id) {
			continue
		}
		for _, x := range f.list {
			w := comm{class: f.class, value: clip(strings.TrimSpace(x.Value), nameLimit), typ: typeOf(f.class, x, l), primary: x.Preferred}
			twice := slices.ContainsFunc(out, func(o comm) bool { return o.typ == w.typ && o.value == w.value })
			if w.value != "" && w.typ != "" && !twice {
				out = append(out, w)
			}
		}
	}
	return out
}

// managed tells whether a row belongs to one of the fields in set.
func managed(k row, set pim.FieldSet, l contactLists) bool {
	cl, _ := classOf(k.ref("CommunicationTypeId"), k.text("Number"), l)
	return set.Has([]pim.FieldID{classPhone: pim.FieldPhones, classEmail: pim.FieldEmails, classURL: pim.FieldURLs, classIM: pim.FieldIMs}[cl])
}

// edit is one step that makes rows what is wanted.
type edit struct {
	id     guid // "" is a new row
	fields row  // nil deletes
}

// planRows says how the rows in have become want, whose columns fields tells. Rows are kept for what they fit by the first of fits,
// then by the next, so that what else hangs on them survives; what is left goes.
func planRows[W any](have []row, want []W, fields func(W) row, fits ...func(k row, w W) bool) []edit {
	free := slices.Clone(have)
	taken := make([]row, len(want))
	for _, fit := range fits {
		for i, w := range want {
			if taken[i] != nil {
				continue
			}
			if j := slices.IndexFunc(free, func(k row) bool { return fit(k, w) }); j >= 0 {
				taken[i] = free[j]
				free = slices.Delete(free, j, j+1)
			}
		}
	}
	var edits []edit
	for _, k := range free {
		edits = append(edits, edit{id: k.id()})
	}
	for i, w := range want {
		set := fields(w)
		if taken[i] == nil {
			edits = append(edits, edit{fields: set})
		} else if d := taken[i].differing(set); len(d) > 0 {
			edits = append(edits, edit{id: taken[i].id(), fields: d})
		}
	}
	return edits
}

// planComms reuses the row that has the value, else one of the type.
func planComms(have []row, want []comm) []edit {
	fields := func(w comm) row {
		set := row{"CommunicationTypeId": w.typ, "Number": w.value}
		if ambiguous(want, w.typ) {
			set["IsPrimary"] = w.primary
		}
		return set
	}
	value := func(k row, w comm) bool { return k.text("Number") == w.value }
	typ := func(k row, w comm) bool { return k.ref("CommunicationTypeId") == w.typ }
	return planRows(have, want, fields, func(k row, w comm) bool { return typ(k, w) && value(k, w) }, value, typ)
}

// ambiguous reports a type with several values of which one is preferred: only
// then does it matter which row is primary.
func ambiguous(want []comm, typ guid) bool {
	n, preferred := 0, false
	for _, w := range want {
		if w.typ == typ {
			n++
			preferred = preferred || w.primary
		}
	}
	return n > 1 && preferred
}

// syncComms carries the plan out. New rows get ids made from contact, type and
// number, so that a repeated create makes no second row. It tells how many writes
// it took.
func (b *contacts) syncComms(ctx context.Context, id guid, have []row, c *pim.Contact, set pim.FieldSet, l contactLists) (int, error) {
	var mine []row
	used := map[guid]bool{}
	for _, k := range have {
		used[k.id()] = true
		if managed(k, set, l) {
			mine = append(mine, k)
		}
	}
	edits := planComms(mine, wantedComms(c, set, l))
	return len(edits), b.carryOut(ctx, "ContactCommunication", id, edits, used)
}

func (b *contacts) carryOut(ctx context.Context, entity string, owner guid, edits []edit, used map[guid]bool) error {
	for _, e := range edits {
		var err error
		switch {
		case e.fields == nil:
			err = b.site.remove(ctx, entity, e.id)
			if pim.ReasonOf(err) == pim.ErrNotFound {
				err = nil
			}
		case e.id != "":
			err = overtaken(b.site.update(ctx, entity, e.id, e.fields))
		default:
			e.fields["Id"], e.fields["ContactId"] = freeID(entity, owner, e.fields, used), owner
			_, err = b.site.insert(ctx, entity, e.fields)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// freeID is made from the row's content; a row that had it first and holds
// something else by now gets another.
func freeID(entity string, owner guid, fields row, used map[guid]bool) guid {
	for n := 0; ; n++ {
		id := madeID(entity, string(owner), string(fields.ref("CommunicationTypeId")), fields.text("Number"),
			string(fields.ref("AddressTypeId")), fields.text("Address"), string(fields.ref("CityId")), fields.text("Zip"), strconv.Itoa(n))
		if !used[id] {
			used[id] = true
			return id
		}
	}
}

// columnsFor is what the mirror columns should show: the preferred value of their
// type, or the first.
func columnsFor(c *pim.Contact, set pim.FieldSet, l contactLists) row {
	want, out := wantedComms(c, set, l), row{}
	for i, col := range mirrorColumns() {
		word := mirrorWords()[i]
		field := map[string]pim.FieldID{commEmail: pim.FieldEmails, commSkype: pim.FieldIMs}[word]
		if field == "" {
			field = pim.FieldPhones
		}
		if !set.Has(field) {
			continue
		}
		out[col] = ""
		for _, w := range want {
			if w.typ == l.comms.ids[word] && w.typ != "" && (out[col] == "" || w.primary) {
				out[col] = w.value
			}
		}
	}
	return out
}
