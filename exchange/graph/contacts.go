package graph

import (
	"bytes"
	"context"
	"image"
	_ "image/gif"
	"image/jpeg"
	_ "image/png"
	"net/http"
	"net/url"
	"slices"

	"crmbridge/pim"
	"crmbridge/remote"
)

// contacts are those of one folder.
type contacts struct {
	*connector
	folder string
}

func (s *contacts) kind() pim.Kind { return pim.KindContact }

func (s *contacts) home() string {
	return s.user() + "/contactFolders/" + escape(s.folder) + "/contacts"
}

func (s *contacts) resource() string { return s.home() }

func (s *contacts) path(id remote.ItemID) string { return s.home() + "/" + escape(string(id)) }

func (s *contacts) asked() string {
	return s.contactTable.asked("id", "changeKey", "createdDateTime", "lastModifiedDateTime")
}

func (s *contacts) start(window) request {
	return request{op: "graph: changes", path: s.home() + "/delta", query: selecting(s.asked())}
}

func (s *contacts) record(r *contact) remote.Record {
	it := &pim.Contact{}
	s.contactTable.read(r, it)
	return r.stamp.record(it, keyOf(r.Extended))
}

// load reads contacts by id, with their photos.
func (s *contacts) load(ctx context.Context, ids []string) ([]contact, error) {
	const op = "graph: read"
	rs := make([]request, len(ids))
	for i, id := range ids {
		rs[i] = request{op: op, path: s.path(remote.ItemID(id)), query: url.Values{"$select": {s.asked()}, "$expand": {withKey}}}
	}
	all, err := readAll[contact](ctx, s.service, op, rs)
	if err != nil {
		return nil, err
	}
	return all, s.pictures(ctx, all)
}

// pictures reads the photos of contacts. A contact does not tell whether it has one.
func (s *contacts) pictures(ctx context.Context, all []contact) error {
	const op = "graph: photo"
	if !s.photos || len(all) == 0 {
		return nil
	}
	rs := make([]request, len(all))
	for i := range all {
		rs[i] = request{op: op, path: s.path(remote.ItemID(all[i].ID)) + "/photo/$value"}
	}
	answers, err := s.batch(ctx, op, rs)
	if err != nil {
		return err
	}
	for i, a := range answers {
		if !a.OK() {
			if err := a.fail(op, false); a.Status != http.StatusNotFound && pim.ReasonOf(err) != pim.ErrNotFound {
				return err
			}
			continue
		}
		if all[i].photo, err = a.bytes(op); err != nil {
			return err
		}
	}
	return nil
}

func (s *contacts) fetch(ctx context.Context, ids []remote.ItemID) ([]remote.Record, error) {
	all, err := s.load(ctx, texts(ids))
	if err != nil {
		return nil, err
	}
	var out []remote.Record
	for i := range all {
		out = append(out, s.record(&all[i]))
	}
	return out, nil
}

func (s *contacts) changes(ctx context.Context, r request, _ window, full bool) (found, error) {
	var p page[contact]
	if err := s.get(ctx, r, &p); err != nil {
		return found{}, err
	}
	f := found{next: p.Next, delta: p.Delta}
	latest, ids, removed := map[string]*contact{}, []string{}, []string{}
	for i := range p.Value {
		x := &p.Value[i]
		latest[x.ID] = x
		ids = append(ids, x.ID)
		if x.Removed != nil {
			removed = append(removed, x.ID)
		}
	}
	all, err := s.present(ctx, once(ids), latest, full, r.link == "")
	if err != nil {
		return found{}, err
	}
	there := map[string]bool{}
	for i := range all {
		there[all[i].ID] = true
		f.changed = append(f.changed, s.record(&all[i]))
	}
	for _, id := range once(removed) {
		if !there[id] {
			f.gone = append(f.gone, remote.ItemID(id))
		}
	}
	return f, nil
}

// present reads contacts by id; in a listing from the beginning those of the page are taken as they are.
func (s *contacts) present(ctx context.Context, ids []string, latest map[string]*contact, full, first bool) ([]contact, error) {
	if !full {
		return s.load(ctx, ids)
	}
	keys, err := s.keys(ctx, s, first)
	if err != nil {
		return nil, err
	}
	var ask []string
	var shown []contact
	for _, id := range ids {
		x := latest[id]
		if x.Removed != nil || x.version() == "" {
			ask = append(ask, id)
			continue
		}
		if keys[id] != "" {
			x.Extended = keyed(keys[id])
		}
		shown = append(shown, *x)
	}
	if err := s.pictures(ctx, shown); err != nil {
		return nil, err
	}
	asked, err := s.load(ctx, ask)
	return append(shown, asked...), err
}

// list reads the folder as a delta query shows it.
func (s *contacts) list(ctx context.Context, _ remote.Scope, tell func(listed)) error {
	all, err := present[stamp](ctx, s.service, request{op: opList, path: s.home() + "/delta", query: selecting("id"), prefer: []string{maxPageSize(listMost)}})
	for _, x := range all {
		tell(listed{ref: x.ref()})
	}
	return err
}

