package creatio

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/upstream"
)

var _ remote.FileKeeper = (*connector)(nil)

// Files of an activity are rows of ActivityFile, whose bytes are a stream of their own: PUT ActivityFile(id)/Data. A row is there before
// its bytes are, so until they are whole it has a name that says so.
const (
	fileEntity  = "ActivityFile"
	unfinished  = " (incomplete)"
	silentFor   = time.Minute // an upload of which nothing goes for so long has broken off
	unknownSize = -1
)

// Files implements remote.FileKeeper.
func (c *connector) Files(ctx context.Context, col remote.CollectionID, id remote.ItemID) ([]remote.KeptFile, error) {
	const op = "creatio: files"
	parent, err := c.keeper(ctx, op, col, id)
	if err != nil {
		return nil, err
	}
	spell, _, err := c.ways(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := c.site.every(ctx, fileEntity, query{filter: spell.is("Activity", "eq", parent), sel: []string{"Id", "Name", "Size", "ActivityId", "CreatedOn"}, order: "CreatedOn asc,Id asc"})
	if err != nil {
		return nil, err
	}
	var out []remote.KeptFile
	for _, r := range rows {
		if !partial(r) {
			out = append(out, remote.KeptFile{ID: string(r.id()), Name: r.text("Name"), Size: sizeOf(r)})
		}
	}
	return out, nil
}

// partial reports a file of ours whose bytes are not whole.
func partial(r row) bool { return r.id().ours() && strings.HasSuffix(r.text("Name"), unfinished) }

// sizeOf is the size that Creatio tells; some versions do not.
func sizeOf(r row) int64 {
	if n, ok := r["Size"].(float64); ok && n > 0 {
		return int64(n)
	}
	return unknownSize
}

// keeper is the activity that files are of.
func (c *connector) keeper(ctx context.Context, op string, col remote.CollectionID, id remote.ItemID) (guid, error) {
	s, _, err := c.shelf(col)
	if err != nil {
		return "", err
	}
	g, ok := parseGUID(string(id))
	if !ok {
		return "", missing(op)
	}
	if s.entity() != "Activity" {
		return "", pim.Errorf(op, pim.ErrUnsupported, "files are kept with activities only")
	}
	_, found, err := c.site.one(ctx, s.entity(), g, query{sel: []string{"Id"}})
	if err == nil && !found {
		err = missing(op)
	}
	return g, err
}

// AddFile implements remote.FileKeeper.
func (c *connector) AddFile(ctx context.Context, col remote.CollectionID, id remote.ItemID, f remote.NewFile) (remote.KeptFile, error) {
	const op = "creatio: add file"
	parent, err := c.keeper(ctx, op, col, id)
	if err != nil {
		return remote.KeptFile{}, err
	}
	name := fileName(f.Name)
	row := row{"Id": madeID("file", f.Key), "ActivityId": parent, "Name": name + unfinished}
	kept := remote.KeptFile{ID: string(row.id()), Name: name, Size: f.Size, Key: f.Key}
	made, err := c.site.insert(ctx, fileEntity, row)
	if err != nil {
		return remote.KeptFile{}, err
	}
	if !made {
		have, found, err := c.site.one(ctx, fileEntity, row.id(), query{sel: []string{"Id", "Name", "Size"}})
		if err != nil {
			return remote.KeptFile{}, err
		}
		if n := sizeOf(have); found && !partial(have) && (n == unknownSize || n == f.Size) {
			kept.Name = have.text("Name")
			return kept, nil
		}
	}
	if !c.site.direct.Load() && !c.site.tunnel.Load() {
		// Which methods the web server lets through is found out without the file, which can be sent only once.
		if err := c.site.update(ctx, fileEntity, row.id(), row.only("Name")); err != nil {
			return remote.KeptFile{}, gone(op, err)
		}
	}
	if err := c.site.upload(ctx, op, row.id(), f); err != nil {
		return remote.KeptFile{}, c.unkept(ctx, row.id(), err)
	}
	return kept, c.finish(ctx, op, row.id(), name, f.Size)
}

// unkept removes the row of a file that Creatio does not take, which will not be sent again.
func (c *connector) unkept(ctx context.Context, id guid, failure error) error {
	if k := pim.ReasonOf(failure); k == pim.ErrRefused || k == pim.ErrTooLarge {
		if err := c.site.remove(ctx, fileEntity, id); err != nil && !errors.Is(err, pim.ErrNotFound) {
			c.env.Log.WarnContext(ctx, "a file that Creatio refused left its row behind", "item", string(id), "err", err)
		}
	}
	return failure
}

// finish looks whether the bytes are whole, and gives the file its name.
func (c *connector) finish(ctx context.Context, op string, id guid, name string, size int64) error {
	r, found, err := c.site.one(ctx, fileEntity, id, query{sel: []string{"Id", "Name", "Size"}})
	switch {
	case err != nil:
		return err
	case !found:
		return missing(op)
	case sizeOf(r) != unknownSize && sizeOf(r) != size:
		return pim.Errorf(op, pim.ErrUnavailable, "Creatio kept another number of bytes than were sent")
	}
	return gone(op, c.site.update(ctx, fileEntity, id, r.differing(row{"Name": name})))
}

// fileName leaves room for what says that a file is not whole.
func fileName(s string) string { return pim.FileName(s, nameLimit-len(unfinished)) }

// upload sends the bytes of a file, once: they cannot be read again.
func (s *site) upload(ctx context.Context, op string, id guid, f remote.NewFile) error {
	base, err := s.base(ctx)
	if err != nil {
		return err
	}
	ses, err := s.sessions.Get(ctx)
	if err != nil {
		return err
	}
	method, h := http.MethodPut, ses.header()
	h.Set("Content-Type", "application/octet-stream")
	if s.tunnel.Load() {
		method = http.MethodPost
		h.Set("X-HTTP-Method", http.MethodPut)
	}
	resp, err := ses.client.Upload(ctx, upstream.Request{Op: op, Method: method, Path: base + fileEntity + "(" + string(id) + ")/Data", Header: h}, f.Body, f.Size, silentFor)
	switch {
	case err != nil:
		return err
	case resp.Status == http.StatusMethodNotAllowed && method == http.MethodPut:
		s.tunnel.Store(true) // for the next try
		return pim.Errorf(op, pim.ErrUnavailable, "the site's web server keeps uploads for itself; they are sent in another way next")
	case over(resp, ses):
		if _, err := s.sessions.After(ctx, ses); err != nil {
			return err
		}
		return pim.Errorf(op, pim.ErrUnavailable, "the session ended while a file was sent")
	case resp.OK() && !resp.HTML():
		return nil
	case resp.Status == http.StatusNotFound:
		return s.noPlace(ctx, op, id)
	}
	return s.explain(op, resp, true)
}

// noPlace says why an upload was answered with 404: the row is gone, or it is there, and IIS says so of bodies that are larger than
// it takes (404.13).
func (s *site) noPlace(ctx context.Context, op string, id guid) error {
	_, found, err := s.one(ctx, fileEntity, id, query{sel: []string{"Id"}})
	switch {
	case err != nil:
		return err
	case found:
		return pim.Errorf(op, pim.ErrTooLarge, "the file is larger than the site takes")
	}
	return missing(op)
}
