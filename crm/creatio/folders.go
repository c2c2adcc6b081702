package creatio

import (
	"context"
	"slices"
	"strings"

	"crmbridge/pim"
	"crmbridge/remote"
)

// Folders are how people sort records in Creatio: <Entity>Folder, a tree. In a static one
// records are put one by one (<Entity>InFolder); a dynamic one is a search that only
// Creatio's own pages can carry out.
const (
	folderDynamic = guid("65ca0946-0084-4874-b117-c13199af3b95")
	folderPath    = " / "
)

// Groups implements remote.Grouper: the folders of a collection.
func (c *connector) Groups(ctx context.Context, col remote.CollectionID) ([]remote.Group, error) {
	s, _, err := c.shelf(col)
	if err != nil {
		return nil, err
	}
	t, err := c.lookups.anew(ctx, s.entity()+"Folder")
	if err != nil {
		return nil, err
	}
	var out []remote.Group
	for _, v := range t.values {
		g := remote.Group{ID: string(v.id), Name: t.path(v)}
		if v.typ == folderDynamic {
			g.Note = "it is dynamic, and only Creatio's own pages can tell who is in it; give the link a filter with its conditions"
		}
		out = append(out, g)
	}
	slices.SortFunc(out, func(a, b remote.Group) int { return strings.Compare(fold(a.Name), fold(b.Name)) })
	return out, nil
}

// path is a folder's name after those of the folders it lies in.
func (t *table) path(v value) string {
	name := v.name
	for range 20 { // a circle in the tree must not keep us
		up, ok := t.byID[v.parent]
		if !ok {
			break
		}
		name, v = up.name+folderPath+name, up
	}
	return name
}

// folder finds a folder by id, path or name.
func (t *table) folder(name string) (value, bool) {
	for _, v := range t.values {
		if fold(t.path(v)) == fold(name) {
			return v, true
		}
	}
	return t.named(name)
}

// foldersNamed are the ids of an entity's folders. What is not among the known ones is
// looked for anew before it is refused.
func (c *connector) foldersNamed(ctx context.Context, entity string, names []string) ([]guid, error) {
	t, err := c.lookups.get(ctx, entity+"Folder")
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(names, func(n string) bool { _, ok := t.folder(n); return !ok }) {
		if t, err = c.lookups.anew(ctx, entity+"Folder"); err != nil {
			return nil, err
		}
	}
	var out []guid
	for _, name := range names {
		v, ok := t.folder(name)
		switch {
		case !ok:
			return nil, pim.Errorf("creatio: scope", pim.ErrInvalid, "Creatio has no folder %q (any more)", printable(name, 100))
		case v.typ == folderDynamic:
			return nil, pim.Errorf("creatio: scope", pim.ErrInvalid, "the folder %q is dynamic; give the link a filter with its conditions", printable(name, 100))
		}
		out = append(out, v.id)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// among tells which of some items are in the view's folders. Only these are asked for, so
// that a poll costs what changed, however full the folders are.
func (f *feed) among(ctx context.Context, items []loaded) (in func(guid) bool, err error) {
	if f.v.folders == nil {
		return func(guid) bool { return true }, nil
	}
	groups := chunks(idsOf(items), askAtOnce)
	parts := make([][]guid, len(groups))
	err = f.parallel(ctx, "creatio: folders", len(groups), func(ctx context.Context, i int) (err error) {
		parts[i], err = f.members(ctx, f.v.spell.among(f.s.entity(), groups[i]))
		return err
	})
	if err != nil {
		return nil, err
	}
	there := map[guid]bool{}
	for _, id := range slices.Concat(parts...) {
		there[id] = true
	}
	return func(id guid) bool { return there[id] }, nil
}

func idsOf(items []loaded) []guid {
	out := make([]guid, len(items))
	for i, x := range items {
		out[i] = x.id
	}
	return out
}

// members are the records in the view's folders that meet a condition.
func (f *feed) members(ctx context.Context, c cond) ([]guid, error) {
	rows, err := f.site.every(ctx, f.s.entity()+"InFolder", query{
		filter: all(f.v.spell.among("Folder", f.v.folders), c), sel: []string{"Id", f.s.entity() + "Id"},
	})
	if err != nil {
		return nil, err
	}
	out := make([]guid, len(rows))
	for i, r := range rows {
		out[i] = r.ref(f.s.entity() + "Id")
	}
	return out, nil
}

// filed leaves of a listing what is in the view's folders.
func (f *feed) filed(ctx context.Context, refs []remote.Ref) ([]remote.Ref, error) {
	if f.v.folders == nil || len(refs) == 0 {
		return refs, nil
	}
	ids, err := f.members(ctx, cond{})
	if err != nil {
		return nil, err
	}
	there := make(map[remote.ItemID]bool, len(ids))
	for _, id := range ids {
		there[remote.ItemID(id)] = true
	}
	return slices.DeleteFunc(refs, func(r remote.Ref) bool { return !there[r.ID] }), nil
}

// Count implements remote.Counter. Creatio counts, but for folders, which are listed.
func (c *connector) Count(ctx context.Context, col remote.CollectionID, s remote.Scope) (int, error) {
	f, err := c.lister(ctx, col, s)
	if err != nil {
		return 0, err
	}
	if f.v.folders != nil || f.joins() && !f.v.deep {
		refs, err := c.List(ctx, col, s)
		return len(refs), err
	}
	n, err := c.site.count(ctx, f.s.entity(), f.v.own)
	if err != nil || !f.joins() {
		return n, err
	}
	others := all(f.v.spell.is("Participant", "eq", f.v.me), behind("Activity", all(f.v.spell.is("Owner", "ne", f.v.me), f.v.shared)))
	joined, err := c.site.count(ctx, "ActivityParticipant", others)
	return n + joined, err
}
