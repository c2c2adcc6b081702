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

// Attachments of items. Those of events and tasks are a field, a contact's picture is one, and pictures inside a body are let alone.

const (
	// filesAtOnce and bytesAtOnce (as Exchange tells sizes) bound an answer with contents.
	filesAtOnce = 5
	bytesAtOnce = 3 << 20
	// pageBytes is how much of contents comes with a page of changes; what is beyond is left to be fetched in smaller numbers.
	pageBytes = 16 << 20
)

// picks are the attachments of an item whose contents are read.
func (x *item) picks() []*attachment {
	if x.kind() == pim.KindContact {
		if p := photoOf(x); p != nil && p.Size.int() <= bytesAtOnce {
			return []*attachment{p}
		}
		return nil
	}
	var of []*attachment
	var sizes []int64
	for i := range x.Files {
		if f := &x.Files[i]; f.shown() {
			of, sizes = append(of, f), append(sizes, leastSize(f.Size.int()))
		}
	}
	var out []*attachment
	for i, carried := range pim.Carry(sizes) {
		if carried {
			out = append(out, of[i])
		}
	}
	return out
}

// leastSize is how many bytes a file may have that Exchange tells with a size: it counts what it keeps beside the file, too.
func leastSize(told int) int64 {
	if told <= 0 {
		return 0
	}
	return max(1, (int64(told)-1024)*10/11)
}

// shown reports a file that people see as one.
func (a *attachment) shown() bool { return !a.Inline.bool() && !a.Photo.bool() && a.ID.ID != "" }

// photoOf is the attachment that is a contact's picture, nil when there is none.
func photoOf(x *item) *attachment {
	for i := range x.Files {
		if f := &x.Files[i]; f.Photo.bool() && f.ID.ID != "" {
			return f
		}
	}
	return nil
}

// photo is a contact's picture as it was read.
func (x *item) photo() []byte {
	if p := photoOf(x); p != nil {
		return p.bytes
	}
	return nil
}

// fileThere is a file as it is told, with the attachment that it is; nil for an item that is attached.
type fileThere struct {
	pim.Attachment
	is *attachment
}

// files are what the field tells. What is not carried is told by name: files past the bound, and items that are attached. A file that
// was taken away while it was read is left out: the item's version is another by now.
func (x *item) files() []fileThere {
	picked := x.picks()
	var out []fileThere
	var sizes []int64
	for i := range x.Files {
		f := &x.Files[i]
		switch {
		case !f.shown():
		case len(f.bytes) > 0:
			out, sizes = append(out, fileThere{pim.NewAttachment(f.Name, f.Type, f.bytes), f}), append(sizes, int64(len(f.bytes)))
		case !slices.Contains(picked, f):
			out, sizes = append(out, fileThere{pim.Attachment{Name: f.Name, Type: f.Type, Size: int64(f.Size.int())}, f}), append(sizes, 0)
		}
	}
	for i, carried := range pim.Carry(sizes) {
		if !carried {
			out[i].Attachment = out[i].Named()
		}
	}
	for i := range x.Attached {
		a := &x.Attached[i]
		out = append(out, fileThere{pim.Attachment{Name: a.Name, Type: "message/rfc822", Size: int64(a.Size.int())}, nil})
	}
	return out
}

func (x *item) attachments() []pim.Attachment {
	var out []pim.Attachment
	for _, f := range x.files() {
		out = append(out, f.Attachment)
	}
	return out
}

// loadContents reads what the items' attachments hold, up to most bytes (0: all of it). Items with some that is beyond are partial.
func (m *mail) loadContents(ctx context.Context, op string, items []item, most int) error {
	var of []*attachment
	sum := 0
	for i := range items {
		picks := items[i].picks()
		for _, f := range picks {
			sum += f.Size.int()
		}
		if items[i].partial = len(picks) > 0 && most > 0 && sum > most; !items[i].partial {
			of = append(of, picks...)
		}
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(concurrency)
	for _, some := range requestsFor(of) {
		g.Go(func() error { return m.contents(gctx, op, some) })
	}
	return g.Wait()
}

// requestsFor puts attachments into requests.
func requestsFor(all []*attachment) (out [][]*attachment) {
	sum := 0
	for _, f := range all {
		if last := len(out) - 1; last >= 0 && len(out[last]) < filesAtOnce && sum+f.Size.int() <= bytesAtOnce {
			out[last] = append(out[last], f)
			sum += f.Size.int()
			continue
		}
		out, sum = append(out, []*attachment{f}), f.Size.int()
	}
	return out
}

func (m *mail) contents(ctx context.Context, op string, of []*attachment) error {
	ids := node("m:AttachmentIds")
	for _, f := range of {
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
		case missing(err): // taken away a moment ago
		case err != nil:
			return err
		case len(msgs[i].Attachments.Files) > 0:
			text := strings.Join(strings.Fields(msgs[i].Attachments.Files[0].Content), "")
			if b, err := base64.StdEncoding.DecodeString(text); err == nil && len(b) > 0 {
				of[i].bytes = b
			}
		}
	}
	return nil
}

