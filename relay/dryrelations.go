package relay

import (
	"context"
	"fmt"
	"slices"

	"crmbridge/pim"
	"crmbridge/remote"
)

// tie sets the names of what a new record is tied to.
func (d *dry) tie(rec *remote.Record, rels []remote.Relation) {
	for _, rel := range rels {
		named(rec.Item, rel.Role, rel.Name, d.Traits().Carries[rec.Item.Kind()])
	}
}

// named notes the name of a company or contact in the field that shows it, where the field is
// empty and the remote has it.
func named(it pim.Item, role, name string, carries pim.FieldSet) {
	id := pim.FieldCompany
	if role == remote.RoleContact {
		id = pim.FieldContact
	}
	f, _ := pim.FieldByID(id)
	if role != remote.RoleCompany && role != remote.RoleContact || !carries.Has(id) || f.Text(it) != "" {
		return
	}
	switch v := it.(type) {
	case *pim.Event:
		setRelation(&v.CRM, role, name)
	case *pim.Task:
		setRelation(&v.CRM, role, name)
	}
}

func setRelation(r *pim.Relations, role, name string) {
	if role == remote.RoleContact {
		r.Contact = name
		return
	}
	r.Company = name
}

func (d *dry) relations() (remote.Relations, error) {
	r, ok := remote.As[remote.Relations](d.Remote)
	if !ok {
		return nil, errNoRelations
	}
	return r, nil
}

var errNoRelations = &pim.Error{Op: "relay: relations", Kind: pim.ErrUnsupported, Public: "this CRM does not tell what its records are tied to"}

// Roles implements remote.Relations.
func (d *dry) Roles(ctx context.Context, k pim.Kind) ([]remote.Role, error) {
	r, err := d.relations()
	if err != nil {
		return nil, err
	}
	return r.Roles(ctx, k)
}

// Related implements remote.Relations. What a preview makes is tied to nothing.
func (d *dry) Related(ctx context.Context, c remote.CollectionID, s remote.Scope, ids []remote.ItemID) (map[remote.ItemID][]remote.Relation, error) {
	r, err := d.relations()
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	there := slices.DeleteFunc(slices.Clone(ids), func(id remote.ItemID) bool { rec, ours := d.written[id]; return ours && (rec == nil || rec.Key != "") })
	d.mu.Unlock()
	if len(there) == 0 {
		return nil, nil
	}
	return r.Related(ctx, c, s, there)
}

// Candidates implements remote.Relations.
func (d *dry) Candidates(ctx context.Context, k pim.Kind, role, text string) ([]remote.LookupValue, error) {
	r, err := d.relations()
	if err != nil {
		return nil, err
	}
	return r.Candidates(ctx, k, role, text)
}

// Relate implements remote.Relations: the record gets another version, and keeps the rest.
func (d *dry) Relate(ctx context.Context, c remote.CollectionID, old remote.Ref, _ map[string]remote.ItemID) (remote.Record, error) {
	rec, err := d.expect(ctx, c, old)
	if err != nil {
		return rec, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	rec = clone(rec)
	d.made++
	rec.Version, rec.Modified, rec.Untouched = fmt.Sprintf("preview:%d", d.made), d.now(), false
	d.written[rec.ID] = &rec
	return clone(rec), nil
}

// WhoIs implements remote.Directory.
func (d *dry) WhoIs(ctx context.Context, addresses []string) (map[string][]remote.Known, error) {
	r, ok := remote.As[remote.Directory](d.Remote)
	if !ok {
		return nil, errNoRelations
	}
	return r.WhoIs(ctx, addresses)
}

// CompaniesAt implements remote.Directory.
func (d *dry) CompaniesAt(ctx context.Context, domains []string) (map[string][]remote.LookupValue, error) {
	r, ok := remote.As[remote.Directory](d.Remote)
	if !ok {
		return nil, errNoRelations
	}
	return r.CompaniesAt(ctx, domains)
}