func (s *contacts) create(ctx context.Context, e remote.Entry, key string) (remote.Record, error) {
	const op = "graph: create"
	it := e.Item.(*pim.Contact)
	if it.Group {
		return remote.Record{}, pim.Errorf(op, pim.ErrUnsupported, "Microsoft Graph has no way to keep a group of contacts")
	}
	d := &draft[*contact]{props: map[string]any{}, now: &contact{}, fresh: true, set: pim.AllOf(pim.KindContact)}
	if err := s.contactTable.write(d, it); err != nil {
		return remote.Record{}, err
	}
	d.put("singleValueExtendedProperties", keyed(key))
	a, err := s.send(ctx, request{op: op, method: "POST", path: s.home(), body: d.props})
	if err != nil {
		return remote.Record{}, err
	}
	var made contact
	if err := a.written(op, &made); err != nil {
		return remote.Record{}, err
	}
	if s.photos && len(it.Photo) > 0 {
		if err := s.paint(ctx, op, d, &made, it.Photo); err != nil {
			return remote.Record{}, err
		}
	}
	rec := s.record(&made)
	rec.Key, rec.Notes = key, d.notes
	return rec, nil
}

// complete gives a new contact its photo.
func (s *contacts) complete(ctx context.Context, rec remote.Record, e remote.Entry) (remote.Record, error) {
	photo := e.Item.(*pim.Contact).Photo
	if !s.photos || len(photo) == 0 || len(rec.Item.(*pim.Contact).Photo) > 0 {
		return rec, nil
	}
	d, on := &draft[*contact]{}, &contact{stamp: stamp{ID: string(rec.ID), ETag: rec.Version}}
	if err := s.paint(ctx, "graph: create", d, on, photo); err != nil {
		return remote.Record{}, err
	}
	it := pim.Clone(rec.Item).(*pim.Contact)
	it.Photo = on.photo
	done := on.stamp.record(it, rec.Key)
	done.Notes = d.notes
	return done, nil
}

func (s *contacts) update(ctx context.Context, old remote.Ref, e remote.Entry, changed pim.FieldSet) (remote.Record, error) {
	const op = "graph: update"
	all, err := s.load(ctx, []string{string(old.ID)})
	switch {
	case err != nil:
		return remote.Record{}, err
	case len(all) == 0:
		return remote.Record{}, missing(op)
	}
	now := &all[0]
	if err := now.expect(op, old.Version); err != nil {
		return remote.Record{}, err
	}
	want := e.Item.(*pim.Contact)
	d := &draft[*contact]{props: map[string]any{}, now: now, set: changed}
	if err := s.contactTable.write(d, want); err != nil {
		return remote.Record{}, err
	}
	after := now
	if len(d.props) > 0 {
		a, err := s.send(ctx, request{op: op, method: "PATCH", path: s.path(old.ID), match: now.version(), body: d.props})
		if err != nil {
			return remote.Record{}, err
		}
		after = &contact{}
		if err := a.written(op, after); err != nil {
			return remote.Record{}, err
		}
		after.Extended, after.photo = now.Extended, now.photo
	}
	if changed.Has(pim.FieldPhoto) && !bytes.Equal(want.Photo, now.photo) {
		if err := s.paint(ctx, op, d, after, want.Photo); err != nil {
			return remote.Record{}, err
		}
	}
	rec := s.record(after)
	rec.Notes = d.notes
	return rec, nil
}

// maxPhoto is the most that Graph takes in a request, in bytes.
const maxPhoto = 4 << 20

// paint gives a contact a photo, and reads the version that it has then. Graph takes JPEG alone, and has no way to remove one
// ("Update profilephoto", "Delete profilePhoto").
func (s *contacts) paint(ctx context.Context, op string, d *draft[*contact], on *contact, photo []byte) error {
	if len(photo) == 0 {
		d.lost(pim.FieldPhoto, "", "Microsoft Graph has no way to remove a contact's photo; it stays until it is removed in Outlook")
		return nil
	}
	const unfit = "the photo is no picture that Microsoft 365 takes, or larger than 4 MB"
	picked, ok := asJPEG(photo)
	if !ok || len(picked) >= maxPhoto {
		d.lost(pim.FieldPhoto, "", unfit)
		return nil
	}
	_, err := s.send(ctx, request{op: op, method: "PUT", path: s.path(remote.ItemID(on.ID)) + "/photo/$value", body: picture(picked)})
	switch kind := pim.ReasonOf(err); {
	case kind == pim.ErrRefused: // the rest of the contact is there
		d.lost(pim.FieldPhoto, "", unfit)
		return nil
	case err != nil:
		return err
	}
	var now stamp
	if err := s.get(ctx, request{op: op, path: s.path(remote.ItemID(on.ID)), query: selecting("id,changeKey,lastModifiedDateTime")}, &now); err != nil {
		return err
	}
	on.stamp, on.photo = now, picked
	return nil
}

// asJPEG is a picture as JPEG: as it is, or drawn anew from another form.
func asJPEG(b []byte) ([]byte, bool) {
	if bytes.HasPrefix(b, []byte{0xff, 0xd8, 0xff}) {
		return slices.Clone(b), true
	}
	conf, _, err := image.DecodeConfig(bytes.NewReader(b))
	if err != nil || conf.Width*conf.Height > 16<<20 { // a small file can claim to be a huge picture
		return nil, false
	}
	img, _, err := image.Decode(bytes.NewReader(b))
	if err != nil {
		return nil, false
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: 90}); err != nil {
		return nil, false
	}
	return out.Bytes(), true
}

func (s *contacts) marked(ctx context.Context, key string) (map[string]remote.Ref, error) {
	return s.markedIn(ctx, s.home(), key)
}

func (s *contacts) mark(ctx context.Context, op string, old remote.Ref, key string) (stamp, error) {
	if err := s.unchanged(ctx, op, s.path(old.ID), old.Version); err != nil {
		return stamp{}, err
	}
	return s.stamped(ctx, request{op: op, method: "PATCH", path: s.path(old.ID), match: old.Version, body: map[string]any{"singleValueExtendedProperties": keyed(key)}})
}
