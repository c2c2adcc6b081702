package graph

import (
	"context"
	"net/http"
	"slices"

	"crmbridge/pim"
	"crmbridge/remote"
)

// taskFile is the kind of attachment that tasks of To Do have.
const taskFile = "#microsoft.graph.taskFileAttachment"

// held is a file of an event or a task, with its bytes where they are carried.
type held struct {
	attachment
	bytes []byte
}

// holder is an event or a task whose files are to be read.
type holder struct {
	path  string // of the item
	props string // what its attachments can be asked for
	into  *[]held
	// partial is set where there are more bytes than were to be read: the item has to be read on its own.
	partial *bool
}

// Bounds of reading.
const (
	// filesOfPage is how many bytes of files a page of changes holds; items beyond are told by their ids.
	filesOfPage = 4 << 20
	// filesAtOnce is how many bytes of files are asked for in one batch.
	filesAtOnce = 3 << 20
)

// picks are the files whose bytes are read. Graph's size has what surrounds a file in it, so that some more are read than are carried.
func picks(all []held) (out []*held, bytes int64) {
	for i := range all {
		f := &all[i]
		if f.Inline || f.OData == itemAttachment || f.OData == referenceAttachment || f.Size <= 0 {
			continue
		}
		if most := int64(pim.MaxAttachments + pim.MaxAttachments/10 + 4096*(len(out)+1)); bytes+f.Size <= most {
			out, bytes = append(out, f), bytes+f.Size
		}
	}
	return out, bytes
}

// readFiles reads the files of items, up to most bytes; 0 is all of them.
func (s *service) readFiles(ctx context.Context, all []holder, most int64) error {
	const op = "graph: attachments"
	if err := s.listFiles(ctx, op, all); err != nil {
		return err
	}
	var rs []request
	var of []*held
	var sum, asked int64
	flush := func() error {
		answers, err := s.batch(ctx, op, rs)
		if err != nil {
			return err
		}
		for i, a := range answers {
			if !a.OK() {
				if err := a.fail(op, false); a.Status != http.StatusNotFound && pim.ReasonOf(err) != pim.ErrNotFound {
					return err
				}
				continue // it was taken away meanwhile; the item's version is another by now
			}
			if of[i].bytes, err = a.bytes(op); err != nil {
				return err
			}
		}
		rs, of, asked = nil, nil, 0
		return nil
	}
	for _, h := range all {
		files, n := picks(*h.into)
		if sum += n; most > 0 && n > 0 && sum > most {
			*h.partial = true
			continue
		}
		for _, f := range files {
			if asked += f.Size; asked > filesAtOnce && len(rs) > 0 {
				if err := flush(); err != nil {
					return err
				}
				asked = f.Size
			}
			rs, of = append(rs, request{op: op, path: h.path + "/attachments/" + escape(f.ID) + "/$value"}), append(of, f)
		}
	}
	if len(rs) == 0 {
		return nil
	}
	return flush()
}

func (s *service) listFiles(ctx context.Context, op string, all []holder) error {
	rs := make([]request, len(all))
	for i, h := range all {
		rs[i] = request{op: op, path: h.path + "/attachments", query: selecting(h.props)}
	}
	if len(rs) == 0 {
		return nil
	}
	answers, err := s.batch(ctx, op, rs)
	if err != nil {
		return err
	}
	for i, a := range answers {
		p, ok, err := readOne[page[attachment]](a, op)
		if err != nil {
			return err
		}
		if ok && p.Value == nil {
			return incomplete(op)
		}
		if ok && p.Next != "" {
			more, err := every[attachment](ctx, s, request{op: op, link: p.Next})
			if err != nil {
				return err
			}
			p.Value = append(p.Value, more...)
		}
		for _, f := range p.Value {
			*all[i].into = append(*all[i].into, held{attachment: f})
		}
	}
	return nil
}

// tellFiles are files as the field tells them, each with the one that it is. What is not carried is told by its name: what is past the
// bound, items that are attached, and links to a cloud.
func tellFiles(all []held) (out []pim.Attachment, of []*held) {
	var sizes []int64
	for i := range all {
		f := &all[i]
		if f.Inline {
			continue
		}
		a := pim.Attachment{Name: f.Name, Type: f.Type, Size: f.Size}
		if len(f.bytes) > 0 {
			a = pim.NewAttachment(f.Name, f.Type, f.bytes)
		}
		if a.Type == "" && f.OData == itemAttachment {
			a.Type = "message/rfc822"
		}
		out, of, sizes = append(out, a), append(of, f), append(sizes, int64(len(f.bytes)))
	}
	for i, carried := range pim.Carry(sizes) {
		if !carried {
			out[i] = out[i].Named()
		}
	}
	return out, of
}

func attachmentsOf(all []held) []pim.Attachment {
	out, _ := tellFiles(all)
	return out
}

// carried reports a wanted file that is to be written.
func carried(all []pim.Attachment) bool { return slices.ContainsFunc(all, pim.Attachment.Carried) }

// writeFiles makes the files of an item the wanted ones, as far as those are carried; kind is what Graph calls them. wrote says that
// the item's version is another.
func (s *service) writeFiles(ctx context.Context, op, path, kind string, now []held, want []pim.Attachment) (wrote bool, notes []remote.Note, err error) {
	is, of := tellFiles(now)
	for i, a := range is {
		if !a.Carried() || slices.ContainsFunc(want, a.Same) {
			continue
		}
		_, err := s.send(ctx, request{op: op, method: http.MethodDelete, path: path + "/attachments/" + escape(of[i].ID)})
		if err != nil && pim.ReasonOf(err) != pim.ErrNotFound {
			return wrote, notes, err
		}
		wrote = true
	}
	for _, a := range want {
		there := slices.ContainsFunc(is, func(b pim.Attachment) bool { return b.Same(a) || !b.Carried() && b.Name == a.Name })
		if !a.Carried() || there {
			continue
		}
		err := s.attach(ctx, op, path, kind, a)
		switch r := pim.ReasonOf(err); {
		case r == pim.ErrRefused || r == pim.ErrTooLarge || r == pim.ErrUnsupported:
			notes = append(notes, remote.Note{Field: pim.FieldAttachments, Wanted: a.Name, Says: "the file " + a.Name + " was left out: " + pim.PublicText(err)})
		case err != nil:
			return wrote, notes, err
		default:
			wrote = true
		}
	}
	return wrote, notes, nil
}

// attach adds a file in one request, which Graph takes up to 3 MB; what is carried is less.
func (s *service) attach(ctx context.Context, op, path, kind string, a pim.Attachment) error {
	name := a.Name
	if name == "" {
		name = "attachment" // Graph wants one
	}
	typ := a.Type
	if typ == "" {
		typ = "application/octet-stream"
	}
	_, err := s.send(ctx, request{op: op, method: http.MethodPost, path: path + "/attachments", body: map[string]any{
		"@odata.type": kind, "name": name, "contentType": typ, "contentBytes": a.Bytes,
	}})
	return err
}
