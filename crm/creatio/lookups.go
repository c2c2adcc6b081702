package creatio

import (
	"context"
	"slices"
	"strings"
	"time"

	"crmbridge/crm"
	"crmbridge/pim"
)

// value is one entry of a pick-list.
type value struct {
	id     guid
	name   string
	typ    guid // ActivityCategory: its ActivityType; of a folder: what kind it is
	parent guid // of a folder
	finish bool // ActivityStatus: the activity is over
}

// table is a loaded pick-list with what was recognised in it.
type table struct {
	values []value
	byID   map[guid]value
	word   map[guid]string
	ids    map[string]guid
}

// name is what people read; "" for no or an unknown id.
func (t *table) name(id guid) string { return t.byID[id].name }

// named finds a value by name, whatever its case, or by id.
func (t *table) named(name string) (value, bool) {
	if id, ok := parseGUID(name); ok {
		v, ok := t.byID[id]
		return v, ok
	}
	want := fold(name)
	if want == "" {
		return value{}, false
	}
	for _, v := range t.values {
		if fold(v.name) == want {
			return v, true
		}
	}
	return value{}, false
}

// recognise finds the meanings in a list: first those that the settings name, then
// standard ids, then names.
func recognise(lookup string, values []value, overrides map[string]guid) *table {
	t := &table{values: values, byID: map[guid]value{}, word: map[guid]string{}, ids: map[string]guid{}}
	for _, v := range values {
		t.byID[v.id] = v
	}
	set := func(word string, id guid) {
		if _, known := t.ids[word]; !known && t.word[id] == "" {
			t.word[id], t.ids[word] = word, id
		}
	}
	var mine []meaning
	for _, m := range meanings() {
		if m.lookup == lookup {
			mine = append(mine, m)
		}
	}
	for _, m := range mine {
		if _, there := t.byID[overrides[m.word]]; there {
			set(m.word, overrides[m.word])
		}
	}
	for _, m := range mine {
		if _, there := t.byID[m.id]; there {
			set(m.word, m.id)
		}
	}
	for _, m := range mine {
		for _, v := range values {
			if slices.Contains(strings.Split(m.names, ","), fold(v.name)) {
				set(m.word, v.id)
			}
		}
	}
	if lookup == "ActivityStatus" {
		t.finished()
	}
	return t
}

// finished reads states that somebody added: over means completed, anything else
// is in progress.
func (t *table) finished() {
	for _, v := range t.values {
		if t.word[v.id] != "" {
			continue
		}
		if t.word[v.id] = statusRunning; v.finish {
			t.word[v.id] = statusDone
		}
	}
	for _, word := range []string{statusDone, statusRunning} {
		if t.ids[word] != "" {
			continue
		}
		for _, v := range t.values {
			if t.word[v.id] == word {
				t.ids[word] = v.id
				break
			}
		}
	}
}

// lookups loads pick-lists when they are first needed.
type lookups struct {
	site      *site
	overrides map[string]guid
	*crm.Cache[*table]
}

// mostLists is more than there are pick-lists that the driver reads.
const mostLists = 50

func newLookups(s *site, now func() time.Time, age time.Duration, overrides map[string]guid) *lookups {
	l := &lookups{site: s, overrides: overrides}
	l.Cache = crm.NewCache(now, age, mostLists, func(ctx context.Context, entity string) (*table, error) {
		values, err := l.load(ctx, entity)
		if err != nil {
			return nil, err
		}
		return recognise(entity, values, l.overrides), nil
	})
	return l
}

// get is the list of an entity. A list that the site does not have is empty.
func (l *lookups) get(ctx context.Context, entity string) (*table, error) { return l.Get(ctx, entity) }

func (l *lookups) load(ctx context.Context, entity string) ([]value, error) {
	sel := []string{"Id", "Name"}
	switch entity {
	case "ActivityCategory":
		sel = append(sel, "ActivityTypeId")
	case "ActivityStatus":
		sel = append(sel, "Finish")
	case "ActivityFolder", "ContactFolder":
		sel = append(sel, "FolderTypeId", "ParentId")
	}
	rows, err := l.site.every(ctx, entity, query{sel: sel, order: "Name asc,Id asc"})
	if pim.ReasonOf(err) == pim.ErrNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	out := make([]value, len(rows))
	for i, r := range rows {
		out[i] = value{id: r.id(), name: r.text("Name"), typ: r.ref("ActivityTypeId"), finish: r.flag("Finish")}
		if t := r.ref("FolderTypeId"); t != "" {
			out[i].typ, out[i].parent = t, r.ref("ParentId")
		}
	}
	return out, nil
}

// anew is get without what is known.
func (l *lookups) anew(ctx context.Context, entity string) (*table, error) {
	l.Drop(entity)
	return l.get(ctx, entity)
}

// lookupOf is the entity behind a field, "" when it is not picked from a list.
func lookupOf(k pim.Kind, f pim.FieldID) string {
	if k == pim.KindContact {
		return map[pim.FieldID]string{
			pim.FieldContactType: "ContactType", pim.FieldRole: "Job", pim.FieldDepartment: "Department",
			pim.FieldDecisionRole: "ContactDecisionRole", pim.FieldSalutation: "ContactSalutationType",
		}[f]
	}
	return map[pim.FieldID]string{pim.FieldType: "ActivityCategory", pim.FieldResult: "ActivityResult"}[f]
}

// Lookup implements crm.Lookups. E-mail categories are not offered: such
// activities are not synced.
func (c *connector) Lookup(ctx context.Context, k pim.Kind, f pim.FieldID) ([]crm.LookupValue, error) {
	entity := lookupOf(k, f)
	if k == pim.KindMessage && !c.Traits().Carries[k].Has(f) {
		entity = "" // e-mails have one type and no result
	}
	if entity == "" {
		return nil, nil
	}
	t, err := c.lookups.get(ctx, entity)
	if err != nil {
		return nil, err
	}
	types, err := c.lookups.get(ctx, "ActivityType")
	if err != nil {
		return nil, err
	}
	out := []crm.LookupValue{}
	for _, v := range t.values {
		if entity == "ActivityCategory" && v.typ != "" && v.typ == types.ids[typeEmail] {
			continue
		}
		out = append(out, crm.LookupValue{ID: string(v.id), Name: v.name})
	}
	return out, nil
}

// offered are the values of a list as package crm looks names up in it.
func (t *table) offered() crm.Offer {
	out := make([]crm.LookupValue, len(t.values))
	for i, v := range t.values {
		out[i] = crm.LookupValue{ID: string(v.id), Name: v.name}
	}
	return crm.Offer{Values: out}
}
