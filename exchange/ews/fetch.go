package ews

import (
	"context"
	"encoding/base64"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"crmbridge/pim"
	"crmbridge/remote"
)

const (
	// batch is how many items are got at once: enough that the way there counts for little, few enough that a batch of large ones
	// is done within the minute that Exchange gives it.
	batch = 25
	// photoBatch and photoLimit (bytes as sent) bound an answer with pictures.
	photoBatch = 5
	photoLimit = 3 << 20
)

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
		if rec := m.zones.record(&items[i]); m.zones.within(s, &items[i], rec.Item) {
			out = append(out, rec)
		}
	}
	return out
}

// load gets items with all their fields, in the order of ids; those that are not there, of another kind, or
// private and not shown to a delegate, are left out.
func (m *mail) load(ctx context.Context, op string, k pim.Kind, ids []string) ([]item, error) {
	items, err := m.items(ctx, op, shape("m:ItemShape", true, tables[k].asked()), ids)
	if err != nil {
		return nil, err
	}
	items = slices.DeleteFunc(items, func(x item) bool { return x.kind() != k || x.hidden() })
	switch k {
	case pim.KindContact:
		err = m.loadPhotos(ctx, op, items)
	case pim.KindEvent:
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

// photoOf is the attachment that is a contact's picture.
func photoOf(x *item) (attachment, bool) {
	for _, f := range x.Files {
		if f.Photo.bool() && f.ID.ID != "" {
			return f, true
		}
	}
	return attachment{}, false
}

// loadPhotos gets the pictures of contacts.
func (m *mail) loadPhotos(ctx context.Context, op string, items []item) error {
	var of []*item
	for i := range items {
		if f, ok := photoOf(&items[i]); ok && f.Size.int() <= photoLimit {
			of = append(of, &items[i])
		}
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(concurrency)
	for chunk := range slices.Chunk(of, photoBatch) {
		g.Go(func() error { return m.photoBatch(gctx, op, chunk) })
	}
	return g.Wait()
}

func (m *mail) photoBatch(ctx context.Context, op string, of []*item) error {
	ids := node("m:AttachmentIds")
	for _, x := range of {
		f, _ := photoOf(x)
		ids.kids = append(ids.kids, leaf("t:AttachmentId", "", "Id", f.ID.ID))
	}
	a, err := m.account.call(ctx, request{op: op, body: node("m:GetAttachment", ids)})
	if err != nil {
		return err
	}
	msgs := a.Body.Response.Messages.List
	if len(msgs) != len(of) {
		return &pim.Error{Op: op, Kind: pim.ErrProtocol, Public: "Exchange's answer is incomplete", Err: errUnread}
	}
	for i := range msgs {
		switch err := msgs[i].err(op); {
		case missing(err): // taken away a moment ago: the item's version is another by now
		case err != nil:
			return err
		case len(msgs[i].Attachments.Files) > 0:
			text := strings.Join(strings.Fields(msgs[i].Attachments.Files[0].Content), "")
			if b, err := base64.StdEncoding.DecodeString(text); err == nil && len(b) > 0 {
				of[i].photo = b
			}
		}
	}
	return nil
}
