package relay

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
)

// dry stands before the remote of a preview: it reads from the remote, and answers writes
// by itself, as a remote would that keeps all it carries. What it was given it shows again
// to the same run. It sends no write.
type dry struct {
	remote.Remote
	now func() time.Time
	// near are items that the run will write, too, if it writes this one: they are fetched
	// together.
	near func(ctx context.Context, id remote.ItemID) []remote.ItemID

	mu      sync.Mutex
	written map[remote.ItemID]*remote.Record // nil: deleted
	fetched map[remote.ItemID]remote.Record  // read ahead
	keys    map[string]remote.ItemID
	begun   map[string]bool // keys of creates whose outcome is not known
	made    int
	answers map[string][]string // to the last question whom a write would mail
	mailed  map[string]bool     // UIDs and ids of writes that would mail somebody
	mails   int
	files   []Planning // what would become of files of messages
}

var (
	_ remote.Standing    = (*dry)(nil)
	_ remote.Finder      = (*dry)(nil)
	_ remote.Lister      = (*dry)(nil)
	_ remote.Mailer      = (*dry)(nil)
	_ remote.Grouper     = (*dry)(nil)
	_ remote.Lookups     = (*dry)(nil)
	_ remote.FieldMapper = (*dry)(nil)

	_ remote.Marker = (*dry)(nil)

	_ remote.Relations = (*dry)(nil)
	_ remote.Directory = (*dry)(nil)
)

func newDry(rem remote.Remote, now func() time.Time) *dry {
	return &dry{Remote: rem, now: now, written: map[remote.ItemID]*remote.Record{}, fetched: map[remote.ItemID]remote.Record{},
		keys: map[string]remote.ItemID{}, mailed: map[string]bool{}, answers: map[string][]string{}, begun: map[string]bool{}}
}

// Behind implements remote.Standing.
func (d *dry) Behind() remote.Remote { return d.Remote }

// Close implements remote.Remote: the remote behind belongs to others.
func (d *dry) Close() error { return nil }

// FieldMap implements remote.FieldMapper.
func (d *dry) FieldMap(k pim.Kind) []remote.Mapping {
	if m, ok := remote.As[remote.FieldMapper](d.Remote); ok {
		return m.FieldMap(k)
	}
	return nil
}

// Columns implements remote.FieldMapper.
func (d *dry) Columns(ctx context.Context, k pim.Kind) ([]remote.Column, error) {
	if m, ok := remote.As[remote.FieldMapper](d.Remote); ok {
		return m.Columns(ctx, k)
	}
	return nil, errNoFields
}

// Mapped implements remote.FieldMapper: the remote behind is mapped already, by the rules
// that are previewed.
func (d *dry) Mapped(remote.FieldMaps) (remote.Remote, error) { return d, nil }

// Fetch implements remote.Remote.
func (d *dry) Fetch(ctx context.Context, c remote.CollectionID, ids []remote.ItemID) ([]remote.Record, error) {
	var out []remote.Record
	var rest []remote.ItemID
	d.mu.Lock()
	for _, id := range ids {
		switch rec, ours := d.written[id]; {
		case !ours:
			rest = append(rest, id)
		case rec != nil:
			out = append(out, clone(*rec))
		}
	}
	d.mu.Unlock()
	if len(rest) == 0 {
		return out, nil
	}
	recs, err := d.Remote.Fetch(ctx, c, rest)
	return append(out, recs...), err
}

func clone(rec remote.Record) remote.Record {
	rec.Item = pim.Clone(rec.Item)
	return rec
}

