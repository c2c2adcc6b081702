package ews

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"crmbridge/pim"
	"crmbridge/remote"
)

// batch is how many items are got at once: enough that the way there counts for little, few enough that a batch of large ones
// is done within the minute that Exchange gives it.
const batch = 25

// Fetch implements remote.Remote.
func (m *mail) Fetch(ctx context.Context, c remote.CollectionID, ids []remote.ItemID) ([]remote.Record, error) {
	const op = "ews: get items"
	if len(ids) == 0 {
		return nil, nil
	}
	s, err := m.shelf(ctx, op, c)
	if err != nil {
		return nil, err
	}
	var plain []string
	for _, id := range ids {
		if id != "" && !slices.Contains(plain, string(id)) {
			plain = append(plain, string(id))
		}
	}
	if s.kind == pim.KindMessage {
		return m.messages(ctx, op, plain)
	}
	items, err := m.load(ctx, op, s.kind, plain)
	if err != nil {
		return nil, err
	}
	return m.records(items), nil
}

func (m *mail) records(items []item) []remote.Record {
	var out []remote.Record
	for i := range items {
		out = append(out, m.zones.record(&items[i]))
	}
	return out
}

// recordsWithin are the records of items that are in a scope's window.
func (m *mail) recordsWithin(s remote.Scope, items []item) []remote.Record {
	var out []remote.Record
	for i := range items {
		rec := m.zones.record(&items[i])
		if !m.zones.within(s, &items[i], rec.Item) {
			continue
		}
		if items[i].partial {
			rec.Item = nil // to be fetched
		}
		out = append(out, rec)
	}
	return out
}

// load gets items with all their fields, in the order of ids; those that are not there, of another kind, or
// private and not shown to a delegate, are left out.
func (m *mail) load(ctx context.Context, op string, k pim.Kind, ids []string) ([]item, error) {
	return m.loadUpTo(ctx, op, k, ids, 0)
}

// loadUpTo is load where attachments are read up to some bytes (loadContents).
func (m *mail) loadUpTo(ctx context.Context, op string, k pim.Kind, ids []string, most int) ([]item, error) {
	items, err := m.items(ctx, op, shape("m:ItemShape", true, tables[k].asked()), ids)
	if err != nil {
		return nil, err
	}
	items = slices.DeleteFunc(items, func(x item) bool { return x.kind() != k || x.hidden() })
	if err = m.loadContents(ctx, op, items, most); err == nil && k == pim.KindEvent {
		err = m.loadExceptions(ctx, op, items)
	}
	if err != nil {
		return nil, err
	}
	return items, nil
}

// items gets items by batches, several at once.
func (m *mail) items(ctx context.Context, op string, shape el, ids []string) ([]item, error) {
	var of [][]string
	for chunk := range slices.Chunk(ids, batch) {
		of = append(of, chunk)
	}
	got := make([][]item, len(of))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(concurrency)
	for i, chunk := range of {
		g.Go(func() (err error) {
			got[i], err = m.itemBatch(gctx, op, shape, chunk)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return slices.Concat(got...), nil
}

func (m *mail) itemBatch(ctx context.Context, op string, shape el, ids []string) ([]item, error) {
	list := node("m:ItemIds")
	for _, id := range ids {
		list.kids = append(list.kids, itemID(id, ""))
	}
	a, err := m.account.call(ctx, request{op: op, body: node("m:GetItem", shape, list)})
	if err != nil {
		return nil, err
	}
	msgs := a.Body.Response.Messages.List
	var out []item
	for i := range msgs {
		switch err := msgs[i].err(op); {
		case missing(err):
		case err != nil:
			return nil, err
		default:
			out = append(out, msgs[i].Items.List...)
		}
	}
	if len(msgs) != len(ids) {
		return nil, &pim.Error{Op: op, Kind: pim.ErrProtocol, Public: "Exchange's answer is incomplete", Err: errUnread}
	}
	return out, nil
}

// one is an item with all its fields; ErrNotFound when it is not there.
func (m *mail) one(ctx context.Context, op string, k pim.Kind, id string) (*item, error) {
	items, err := m.load(ctx, op, k, []string{id})
	if err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return nil, &pim.Error{Op: op, Kind: pim.ErrNotFound}
	}
	return &items[0], nil
}

// version is the present version of an item; ErrNotFound when it is not there.
func (m *mail) version(ctx context.Context, op, id string) (string, error) {
	items, err := m.itemBatch(ctx, op, shape("m:ItemShape", false, nil), []string{id})
	if err != nil {
		return "", err
	}
	if len(items) == 0 {
		return "", &pim.Error{Op: op, Kind: pim.ErrNotFound}
	}
	return items[0].ID.ChangeKey, nil
}
