package dav

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
)

// atOnce is how many items one multiget asks for.
const atOnce = 50

// ref is one version of one member, by its path.
type ref struct{ path, tag string }

// object is a member as it was read.
type object struct {
	ref
	text     []byte
	modified time.Time
}

// Fetch implements remote.Remote. That an item is not there has to be said by the server; what an answer leaves out is asked for
// by itself.
func (m *mailbox) Fetch(ctx context.Context, c remote.CollectionID, ids []remote.ItemID) ([]remote.Record, error) {
	f, err := m.folder(ctx, c)
	if err != nil {
		return nil, err
	}
	var paths []string
	seen := map[remote.ItemID]bool{}
	for _, id := range ids {
		if u, ok := f.url(id); ok && !seen[id] {
			seen[id] = true
			paths = append(paths, u.EscapedPath())
		}
	}
	objects, _, err := m.read(ctx, f, paths)
	if err != nil {
		return nil, err
	}
	var out []remote.Record
	for _, o := range objects {
		rec, ok, err := m.record(f, o)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, rec)
		}
	}
	return out, nil
}

// read asks for members; gone are those that the server says are not there.
func (m *mailbox) read(ctx context.Context, f *folder, paths []string) (out []object, gone []string, err error) {
	for batch := range slices.Chunk(paths, atOnce) {
		objects, missing, left, err := m.multiget(ctx, f, batch)
		if err != nil {
			return nil, nil, err
		}
		out, gone = append(out, objects...), append(gone, missing...)
		for _, path := range left {
			o, found, err := m.single(ctx, f, "dav: read", withPath(f.at, path))
			if err != nil {
				return nil, nil, err
			}
			if found {
				out = append(out, o)
			} else {
				gone = append(gone, path)
			}
		}
	}
	return out, gone, nil
}

// multiget asks for a batch; left are those of which the answer says nothing, or that they cannot be had.
func (m *mailbox) multiget(ctx context.Context, f *folder, paths []string) (out []object, gone, left []string, err error) {
	if len(paths) == 0 {
		return nil, nil, nil, nil
	}
	ms, err := m.session.multi(ctx, request{op: "dav: read", method: "REPORT", at: f.at, depth: "1", body: multiget(f.book, paths)})
	if errors.Is(err, errUnreadable) {
		return nil, nil, paths, nil // one of them may be the reason; the others can be had
	}
	if err != nil {
		return nil, nil, nil, err
	}
	said := map[string]bool{}
	ms.each(func(r response) {
		if said[r.path] || !slices.Contains(paths, r.path) {
			return
		}
		if r.gone() {
			said[r.path], gone = true, append(gone, r.path)
			return
		}
		if o, ok := objectOf(f, r); ok {
			said[r.path], out = true, append(out, o)
		}
	})
	for _, path := range paths {
		if !said[path] {
			left = append(left, path)
		}
	}
	return out, gone, left, nil
}

func objectOf(f *folder, r response) (object, bool) {
	data := r.prop(nsCalDAV, "calendar-data")
	if f.book {
		data = r.prop(nsCardDAV, "address-data")
	}
	if data == nil || data.trimmed() == "" {
		return object{}, false
	}
	o := object{ref: ref{r.path, tag(r.prop(nsDAV, "getetag").trimmed())}, text: lines(data.text)}
	if t, err := http.ParseTime(r.prop(nsDAV, "getlastmodified").trimmed()); err == nil {
		o.modified = t.UTC()
	}
	return o, o.tag != ""
}

// lines gives a text from XML its line ends back (XML 1.0 2.11 makes them LF), and drops blanks that were put around it.
func lines(text string) []byte {
	text = strings.ReplaceAll(strings.TrimSpace(text), "\r\n", "\n")
	return []byte(strings.ReplaceAll(text, "\n", "\r\n") + "\r\n")
}

// single reads one member as it is stored; found is false when there is none.
func (m *mailbox) single(ctx context.Context, f *folder, op string, u *url.URL) (o object, found bool, err error) {
	accept := "text/calendar"
	if f.book {
		accept = "text/vcard"
	}
	resp, err := m.session.do(ctx, request{op: op, method: http.MethodGet, at: u, header: http.Header{"Accept": {accept}}})
	switch {
	case err != nil:
		return o, false, err
	case resp.Status == http.StatusNotFound || resp.Status == http.StatusGone:
		return o, false, nil
	case !resp.OK() || resp.HTML() || len(resp.Body) == 0:
		return o, false, refusal(op, resp, false)
	}
	o = object{ref: ref{u.EscapedPath(), tag(resp.Header.Get("ETag"))}, text: resp.Body}
	if t, err := http.ParseTime(resp.Header.Get("Last-Modified")); err == nil {
		o.modified = t.UTC()
	}
	if o.tag == "" {
		o.tag, err = m.tagOf(ctx, op, u)
	}
	return o, err == nil, err
}

// tagOf asks for an entity tag that a GET did not tell.
func (m *mailbox) tagOf(ctx context.Context, op string, u *url.URL) (string, error) {
	ms, err := m.session.multi(ctx, request{op: op, method: "PROPFIND", at: u, depth: "0", body: propfind("d:getetag")})
	if err != nil {
		return "", err
	}
	if r, ok := ms.self(); ok {
		if t := tag(r.prop(nsDAV, "getetag").trimmed()); t != "" {
			return t, nil
		}
	}
	return "", pim.Errorf(op, pim.ErrProtocol, "the server tells no version of the item, so that it cannot be changed safely")
}

// record is an object as an item; ok is false for what is none of ours, such as a journal. An item that cannot be read is an
// error: left out it would be taken for deleted.
func (m *mailbox) record(f *folder, o object) (rec remote.Record, ok bool, err error) {
	it, err := m.text.item(f.book, o.text)
	if err != nil {
		m.spoilt(f, o.ref, err)
		name, _ := f.name(o.path)
		return rec, false, &pim.Error{Op: "dav: read", Kind: pim.ErrRefused, Err: err,
			Public: fmt.Sprintf("the item %s of %q on the server cannot be read: %s", name, f.Name, pim.PublicText(err))}
	}
	if it == nil {
		return rec, false, nil
	}
	name, _ := f.name(o.path)
	return remote.Record{Ref: remote.Ref{ID: f.id(o.path), Version: o.tag}, Item: it, Key: keyOf(name), Modified: o.modified}, true, nil
}

// spoilt remembers a version that cannot be read, so that listings leave it out.
func (m *mailbox) spoilt(f *folder, r ref, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.bad) < 1000 && !m.bad[r] {
		m.bad[r] = true
		m.env.Log.Warn("an item on the server cannot be read", "collection", string(f.ID), "item", string(f.id(r.path)), "err", err)
	}
}

func (m *mailbox) isSpoilt(r ref) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.bad[r]
}