// Create implements remote.Remote.
func (d *dry) Create(ctx context.Context, c remote.CollectionID, e remote.Entry, key string) (remote.Record, error) {
	if rec, known, err := d.keyed(ctx, c, key, e); known || err != nil {
		return rec, err
	}
	if err := d.wouldMail(ctx, c, remote.Ref{}, e, pim.AllOf(e.Item.Kind()), e.UID); err != nil {
		return remote.Record{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.made++
	rec := remote.Record{Key: key, Untouched: true, Modified: d.now()}
	rec.ID = remote.ItemID(fmt.Sprintf("preview:%d", d.made))
	rec.Version = fmt.Sprintf("preview:%d", d.made)
	rec.Item = pim.New(e.Item.Kind())
	d.set(&rec, e, pim.AllOf(e.Item.Kind()))
	d.tie(&rec, e.Relations)
	if d.Traits().KeepsUID {
		setUID(rec.Item, e.UID)
	}
	d.written[rec.ID], d.keys[key] = &rec, rec.ID
	return clone(rec), nil
}

// keyed is the record that a create with this key made before, here or, of an earlier run
// whose answer was lost, at the remote.
func (d *dry) keyed(ctx context.Context, c remote.CollectionID, key string, e remote.Entry) (remote.Record, bool, error) {
	d.mu.Lock()
	id, ours := d.keys[key]
	rec := d.written[id]
	d.mu.Unlock()
	if ours && rec != nil {
		return clone(*rec), true, nil
	}
	// A question for each new item would take as long as the run itself.
	if f, ok := remote.As[remote.Finder](d.Remote); ok && d.begun[key] && d.Traits().Idempotent {
		return f.Find(ctx, c, key, e)
	}
	return remote.Record{}, false, nil
}

// set copies what the remote keeps of an entry.
func (d *dry) set(rec *remote.Record, e remote.Entry, changed pim.FieldSet) {
	t := d.Traits()
	pim.Copy(rec.Item, e.Item, changed.And(t.Carries[rec.Item.Kind()]).Minus(t.ReadOnly))
}

func setUID(it pim.Item, uid string) {
	switch v := it.(type) {
	case *pim.Event:
		v.UID = uid
	case *pim.Task:
		v.UID = uid
	case *pim.Contact:
		v.UID = uid
	}
}

// expect is the record that old points at, in that version.
func (d *dry) expect(ctx context.Context, c remote.CollectionID, old remote.Ref) (remote.Record, error) {
	rec, err := d.present(ctx, c, old.ID)
	if err == nil && old.Version != "" && rec.Version != old.Version {
		err = pim.Errorf("relay: preview", pim.ErrConflict, "the item was changed at the remote")
	}
	return rec, err
}

func (d *dry) present(ctx context.Context, c remote.CollectionID, id remote.ItemID) (remote.Record, error) {
	none := pim.Errorf("relay: preview", pim.ErrNotFound, "there is no such item (any more)")
	d.mu.Lock()
	defer d.mu.Unlock()
	if rec, ours := d.written[id]; ours {
		if rec == nil {
			return remote.Record{}, none
		}
		return clone(*rec), nil
	}
	if rec, ahead := d.fetched[id]; ahead {
		delete(d.fetched, id)
		return rec, nil
	}
	ids := []remote.ItemID{id}
	if d.near != nil {
		for _, other := range d.near(ctx, id) {
			if other != id && len(ids) < fetchBatch {
				ids = append(ids, other)
			}
		}
	}
	recs, err := d.Remote.Fetch(ctx, c, ids)
	if err != nil {
		return remote.Record{}, err
	}
	found := slices.IndexFunc(recs, func(r remote.Record) bool { return r.ID == id })
	clear(d.fetched) // what is left of the last batch will not be asked for
	for i, r := range recs {
		if _, ours := d.written[r.ID]; i != found && !ours {
			d.fetched[r.ID] = r
		}
	}
	if found < 0 {
		return remote.Record{}, none
	}
	return recs[found], nil
}

// Update implements remote.Remote.
func (d *dry) Update(ctx context.Context, c remote.CollectionID, old remote.Ref, e remote.Entry, changed pim.FieldSet) (remote.Record, error) {
	rec, err := d.expect(ctx, c, old)
	if err != nil {
		return rec, err
	}
	if rec.Item.Kind() != e.Item.Kind() {
		return rec, pim.Errorf("relay: preview", pim.ErrUnsupported, "an item cannot become one of another kind")
	}
	if err := d.wouldMail(ctx, c, old, e, changed, e.UID); err != nil {
		return rec, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	rec = clone(rec)
	d.set(&rec, e, changed)
	d.made++
	rec.Version, rec.Modified, rec.Untouched = fmt.Sprintf("preview:%d", d.made), d.now(), false
	d.written[rec.ID] = &rec
	return clone(rec), nil
}

// Delete implements remote.Remote.
func (d *dry) Delete(ctx context.Context, c remote.CollectionID, old remote.Ref, _ remote.Removal) error {
	rec, err := d.expect(ctx, c, old)
	if err != nil {
		return err
	}
	if err := d.wouldMail(ctx, c, old, remote.Entry{}, pim.FieldSet{}, string(rec.ID), rule.EverybodyOf(rec.Item)...); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.written[old.ID] = nil
	return nil
}

// wouldMail counts a write that would make the remote mail somebody.
func (d *dry) wouldMail(ctx context.Context, c remote.CollectionID, old remote.Ref, e remote.Entry, changed pim.FieldSet, name string, more ...pim.Attendee) error {
	people := len(more)
	if e.Item != nil {
		people += len(rule.EverybodyOf(e.Item))
	}
	if people == 0 {
		return nil
	}
	mails := d.Traits().MailsAttendees
	if _, ok := remote.As[remote.Mailer](d.Remote); ok {
		who, err := d.Mails(ctx, c, old, e, changed)
		if err != nil {
			return err
		}
		mails = len(who) > 0
	}
	if mails {
		d.mu.Lock()
		d.mails++
		d.mailed[name] = true
		d.mu.Unlock()
	}
	return nil
}

// Mails implements remote.Mailer.
func (d *dry) Mails(ctx context.Context, c remote.CollectionID, old remote.Ref, e remote.Entry, changed pim.FieldSet) ([]string, error) {
	m, ok := remote.As[remote.Mailer](d.Remote)
	if !ok {
		return nil, pim.Errorf("relay: preview", pim.ErrUnsupported, "the remote tells nobody whom it mails")
	}
	// The run asks before it writes, and the write asks again.
	asked := fmt.Sprintf("%s/%s/%s/%t/%s", old.ID, old.Version, e.UID, e.Item == nil, changed)
	d.mu.Lock()
	who, known := d.answers[asked]
	d.mu.Unlock()
	if known {
		return who, nil
	}
	who, err := m.Mails(ctx, c, old, e, changed)
	if err == nil {
		d.mu.Lock()
		clear(d.answers) // a write follows its question
		d.answers[asked] = who
		d.mu.Unlock()
	}
	return who, err
}

// Find implements remote.Finder.
func (d *dry) Find(ctx context.Context, c remote.CollectionID, key string, e remote.Entry) (remote.Record, bool, error) {
	d.mu.Lock()
	rec, ours := d.written[d.keys[key]]
	d.mu.Unlock()
	if ours && rec != nil {
		return clone(*rec), true, nil
	}
	f, ok := remote.As[remote.Finder](d.Remote)
	if !ok {
		return remote.Record{}, false, pim.Errorf("relay: preview", pim.ErrUnsupported, "the remote finds nothing by its key")
	}
	return f.Find(ctx, c, key, e)
}

// List implements remote.Lister.
func (d *dry) List(ctx context.Context, c remote.CollectionID, s remote.Scope) ([]remote.Ref, error) {
	l, ok := remote.As[remote.Lister](d.Remote)
	if !ok {
		return nil, pim.Errorf("relay: preview", pim.ErrUnsupported, "the remote lists nothing")
	}
	return l.List(ctx, c, s)
}

// Groups implements remote.Grouper.
func (d *dry) Groups(ctx context.Context, c remote.CollectionID) ([]remote.Group, error) {
	g, ok := remote.As[remote.Grouper](d.Remote)
	if !ok {
		return nil, pim.Errorf("relay: preview", pim.ErrUnsupported, "the remote has no groups")
	}
	return g.Groups(ctx, c)
}

// Lookup implements remote.Lookups.
func (d *dry) Lookup(ctx context.Context, k pim.Kind, f pim.FieldID) ([]remote.LookupValue, error) {
	l, ok := remote.As[remote.Lookups](d.Remote)
	if !ok {
		return nil, pim.Errorf("relay: preview", pim.ErrUnsupported, "the remote has no lists of values")
	}
	return l.Lookup(ctx, k, f)
}

// mailing are the writes that would mail somebody, by UID or, for deletions, by id.
func (d *dry) mailing() (names map[string]bool, count int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return maps.Clone(d.mailed), d.mails
}

// Mark implements remote.Marker. No preview tells of keys, so that nothing but the answer is made up.
func (d *dry) Mark(_ context.Context, _ remote.CollectionID, old remote.Ref, _ string) (remote.Ref, error) {
	return old, nil
}

// Where implements remote.Marker.
func (d *dry) Where(ctx context.Context, keys []string) (map[string]remote.Whereabouts, error) {
	m, ok := remote.As[remote.Marker](d.Remote)
	if !ok {
		return nil, pim.Errorf("relay: preview", pim.ErrUnsupported, "the remote knows no items by keys")
	}
	return m.Where(ctx, keys)
}