// fileOf is an attachment as it is written.
func fileOf(a pim.Attachment) el {
	name := strings.TrimSpace(cut(a.Name))
	if name == "" {
		name = "attachment" // Exchange wants one
	}
	e := node("t:FileAttachment", leaf("t:Name", name))
	if a.Type != "" {
		e.kids = append(e.kids, leaf("t:ContentType", a.Type))
	}
	e.kids = append(e.kids, leaf("t:Content", base64.StdEncoding.EncodeToString(a.Bytes)))
	return e
}

// newFiles are the files of a new item, with notes about those that cannot go.
func newFiles(want []pim.Attachment) (files []pim.Attachment, notes []remote.Note) {
	for _, a := range want {
		if a.Carried() {
			files = append(files, a)
			continue
		}
		notes = append(notes, fileLeft(a, "files of one item go to Exchange up to 640 KB together"))
	}
	return files, notes
}

func fileLeft(a pim.Attachment, why string) remote.Note {
	return remote.Note{Field: pim.FieldAttachments, Wanted: a.Name, Says: "the file " + a.Name + " was left out: " + why}
}

// writeFiles makes the files of an item these: first what is new is added, then what is not wanted goes. Files that are not carried
// stay as they are.
func (m *mail) writeFiles(ctx context.Context, op string, ref remote.Ref, want []pim.Attachment, now *item) (remote.Ref, []remote.Note, error) {
	var gone []*attachment
	there := now.files()
	for _, f := range there {
		if f.Carried() && !slices.ContainsFunc(want, f.Same) {
			gone = append(gone, f.is)
		}
	}
	wanted, notes := newFiles(slices.DeleteFunc(slices.Clone(want), func(a pim.Attachment) bool {
		return slices.ContainsFunc(there, func(b fileThere) bool { return a.Same(b.Attachment) || !b.Carried() && a.Name == b.Name })
	}))
	ref, more, err := m.addFiles(ctx, op, ref, wanted)
	if err == nil {
		ref, err = m.removeFiles(ctx, op, ref, gone)
	}
	return ref, append(notes, more...), err
}

// addFiles adds files one by one: of several in one request Exchange may take some.
func (m *mail) addFiles(ctx context.Context, op string, ref remote.Ref, files []pim.Attachment) (_ remote.Ref, notes []remote.Note, err error) {
	for _, a := range files {
		next, err := m.attach(ctx, op, ref, fileOf(a))
		switch {
		case slices.Contains(tooLarge, codeOf(err)):
			notes = append(notes, fileLeft(a, pim.PublicText(err)))
		case err != nil:
			return ref, notes, err
		default:
			ref = next
		}
	}
	return ref, notes, nil
}

// attach adds an attachment; the answer is the item's new version.
func (m *mail) attach(ctx context.Context, op string, ref remote.Ref, file el) (remote.Ref, error) {
	parent := itemID(string(ref.ID), ref.Version)
	parent.name = "m:ParentItemId"
	a, err := m.account.call(ctx, request{op: op, write: true, body: node("m:CreateAttachment", parent, node("m:Attachments", file))})
	if err != nil {
		return ref, err
	}
	msg, err := a.only(op)
	if err != nil {
		return ref, err
	}
	if len(msg.Attachments.Files) == 0 {
		return ref, pim.Errorf(op, pim.ErrProtocol, "Exchange's answer is incomplete")
	}
	if key := msg.Attachments.Files[0].ID.RootKey; key != "" {
		ref.Version = key
		return ref, nil
	}
	ref.Version, err = m.version(ctx, op, string(ref.ID))
	return ref, err
}

// removeFiles removes attachments; one that is gone already is as good.
func (m *mail) removeFiles(ctx context.Context, op string, ref remote.Ref, files []*attachment) (remote.Ref, error) {
	if len(files) == 0 {
		return ref, nil
	}
	ids := node("m:AttachmentIds")
	for _, f := range files {
		ids.kids = append(ids.kids, leaf("t:AttachmentId", "", "Id", f.ID.ID))
	}
	a, err := m.account.call(ctx, request{op: op, write: true, body: node("m:DeleteAttachment", ids)})
	if err != nil {
		return ref, err
	}
	key := ""
	for i := range a.Body.Response.Messages.List {
		msg := &a.Body.Response.Messages.List[i]
		if err := msg.err(op); err != nil && !missing(err) {
			return ref, err
		}
		key = msg.RootItem.Key
	}
	if key != "" {
		ref.Version = key
		return ref, nil
	}
	ref.Version, err = m.version(ctx, op, string(ref.ID))
	return ref, err
}
