package creatio

import (
	"context"
	"errors"
	"slices"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
)

// Find implements remote.Finder. The id is made from the key, so the record is
// found whether its parts were written or not; Untouched then says whether what it
// lacks is only not written yet.
func (c *connector) Find(ctx context.Context, col remote.CollectionID, key string, _ remote.Entry) (remote.Record, bool, error) {
	const op = "creatio: find"
	s, _, err := c.shelf(col)
	if err != nil {
		return remote.Record{}, false, err
	}
	b, err := s.records(ctx, query{filter: anyID([]guid{s.made(key)}), top: 1}, nil)
	if err != nil || len(b.items) == 0 {
		return remote.Record{}, false, undeleted(op, err)
	}
	return b.items[0].rec, true, nil
}

// undeleted keeps a create from saying that its record was deleted since, which is
// how ErrNotFound is understood there (remote.Remote.Create) and which Creatio, that
// keeps no trace of what is gone, cannot know.
func undeleted(op string, err error) error {
	if !errors.Is(err, pim.ErrNotFound) {
		return err
	}
	return &pim.Error{Op: op, Kind: pim.ErrUnavailable, Err: opaque(err), Public: "Creatio does not find what was written or is needed for it"}
}

// opaque keeps the text of an error and hides its reason from errors.Is.
func opaque(err error) error { return errors.New(err.Error()) }

// aftermath is how long a site works on after an insert: it mirrors numbers, makes the
// owner a participant, takes the mark of the primary number from another.
const aftermath = 2 * time.Second

// untouched reports a record in which nothing happened but our inserts and what the
// site does upon them. A person who takes rows away leaves no trace.
func untouched(r row, kids ...[]row) bool {
	all := append(slices.Concat(kids...), r)
	inserts := []time.Time{r.time("CreatedOn")}
	for _, k := range all {
		if k.id().ours() {
			inserts = append(inserts, k.time("CreatedOn"))
		}
	}
	upon := func(t time.Time) bool {
		return !t.IsZero() && slices.ContainsFunc(inserts, func(at time.Time) bool { return t.Sub(at).Abs() <= aftermath })
	}
	return !slices.ContainsFunc(all, func(k row) bool { return !upon(k.time("CreatedOn")) || !upon(k.time("ModifiedOn")) })
}
