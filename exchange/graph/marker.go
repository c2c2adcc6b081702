package graph

import (
	"context"
	"net/url"
	"slices"

	"crmbridge/pim"
	"crmbridge/remote"
)

// Find implements remote.Finder. A create takes several requests where there is a photo, or a series has occurrences that differ;
// what was not done any more is done here.
func (c *connector) Find(ctx context.Context, col remote.CollectionID, key string, e remote.Entry) (remote.Record, bool, error) {
	s, err := c.shelf(col)
	if err != nil {
		return remote.Record{}, false, err
	}
	rec, found, err := c.find(ctx, s, key)
	if err != nil || !found || e.Item == nil || e.Item.Kind() != s.kind() {
		return rec, found, err
	}
	rec, err = s.complete(ctx, rec, e)
	return rec, err == nil, err
}

func (c *connector) find(ctx context.Context, s shelf, key string) (remote.Record, bool, error) {
	where, err := s.marked(ctx, key)
	if err != nil {
		return remote.Record{}, false, err
	}
	ref, ok := where[key]
	if !ok {
		return remote.Record{}, false, nil
	}
	recs, err := s.fetch(ctx, []remote.ItemID{ref.ID})
	if err != nil || len(recs) == 0 {
		return remote.Record{}, false, err
	}
	return recs[0], true, nil
}

// Mark implements remote.Marker.
func (c *connector) Mark(ctx context.Context, col remote.CollectionID, old remote.Ref, key string) (remote.Ref, error) {
	const op = "graph: mark"
	s, err := c.shelf(col)
	if err != nil {
		return remote.Ref{}, err
	}
	now, err := s.mark(ctx, op, old, key)
	return now.ref(), err
}

// Where implements remote.Marker.
func (c *connector) Where(ctx context.Context, keys []string) (map[string]remote.Whereabouts, error) {
	// Messages carry no keys.
	cols, err := c.collections(ctx, slices.DeleteFunc(slices.Clone(c.areas), func(a string) bool { return a == "mail" }))
	if err != nil {
		return nil, err
	}
	wanted := map[string]bool{}
	for _, k := range keys {
		wanted[k] = true
	}
	out := map[string]remote.Whereabouts{}
	for _, col := range cols {
		s, err := c.shelf(col.ID)
		if err != nil {
			return nil, err
		}
		one := ""
		if len(keys) == 1 {
			one = keys[0]
		}
		there, err := s.marked(ctx, one)
		if err != nil {
			return nil, err
		}
		for k, ref := range there {
			if wanted[k] {
				out[k] = remote.Whereabouts{Collection: col.ID, Ref: ref}
			}
		}
	}
	return out, nil
}

// marking is a query for the items in a folder that carry a key, or this one if it is not "".
func marking(key string) url.Values {
	value := "ep/value ne ''"
	if key != "" {
		value = "ep/value eq " + quoted(key)
	}
	return url.Values{
		"$filter": {"singleValueExtendedProperties/Any(ep: ep/id eq '" + ours + "' and " + value + ")"},
		"$expand": {withKey}, "$select": {"id,changeKey"}, "$top": {"250"},
	}
}

type markedItem struct {
	stamp
	Extended []extended `json:"singleValueExtendedProperties"`
}

// markedIn asks a folder. Graph compares values without regard to case, keys are compared here.
func (c *connector) markedIn(ctx context.Context, path, key string) (map[string]remote.Ref, error) {
	all, err := every[markedItem](ctx, c.service, request{op: "graph: find", path: path, query: marking(key)})
	if err != nil {
		return nil, err
	}
	out := map[string]remote.Ref{}
	for _, x := range all {
		if k := keyOf(x.Extended); k != "" && (key == "" || k == key) {
			out[k] = x.ref()
		}
	}
	return out, nil
}

func (s *events) marked(ctx context.Context, key string) (map[string]remote.Ref, error) {
	return s.markedIn(ctx, s.home()+"/events", key)
}

// mark changes a property that nobody sees; for a meeting that this mailbox organises even that would mail everybody.
func (s *events) mark(ctx context.Context, op string, old remote.Ref, key string) (stamp, error) {
	now, err := s.current(ctx, op, old.ID)
	if err != nil {
		return stamp{}, err
	}
	if err := now.expect(op, old.Version); err != nil {
		return stamp{}, err
	}
	if now.meeting() {
		return stamp{}, pim.Errorf(op, pim.ErrRefused, "a mark on a meeting would be mailed to its attendees; its id in Microsoft 365 stays when it is moved")
	}
	return s.stamped(ctx, request{op: op, method: "PATCH", path: s.path(old.ID), match: old.Version, body: map[string]any{"singleValueExtendedProperties": keyed(key)}})
}
