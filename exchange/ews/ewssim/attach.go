package ewssim

import (
	"encoding/base64"
	"strings"
	"time"
)

// attachment is a file or an item that hangs on an item.
type attachment struct {
	num         int64
	name        string
	contentType string
	contentID   string
	location    string
	inline      bool
	photo       bool
	content     []byte
	item        *draft // of an item attachment
	modified    time.Time
}

// newAttachment reads a FileAttachment or ItemAttachment of a request.
func (c *call) newAttachment(n *node) (*attachment, error) {
	a := &attachment{name: n.str("Name"), contentType: n.str("ContentType"), contentID: n.str("ContentId"),
		location: n.str("ContentLocation"), inline: isTrue(n.str("IsInline")), photo: isTrue(n.str("IsContactPhoto")), modified: c.now}
	switch n.local() {
	case "FileAttachment":
		raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(n.str("Content")), ""))
		if err != nil {
			return nil, fail("ErrorInvalidRequest", "The content is not valid base64.")
		}
		a.content = raw
		if a.contentType == "" {
			a.contentType = "application/octet-stream"
		}
	case "ItemAttachment":
		kid := n.kids[len(n.kids)-1]
		if c.typeOf(kid.local()) == nil {
			return nil, fail("ErrorMissingItemForCreateItemAttachment", "The item attachment has no item.")
		}
		a.item = newDraft(kid.local(), c.zone)
		if err := c.create(a.item, kid); err != nil {
			return nil, err
		}
		if err := c.settle(a.item, view{}); err != nil {
			return nil, err
		}
	default:
		return nil, fail("ErrorInvalidRequest", "Attachments of this kind are not supported.")
	}
	return a, nil
}

// attach gives an attachment its number. A contact has one photo, which replaces the former.
func (c *call) attach(it *item, a *attachment) {
	if a.photo && it.class == "Contact" {
		a.name = "ContactPicture.jpg"
		var others []*attachment
		for _, f := range it.files {
			if !f.photo {
				others = append(others, f)
			}
		}
		it.files = others
	}
	it.box.nums++
	a.num = int64(it.box.nums)
	it.files = append(it.files, a)
}

// shownFiles are the attachments that count as such: pictures inside of the text and of people do not.
func (v view) shownFiles() []*attachment {
	var out []*attachment
	for _, f := range v.files() {
		if !f.inline && !f.photo {
			out = append(out, f)
		}
	}
	return out
}

func (c *call) attachmentID(v view, a *attachment, root bool) *node {
	id := el("t:AttachmentId", attr{"Id", c.encodeID(thing{'a', v.it.box.index, v.it.num, a.num})})
	if root {
		shown := c.viewID(v)
		id.attr = append(id.attr, attr{"RootItemId", shown.at("Id")}, attr{"RootItemChangeKey", shown.at("ChangeKey")})
	}
	return id
}

// size is what an attachment is said to take: the bytes of a file and a number for items, or with Options.StoreSizes more.
func (c *call) size(a *attachment) int {
	n := len(a.content)
	if a.item != nil {
		n = 1024
	}
	if c.opt.StoreSizes {
		n += n/22 + 2*len(a.name) + 320
	}
	return n
}

// attachmentNode shows an attachment; sh is how its contents are to show, nil without them.
func (c *call) attachmentNode(v view, a *attachment, sh *shape) *node {
	out := el("t:FileAttachment", c.attachmentID(v, a, false), el("t:Name", a.name))
	add := func(name, text string) {
		if text != "" {
			out.kids = append(out.kids, el("t:"+name, text))
		}
	}
	add("ContentType", a.contentType)
	add("ContentId", a.contentID)
	add("ContentLocation", a.location)
	if a.item != nil {
		out.name = "t:ItemAttachment"
		add("Size", itoa(c.size(a)))
		add("LastModifiedTime", stamp(a.modified))
		add("IsInline", boolText(a.inline))
		if sh != nil {
			inner := &item{box: v.it.box, folder: v.it.folder, num: v.it.num, class: a.item.class, props: a.item.props, ext: a.item.ext,
				created: a.modified, modified: a.modified, key: v.it.key}
			shown := c.render(view{it: inner}, sh)
			shown.kids = withoutName(shown.kids, "t:ItemId")
			out.kids = append(out.kids, shown)
		}
		return out
	}
	add("Size", itoa(c.size(a)))
	add("LastModifiedTime", stamp(a.modified))
	add("IsInline", boolText(a.inline))
	if v.it.class == "Contact" || a.photo {
		add("IsContactPhoto", boolText(a.photo))
	}
	if sh != nil {
		out.kids = append(out.kids, el("t:Content", base64.StdEncoding.EncodeToString(a.content)))
	}
	return out
}

