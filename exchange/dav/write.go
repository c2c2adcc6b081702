package dav

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"

	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/upstream"
)

// Names of items that this driver makes: a mark, the key, the extension.
const (
	nameMark = "crmbridge-"
	maxKey   = 100
)

// nameFor is the name of the item of a key. One that does not fit into a name is hashed.
func nameFor(key string, book bool) string {
	if len(key) > maxKey || strings.ContainsFunc(key, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	}) {
		sum := sha256.Sum256([]byte(key))
		key = "x." + hex.EncodeToString(sum[:16])
	}
	ext := ".ics"
	if book {
		ext = ".vcf"
	}
	return nameMark + key + ext
}

// keyOf is the key that an item of this name was made with; "" when it was not, or cannot be told.
func keyOf(name string) string {
	key, ok := strings.CutPrefix(name, nameMark)
	if !ok || strings.HasPrefix(key, "x.") {
		return ""
	}
	return strings.TrimSuffix(strings.TrimSuffix(key, ".ics"), ".vcf")
}

// ours is where the item of a key is.
func (f *folder) ours(key string) *url.URL { return withPath(f.at, f.path()+nameFor(key, f.book)) }

// Create implements remote.Remote.
func (m *mailbox) Create(ctx context.Context, c remote.CollectionID, e remote.Entry, key string) (remote.Record, error) {
	const op = "dav: create"
	f, err := m.target(ctx, op, c, e.Item.Kind())
	if err != nil {
		return remote.Record{}, err
	}
	if key == "" {
		return remote.Record{}, pim.Errorf(op, pim.ErrInternal, "an item without a key cannot be made safely")
	}
	text, err := m.text.fresh(f, e, key)
	if err != nil {
		return remote.Record{}, err
	}
	u := f.ours(key)
	resp, err := m.put(ctx, f, op, u, text, http.Header{"If-None-Match": {"*"}})
	switch {
	case err != nil:
		return remote.Record{}, err
	case resp.Status == http.StatusPreconditionFailed:
		rec, found, err := m.reread(ctx, f, op, u)
		if err == nil && !found {
			err = refusal(op, resp, true)
		}
		return rec, err
	case !resp.OK() || resp.HTML():
		return m.madeBefore(ctx, f, e, key, refusal(op, resp, true))
	}
	// Some servers give items names of their own.
	if at := resp.Location(); at != nil {
		if path, ok := canonicalPath(at.EscapedPath()); ok {
			if _, member := f.name(path); member {
				u = withPath(f.at, path)
			}
		}
	}
	rec, found, err := m.reread(ctx, f, op, u)
	if err == nil && !found {
		if rec, found, err = m.byUID(ctx, f, op, e.Item.Kind(), uidOf(e, key)); err == nil && !found {
			err = pim.Errorf(op, pim.ErrProtocol, "the server does not find what it just stored")
		}
	}
	return rec, err
}

// target is the collection for a write.
func (m *mailbox) target(ctx context.Context, op string, c remote.CollectionID, k pim.Kind) (*folder, error) {
	f, err := m.folder(ctx, c)
	if err != nil {
		return nil, err
	}
	if !f.Kinds.Has(k) {
		return nil, pim.Errorf(op, pim.ErrUnsupported, "%q on the server cannot keep a %s", f.Name, k)
	}
	return f, nil
}

func (m *mailbox) put(ctx context.Context, f *folder, op string, u *url.URL, text []byte, h http.Header) (*upstream.Response, error) {
	h.Set("Content-Type", "text/calendar; charset=utf-8")
	if f.book {
		h.Set("Content-Type", "text/vcard; charset=utf-8")
	}
	return m.session.do(ctx, request{op: op, method: http.MethodPut, at: u, body: string(text), header: h, once: true})
}

// reread is what the server made of a write.
func (m *mailbox) reread(ctx context.Context, f *folder, op string, u *url.URL) (remote.Record, bool, error) {
	o, found, err := m.single(ctx, f, op, u)
	if err != nil || !found {
		return remote.Record{}, false, err
	}
	return m.record(f, o)
}

// byUID looks for an item of ours that the server has given a name of its own.
func (m *mailbox) byUID(ctx context.Context, f *folder, op string, k pim.Kind, uid string) (remote.Record, bool, error) {
	ms, err := m.session.multi(ctx, request{op: op, method: "REPORT", at: f.at, depth: "1", body: uidQuery(k, uid)})
	if err != nil {
		return remote.Record{}, false, err
	}
	refs, err := m.tagged(ctx, f, op, ms)
	if err != nil {
		return remote.Record{}, false, err
	}
	objects, _, err := m.read(ctx, f, paths(sorted(refs)))
	if err != nil {
		return remote.Record{}, false, err
	}
	for _, o := range objects { // servers take a part of a UID for it
		if rec, ok, err := m.record(f, o); err == nil && ok && rec.Item.ID() == uid && rec.Item.Kind() == k {
			return rec, true, nil
		}
	}
	return remote.Record{}, false, nil
}

