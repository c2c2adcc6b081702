package dav

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
)

// aside is how much wider than the window servers are asked: they read dates and floating times in other zones.
const aside = 26 * time.Hour

// List implements remote.Lister.
func (m *mailbox) List(ctx context.Context, c remote.CollectionID, s remote.Scope) ([]remote.Ref, error) {
	f, err := m.folder(ctx, c)
	if err != nil {
		return nil, err
	}
	refs, err := m.candidates(ctx, f, s)
	if err == nil {
		refs, err = m.sifted(ctx, f, refs, s)
	}
	if err != nil {
		return nil, err
	}
	var out []remote.Ref
	for _, r := range refs {
		if !m.isSpoilt(r) {
			out = append(out, remote.Ref{ID: f.id(r.path), Version: r.tag})
		}
	}
	return out, nil
}

// Count implements remote.Counter.
func (m *mailbox) Count(ctx context.Context, c remote.CollectionID, s remote.Scope) (int, error) {
	refs, err := m.List(ctx, c, s)
	return len(refs), err
}

// candidates lists the members that can be in a scope, by path. Which are is for us to say: servers differ in what they take to
// be in a time range, for tasks most of all. One that cannot choose at all is listed as a whole.
func (m *mailbox) candidates(ctx context.Context, f *folder, s remote.Scope) ([]ref, error) {
	if f.book {
		return m.members(ctx, f)
	}
	var out []ref
	for _, k := range f.kinds(s).List() {
		window := ""
		if k == pim.KindEvent {
			window = timeRange(s.From, s.Until)
		}
		refs, err := m.query(ctx, f, "dav: list", k, window)
		switch pim.ReasonOf(err) {
		case "":
			out = append(out, refs...)
		case pim.ErrUnsupported, pim.ErrProtocol, pim.ErrRefused, pim.ErrTooLarge:
			return m.members(ctx, f)
		default:
			return nil, err
		}
	}
	return sorted(out), nil
}

// sorted puts refs in order, each once.
func sorted(refs []ref) []ref {
	slices.SortFunc(refs, func(a, b ref) int { return cmp.Compare(a.path, b.path) })
	return slices.CompactFunc(refs, func(a, b ref) bool { return a.path == b.path })
}

// kinds are those of f in the scope.
func (f *folder) kinds(s remote.Scope) pim.KindSet {
	if s.Kinds == 0 {
		return f.Kinds
	}
	return f.Kinds & s.Kinds
}

// query asks for the tags of what a filter takes.
func (m *mailbox) query(ctx context.Context, f *folder, op string, k pim.Kind, filter string) ([]ref, error) {
	ms, err := m.session.multi(ctx, request{op: op, method: "REPORT", at: f.at, depth: "1", body: calendarQuery(componentOf(k), filter)})
	if err != nil {
		return nil, err
	}
	return m.tagged(ctx, f, op, ms)
}

// members are all items of a collection.
func (m *mailbox) members(ctx context.Context, f *folder) ([]ref, error) {
	const op = "dav: list"
	ms, err := m.session.multi(ctx, request{op: op, method: "PROPFIND", at: f.at, depth: "1", body: propfind("d:getetag", "d:resourcetype")})
	if err != nil {
		return nil, err
	}
	if len(ms.responses) == 0 { // RFC 4918 9.1: what was asked is in the answer, too
		return nil, pim.Errorf(op, pim.ErrProtocol, "the server's answer names nothing")
	}
	refs, err := m.tagged(ctx, f, op, ms)
	return sorted(refs), err
}

// tagged are the items of an answer with their tags. A tag that cannot be read is an error: the item would be taken for gone. So is an
// answer of which the server says that it has not got everything (507, as in RFC 6352 8.6.2).
func (m *mailbox) tagged(ctx context.Context, f *folder, op string, ms multistatus) ([]ref, error) {
	var out []ref
	var left []string
	short := false
	ms.each(func(r response) {
		short = short || r.status == http.StatusInsufficientStorage
		if _, member := f.name(r.path); !member || r.gone() || r.prop(nsDAV, "resourcetype").kid(nsDAV, "collection") != nil {
			return
		}
		if t := tag(r.prop(nsDAV, "getetag").trimmed()); t != "" {
			out = append(out, ref{r.path, t})
			return
		}
		left = append(left, r.path)
	})
	if short {
		return nil, pim.Errorf(op, pim.ErrTooLarge, "the server lists only a part of the collection")
	}
	for _, path := range left {
		t, err := m.tagOf(ctx, op, withPath(f.at, path))
		if pim.ReasonOf(err) == pim.ErrNotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, ref{path, t})
	}
	return out, nil
}

// sifted are those of refs that are in the scope. What was read before need not be read for that.
func (m *mailbox) sifted(ctx context.Context, f *folder, refs []ref, s remote.Scope) ([]ref, error) {
	if f.book {
		return refs, nil
	}
	var out, left []ref
	for _, r := range refs {
		switch sp, known := m.spans.of(r); {
		case !known:
			left = append(left, r)
		case sp.in(f.kinds(s), s):
			out = append(out, r)
		}
	}
	objects, _, err := m.read(ctx, f, paths(left))
	if err != nil {
		return nil, err
	}
	for _, o := range objects {
		if _, in := m.within(f, o, s); in {
			out = append(out, o.ref)
		}
	}
	return sorted(out), nil
}

func paths(refs []ref) []string {
	out := make([]string, len(refs))
	for i, r := range refs {
		out[i] = r.path
	}
	return out
}

// within is an object as an item, if it is one and in the scope.
func (m *mailbox) within(f *folder, o object, s remote.Scope) (remote.Record, bool) {
	rec, ok, err := m.record(f, o)
	if err != nil || !ok {
		return remote.Record{}, false
	}
	if f.book {
		return rec, f.kinds(s).Has(pim.KindContact)
	}
	sp := m.text.span(rec.Item, o.text)
	m.spans.note(o.ref, sp)
	return rec, sp.in(f.kinds(s), s)
}