func withoutName(list []*node, name string) []*node {
	var out []*node
	for _, n := range list {
		if n.name != name {
			out = append(out, n)
		}
	}
	return out
}

// attachmentList is an item's Attachments, nil without any.
func (c *call) attachmentList(v view, _ *shape) *node {
	if len(v.files()) == 0 {
		return nil
	}
	out := el("t:Attachments")
	for _, a := range v.files() {
		out.kids = append(out.kids, c.attachmentNode(v, a, nil))
	}
	return out
}

func (c *call) createAttachments() (*node, error) {
	v, key, err := c.find(c.req.kid("ParentItemId").renamed("t:ItemId"))
	if err == nil && key != 0 && key != v.it.key {
		err = fail("ErrorIrresolvableConflict", "The change key passed in the request does not match the current change key for the item.")
	}
	return c.each("CreateAttachment", c.req.kid("Attachments").kids, []*node{el("m:Attachments")}, func(n *node) ([]*node, error) {
		if err != nil {
			return nil, err
		}
		a, err := c.newAttachment(n)
		if err != nil {
			return nil, err
		}
		if v.occ != nil {
			if v, err = c.commitOccurrence(v, draftOf(v, c.zone)); err != nil {
				return nil, err
			}
			v.it.box.nums++
			a.num = int64(v.it.box.nums)
			ex := v.occ.ex
			if !ex.hasFiles {
				ex.files, ex.hasFiles = append([]*attachment(nil), v.it.files...), true
			}
			ex.files = append(ex.files, a)
		} else {
			c.attach(v.it, a)
			v.it.box.touch(v.it, 'u', c.now)
		}
		name := n.name
		return []*node{el("m:Attachments", el(name, c.attachmentID(v, a, true)))}, nil
	})
}

// findAttachment finds what an AttachmentId means, and the item or exception it hangs on.
func (c *call) findAttachment(n *node) (view, *attachment, error) {
	t, err := c.decodeID(n.at("Id"))
	if err != nil || t.kind != 'a' {
		return view{}, nil, fail("ErrorInvalidAttachmentId", "The specified attachment Id is invalid.")
	}
	b, err := c.boxAt(t.box)
	if err != nil {
		return view{}, nil, err
	}
	it := b.items[t.num]
	if it == nil {
		return view{}, nil, fail("ErrorItemNotFound", "The specified object was not found in the store.")
	}
	for _, a := range it.files {
		if a.num == t.sub {
			return view{it: it}, a, nil
		}
	}
	if it.series != nil {
		for key, ex := range it.series.changed {
			for _, a := range ex.files {
				if a.num == t.sub {
					o, err := it.series.at(key)
					return view{it, &o}, a, err
				}
			}
		}
	}
	return view{}, nil, fail("ErrorItemNotFound", "The specified object was not found in the store.")
}

// contentShape is how the contents of attachments are to show: files always as bytes, items by AttachmentShape.
func (c *call) contentShape() (*shape, error) {
	n := c.req.kid("AttachmentShape")
	if n == nil {
		return &shape{base: "Default", body: "Best"}, nil
	}
	sh, err := c.readShape(n, false)
	if err == nil {
		sh.base, sh.body = "Default", orText(sh.body, "Best")
	}
	return sh, err
}

func (c *call) getAttachments() (*node, error) {
	sh, err := c.contentShape()
	if err != nil {
		return nil, asFault(err)
	}
	return c.each("GetAttachment", c.req.kid("AttachmentIds").kids, []*node{el("m:Attachments")}, func(n *node) ([]*node, error) {
		v, a, err := c.findAttachment(n)
		if err != nil {
			return nil, err
		}
		return []*node{el("m:Attachments", c.attachmentNode(v, a, sh))}, nil
	})
}

func (c *call) deleteAttachments() (*node, error) {
	return c.each("DeleteAttachment", c.req.kid("AttachmentIds").kids, nil, func(n *node) ([]*node, error) {
		v, a, err := c.findAttachment(n)
		if err != nil {
			return nil, err
		}
		drop := func(list []*attachment) []*attachment {
			var out []*attachment
			for _, f := range list {
				if f.num != a.num {
					out = append(out, f)
				}
			}
			return out
		}
		if v.occ != nil {
			v.occ.ex.files = drop(v.occ.ex.files)
			v.occ.ex.modified = c.now
		} else {
			v.it.files = drop(v.it.files)
		}
		v.it.box.touch(v.it, 'u', c.now)
		id := c.viewID(v)
		return []*node{el("m:RootItemId", attr{"RootItemId", id.at("Id")}, attr{"RootItemChangeKey", id.at("ChangeKey")})}, nil
	})
}
