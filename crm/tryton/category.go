package tryton

import (
	"context"
	"slices"
	"strings"

	"crmbridge/pim"
)

// category is a party.category. Categories form a tree; the path names all of it:
// "Customer / Wholesale".
type category struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
	Path string `json:"rec_name"`
}

const (
	modelCategory = "party.category"
	pathSeparator = " / "
)

func (c *connector) categories(ctx context.Context, f *facts) ([]category, error) {
	var all []category
	q := query{model: modelCategory, where: domain{clause("active", "=", true)}, fields: []string{"name", "rec_name"}}
	err := c.find(ctx, "tryton: categories", f.in, q, &all)
	return all, err
}

// categoryIDs are the categories of these paths, made where they do not exist.
func (c *connector) categoryIDs(ctx context.Context, f *facts, paths []string) ([]int64, error) {
	if len(paths) == 0 {
		return nil, nil
	}
	all, err := c.categories(ctx, f)
	if err != nil {
		return nil, err
	}
	known := make(map[string]int64, len(all))
	for _, cat := range all {
		known[cat.Path] = cat.ID
	}
	var ids []int64
	for _, p := range paths {
		id, err := c.categoryAt(ctx, f, known, p)
		if err != nil {
			return nil, err
		}
		if id != 0 && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// categoryAt goes down a path and makes what is missing of it.
func (c *connector) categoryAt(ctx context.Context, f *facts, known map[string]int64, path string) (int64, error) {
	const op = "tryton: make a category"
	var parent int64
	var at string
	for name := range strings.SplitSeq(oneLine(path), pathSeparator) {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		if at != "" {
			at += pathSeparator
		}
		at += name
		id, ok := known[at]
		if !ok {
			v := values{"name": name}
			if parent != 0 {
				v["parent"] = parent
			}
			var ids []int64
			err := c.user(ctx, op, modelCategory, "create", f.in, &ids, []values{v})
			if isFault(err, "UserError") {
				ids, err = c.categoryMeanwhile(ctx, op, f, at, err)
			}
			if err != nil {
				return 0, err
			}
			if len(ids) != 1 {
				return 0, pim.Errorf(op, pim.ErrProtocol, "Tryton did not say which category it made")
			}
			id = ids[0]
			known[at] = id
		}
		parent = id
	}
	return parent, nil
}

// categoryMeanwhile looks whether somebody else made the category since they were
// read: names are unique, so that ours was refused then.
func (c *connector) categoryMeanwhile(ctx context.Context, op string, f *facts, path string, refused error) ([]int64, error) {
	var found []category
	q := query{model: modelCategory, where: domain{clause("rec_name", "=", path)}, limit: 1, fields: []string{"rec_name"}}
	if err := c.find(ctx, op, f.in, q, &found); err != nil || len(found) == 0 || found[0].Path != path {
		return nil, refused
	}
	return []int64{found[0].ID}, nil
}

// oneLine makes a text fit for Tryton's fields of one line, which refuse tabs and
// line breaks.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case 0:
			return -1 // PostgreSQL has no place for it
		case '\t', '\n', '\r', '\v', '\f':
			return ' '
		}
		return r
	}, s)
}
