package creatio

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"crmbridge/pim"
)

// kidQuery is how the rows of a child entity are read.
type kidQuery struct {
	child
	sel    []string
	expand string
}

// kids loads the children of the given parents, oldest first.
func (c *connector) kids(ctx context.Context, k kidQuery, parents []guid) (map[guid][]row, error) {
	spell, err := c.spelling(ctx)
	if err != nil {
		return nil, err
	}
	groups := chunks(parents, askAtOnce)
	parts := make([][]row, len(groups))
	err = c.parallel(ctx, "creatio: read "+k.entity, len(groups), func(ctx context.Context, i int) (err error) {
		parts[i], err = c.site.every(ctx, k.entity, query{filter: spell.among(k.nav, groups[i]), sel: append([]string{"CreatedOn"}, k.sel...),
			expand: k.expand, order: "CreatedOn asc,Id asc"})
		return err
	})
	if err != nil {
		return nil, err
	}
	out := map[guid][]row{}
	for _, rows := range parts {
		for _, r := range rows {
			id := r.ref(k.nav + "Id")
			out[id] = append(out[id], r)
		}
	}
	return out, nil
}

// overtaken turns "not found" for a child into a conflict: its item is still there,
// and must not be taken for deleted.
func overtaken(err error) error {
	if pim.ReasonOf(err) == pim.ErrNotFound {
		return &pim.Error{Op: "creatio: write", Kind: pim.ErrConflict, Public: "the item was changed in Creatio meanwhile", Err: opaque(err)}
	}
	return err
}

// version is a record's stamp and, since its children's changes do not move it, a
// digest of their stamps.
func version(r row, kids ...[]row) string {
	var marks []string
	for _, rows := range kids {
		for _, k := range rows {
			marks = append(marks, childMark(k))
		}
	}
	return versionOf(r.text("ModifiedOn"), marks)
}

func childMark(k row) string { return string(k.id()) + "@" + k.text("ModifiedOn") }

func versionOf(stamp string, marks []string) string {
	if len(marks) == 0 {
		return stamp
	}
	slices.SortFunc(marks, cmp.Compare)
	sum := sha256.Sum256([]byte(strings.Join(marks, "\n")))
	return stamp + "~" + hex.EncodeToString(sum[:4])
}
