package memory

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"

	"crmbridge/pim"
	"crmbridge/remote"
)

// MailActivities is the collection of messages of a system with Options.Messages.
const MailActivities remote.CollectionID = "mail"

// file is one that an item has.
type file struct {
	id, key, name, kind string
	bytes               []byte
}

// Deliver puts a message with its files, the bytes of m.Files in their order, into a folder, as it comes from outside or is sent.
func (m *System) Deliver(c remote.CollectionID, msg *pim.Message, files ...[]byte) remote.ItemID {
	m.mu.Lock()
	defer m.mu.Unlock()
	it := pim.Clone(msg).(*pim.Message)
	kept := make([]file, len(files))
	for i, b := range files {
		kept[i] = file{id: m.newFileID(), name: it.Files[i].Name, kind: it.Files[i].Type, bytes: b}
		it.Files[i].ID, it.Files[i].Size = kept[i].id, int64(len(b))
	}
	r := m.insert(c, it, "", "", m.opt.User)
	r.files = kept
	return r.id
}

// Files are the bytes of an item's files by their names; of several with one name any.
func (m *System) Files(c remote.CollectionID, id remote.ItemID) map[string][]byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := map[string][]byte{}
	if r := m.living(c, id); r != nil {
		for _, f := range r.files {
			out[f.name] = f.bytes
		}
	}
	return out
}

// CountFiles is how many files an item has.
func (m *System) CountFiles(c remote.CollectionID, id remote.ItemID) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r := m.living(c, id); r != nil {
		return len(r.files)
	}
	return 0
}

// Categories are those that messages carry, each once.
func (m *System) Categories() (out []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.categories()
}

func (m *System) categories() (out []string) {
	for _, col := range m.cols {
		for _, r := range m.rows[col.ID] {
			if msg, ok := r.item.(*pim.Message); ok {
				out = append(out, msg.Categories...)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (m *System) newFileID() string {
	m.ids++
	return fmt.Sprintf("file%d", m.ids)
}

// refiled are a message and its files under other ids, as those of a message that is moved have.
func (m *System) refiled(r *row) {
	msg, ok := r.item.(*pim.Message)
	if !ok {
		return
	}
	r.files = slices.Clone(r.files)
	for i := range r.files {
		r.files[i].id = m.newFileID()
		if i < len(msg.Files) {
			msg.Files[i].ID = r.files[i].id
		}
	}
}

// all are the rows of a collection, or of all messages.
func (m *System) all(c remote.CollectionID) map[remote.ItemID]*row {
	if c != m.opt.AllMail || c == "" {
		return m.rows[c]
	}
	out := map[remote.ItemID]*row{}
	for _, col := range m.cols {
		if col.Kinds != pim.Kinds(pim.KindMessage) {
			continue
		}
		for id, r := range m.rows[col.ID] {
			if had := out[id]; had == nil || had.item == nil { // one that is moved leaves a grave under its id
				out[id] = r
			}
		}
	}
	return out
}

// readOnly refuses writes to a collection of which nothing can be written.
func (m *System) readOnly(c remote.CollectionID) error {
	if slices.ContainsFunc(m.cols, func(x remote.Collection) bool { return x.ID == c && x.ReadOnly }) {
		return pim.Errorf("memory: write", pim.ErrUnsupported, "nothing can be written to %s", c)
	}
	return nil
}

// Opener is the ability of a session to open files.
type Opener struct{ *Session }

var _ remote.FileOpener = Opener{}

// OpenFile implements remote.FileOpener. Under Options.UnknownSizes it does not tell how long the file is.
func (o Opener) OpenFile(ctx context.Context, c remote.CollectionID, id remote.ItemID, f pim.File) (body io.ReadCloser, size int64, err error) {
	err = o.m.call(ctx, Call{Op: "open file", Collection: c, ID: id}, func() error {
		if err := o.m.exists(c); err != nil {
			return err
		}
		r := o.m.shown(c, id)
		if r == nil {
			return pim.Errorf("memory: file", pim.ErrNotFound, "there is no such message (any more)")
		}
		i := slices.IndexFunc(r.files, func(x file) bool { return x.id == f.ID })
		if i < 0 {
			return pim.Errorf("memory: file", pim.ErrNotFound, "the message has no such file (any more)")
		}
		b := r.files[i].bytes
		if size = int64(len(b)); o.m.opt.UnknownSizes {
			size = -1
		}
		body = io.NopCloser(bytes.NewReader(b))
		return nil
	})
	return body, size, err
}

// Files implements remote.FileKeeper.
func (c Records) Files(ctx context.Context, col remote.CollectionID, id remote.ItemID) (out []remote.KeptFile, err error) {
	err = c.m.call(ctx, Call{Op: "files", Collection: col, ID: id}, func() error {
		r, err := c.m.expect("memory: files", col, remote.Ref{ID: id})
		if err != nil {
			return err
		}
		for _, f := range r.files {
			out = append(out, remote.KeptFile{ID: f.id, Name: f.name, Size: int64(len(f.bytes)), Key: f.key})
		}
		return nil
	})
	return out, err
}

// AddFile implements remote.FileKeeper. Files are no change of the item's version. What is larger than Options.FileLimit is refused.
func (c Records) AddFile(ctx context.Context, col remote.CollectionID, id remote.ItemID, f remote.NewFile) (kept remote.KeptFile, err error) {
	const op = "memory: add file"
	c.m.mu.Lock()
	_, err = c.m.expect(op, col, remote.Ref{ID: id})
	c.m.mu.Unlock()
	if err != nil {
		return kept, err
	}
	if most := c.m.opt.FileLimit; most > 0 && f.Size > most {
		return kept, pim.Errorf(op, pim.ErrTooLarge, "this CRM takes files up to %d bytes", most)
	}
	var b []byte
	var length int64
	if c.m.opt.ForgetsBytes {
		length, err = io.Copy(io.Discard, f.Body)
	} else {
		b, err = io.ReadAll(f.Body)
		length = int64(len(b))
	}
	if err != nil {
		return kept, err
	}
	if length != f.Size {
		return kept, pim.Errorf(op, pim.ErrProtocol, "the file was cut off")
	}
	err = c.m.call(ctx, Call{Op: "add file", Collection: col, ID: id, Write: true}, func() error {
		r, err := c.m.expect(op, col, remote.Ref{ID: id})
		if err != nil {
			return err
		}
		i := slices.IndexFunc(r.files, func(x file) bool { return x.key == f.Key })
		if i < 0 {
			i = len(r.files)
			r.files = append(r.files, file{id: c.m.newFileID(), key: f.Key, name: f.Name, kind: f.Type, bytes: b})
		}
		kept = remote.KeptFile{ID: r.files[i].id, Name: r.files[i].name, Size: length, Key: f.Key}
		return nil
	})
	return kept, err
}
