package review

import (
	"crmbridge/pim"
	"crmbridge/relay"
	"crmbridge/store"
)

// Conflict is a report of a collision with the title of its item, and without the texts.
type Conflict struct {
	store.Conflict
	Title string
}

// Conflicts are the reports of collisions, newest first. States: "open", "settled"; "" is both. Text is looked for in
// title and UID.
func Conflicts(tx *store.Tx, q Query) (Page[Conflict], error) {
	f := store.ConflictFilter{User: q.User, Link: q.Link, Kind: q.Kind, Since: q.Since, Until: q.Until}
	switch q.State {
	case "":
	case "open":
		f.Open = true
	case "settled":
		f.Settled = true
	default:
		return Page[Conflict]{}, pim.Errorf("review: conflicts", pim.ErrInvalid, "conflicts are open or settled, not %q", q.State)
	}
	zones := map[store.UserID]string{}
	return gather(q, textsAtOnce, func(before int64, limit int) ([]store.Conflict, error) {
		f.Before, f.Limit = store.ConflictID(before), limit
		return tx.Conflicts(f)
	}, func(c store.Conflict) int64 { return int64(c.ID) }, func(c store.Conflict) (Conflict, bool, error) {
		if _, known := zones[c.UserID]; !known {
			u, err := tx.User(c.UserID)
			if err != nil {
				return Conflict{}, false, err
			}
			zones[c.UserID] = u.Zone
		}
		row := Conflict{c, conflictTitle(c, zones[c.UserID])}
		row.Base, row.Mine, row.Theirs = nil, nil, nil // up to 1000 rows of some MiB each
		return row, q.fits(row.Title, c.UID), nil
	})
}

// conflictTitle is that of the first text which can be read.
func conflictTitle(c store.Conflict, zone string) string {
	for _, text := range [][]byte{c.Mine, c.Theirs, c.Base} {
		if it, err := relay.Read(c.Kind, text, zone); err == nil && it != nil {
			return it.Summary()
		}
	}
	return ""
}