// madeBefore is the answer to a create that was refused. Where a server gives names of its own and has the UID already, it can be
// that an earlier try was carried out.
func (m *mailbox) madeBefore(ctx context.Context, f *folder, e remote.Entry, key string, refused error) (remote.Record, error) {
	if pim.ReasonOf(refused) != pim.ErrExists {
		return remote.Record{}, refused
	}
	rec, found, err := m.alike(ctx, f, "dav: create", e, key)
	if err != nil || !found {
		return remote.Record{}, refused
	}
	return rec, nil
}

// alike finds an item with the UID of an entry that is the entry's in every field: it need not be ours, and is as good.
func (m *mailbox) alike(ctx context.Context, f *folder, op string, e remote.Entry, key string) (remote.Record, bool, error) {
	k := e.Item.Kind()
	rec, found, err := m.byUID(ctx, f, op, k, uidOf(e, key))
	if err != nil || !found || !pim.Equal(rec.Item, masked(e.Item), carries()[k]) {
		return remote.Record{}, false, err
	}
	return rec, true, nil
}

// Find implements remote.Finder.
func (m *mailbox) Find(ctx context.Context, c remote.CollectionID, key string, e remote.Entry) (remote.Record, bool, error) {
	const op = "dav: find"
	f, err := m.folder(ctx, c)
	if err != nil {
		return remote.Record{}, false, err
	}
	rec, found, err := m.reread(ctx, f, op, f.ours(key))
	if err != nil || found || e.Item == nil || !f.Kinds.Has(e.Item.Kind()) {
		return rec, found, err
	}
	return m.alike(ctx, f, op, e, key)
}

// Update implements remote.Remote: it changes the text that is there. Without a version to compare it tries again when somebody
// was quicker.
func (m *mailbox) Update(ctx context.Context, c remote.CollectionID, old remote.Ref, e remote.Entry, changed pim.FieldSet) (remote.Record, error) {
	const op = "dav: update"
	f, err := m.target(ctx, op, c, e.Item.Kind())
	if err != nil {
		return remote.Record{}, err
	}
	u, ok := f.url(old.ID)
	if !ok {
		return remote.Record{}, missing(op)
	}
	for n := 0; ; n++ {
		rec, err := m.updateOnce(ctx, f, u, old.Version, e, changed)
		if old.Version != "" || n == 2 || pim.ReasonOf(err) != pim.ErrConflict {
			return rec, err
		}
	}
}

func (m *mailbox) updateOnce(ctx context.Context, f *folder, u *url.URL, version string, e remote.Entry, changed pim.FieldSet) (remote.Record, error) {
	const op = "dav: update"
	o, found, err := m.single(ctx, f, op, u)
	switch {
	case err != nil:
		return remote.Record{}, err
	case !found:
		return remote.Record{}, missing(op)
	case version != "" && tag(version) != o.tag:
		return remote.Record{}, conflict(op)
	}
	next, same, err := m.text.changed(o.text, e.Item, changed)
	if err != nil {
		return remote.Record{}, err
	}
	if same {
		rec, ok, err := m.record(f, o)
		if err == nil && !ok {
			err = missing(op)
		}
		return rec, err
	}
	resp, err := m.put(ctx, f, op, u, next, http.Header{"If-Match": {o.tag}})
	switch {
	case err != nil:
		return remote.Record{}, err
	case resp.Status == http.StatusPreconditionFailed:
		return remote.Record{}, m.conflictOrGone(ctx, f, op, u)
	case !resp.OK() || resp.HTML():
		return remote.Record{}, refusal(op, resp, true)
	}
	rec, found, err := m.reread(ctx, f, op, u)
	if err == nil && !found {
		err = missing(op)
	}
	return rec, err
}

// conflictOrGone tells why a condition was not met: If-Match fails for an item that is gone, too (RFC 9110 13.1.1).
func (m *mailbox) conflictOrGone(ctx context.Context, f *folder, op string, u *url.URL) error {
	_, found, err := m.single(ctx, f, op, u)
	switch {
	case err != nil:
		return err
	case !found:
		return missing(op)
	}
	return conflict(op)
}

// Delete implements remote.Remote. On a scheduling server the organiser of somebody else's meeting is not told.
func (m *mailbox) Delete(ctx context.Context, c remote.CollectionID, old remote.Ref, how remote.Removal) error {
	const op = "dav: delete"
	f, err := m.folder(ctx, c)
	if err != nil {
		return err
	}
	if how == remote.Unassign {
		return pim.Errorf(op, pim.ErrUnsupported, "items of a calendar server belong to their calendar; there is no tie to cut")
	}
	u, ok := f.url(old.ID)
	if !ok {
		return missing(op)
	}
	h := http.Header{}
	if old.Version != "" {
		h.Set("If-Match", tag(old.Version))
	}
	if f.schedules {
		h.Set("Schedule-Reply", "F") // RFC 6638 8.1
	}
	resp, err := m.session.do(ctx, request{op: op, method: http.MethodDelete, at: u, header: h, once: true})
	switch {
	case err != nil:
		return err
	case resp.Status == http.StatusNotFound || resp.Status == http.StatusGone:
		return missing(op)
	case resp.Status == http.StatusPreconditionFailed:
		return m.conflictOrGone(ctx, f, op, u)
	case !resp.OK() || resp.HTML() || resp.Status == http.StatusMultiStatus:
		return refusal(op, resp, true)
	}
	return nil
}
