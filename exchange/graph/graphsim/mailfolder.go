package graphsim

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// wellKnownFolders are the mail folders that each mailbox has, by the names that stand for their ids. The first one is the root,
// which holds the others and is not listed.
func wellKnownFolders() [][2]string {
	return [][2]string{{"msgfolderroot", "Top of Information Store"}, {"archive", "Archive"}, {"deleteditems", "Deleted Items"}, {"drafts", "Drafts"},
		{"inbox", "Inbox"}, {"junkemail", "Junk Email"}, {"outbox", "Outbox"}, {"sentitems", "Sent Items"}}
}

// makeMailFolders gives a mailbox its mail folders.
func (b *mailbox) makeMailFolders(now time.Time) {
	for _, n := range wellKnownFolders() {
		b.named[n[0]] = b.newFolder(kindMessage, b.named["msgfolderroot"], object{"displayName": n[1]}, now)
	}
	b.defs[kindMessage] = b.named["inbox"]
}

// wellKnown says whether a folder has a well-known name: those cannot be deleted or moved.
func (f *folder) wellKnown() bool {
	for _, n := range f.box.named {
		if n == f {
			return true
		}
	}
	return false
}

// serveMail answers mailFolders and messages.
func (s *Sim) serveMail(req *request, b *mailbox, path []string) (answer, *refusal) {
	switch {
	case at(path, 0) == "messages":
		return s.serveMessages(req, b, nil, path[1:])
	case len(path) == 1:
		return s.serveMailFolders(req, b.named["msgfolderroot"])
	case at(path, 1) == "delta":
		return s.mailFolderDelta(req, b)
	}
	f, r := s.folder(b, kindMessage, path[1])
	if r != nil {
		return answer{}, r
	}
	return s.serveMailFolder(req, f, path[2:])
}

// serveMailFolder answers one folder and what is below it in a path.
func (s *Sim) serveMailFolder(req *request, f *folder, path []string) (answer, *refusal) {
	switch at(path, 0) {
	case "":
		return s.serveFolder(req, f)
	case "messages":
		return s.serveMessages(req, f.box, f, path[1:])
	case "move":
		return s.moveFolder(req, f)
	case "childfolders":
		if len(path) == 1 {
			return s.serveMailFolders(req, f)
		}
		c, r := s.folder(f.box, kindMessage, path[1])
		switch {
		case r != nil:
			return answer{}, r
		case c.parent != f:
			return answer{}, notFound()
		}
		return s.serveMailFolder(req, c, path[2:])
	}
	return answer{}, noSegment(path[0])
}

// serveMailFolders answers the folders in a folder.
func (s *Sim) serveMailFolders(req *request, parent *folder) (answer, *refusal) {
	switch req.method {
	case http.MethodGet:
		var rows []row
		for _, f := range parent.children() {
			rows = append(rows, row{func(v *view) object { return s.mailFolder(f, v) }, f.ext})
		}
		return s.page(req, "mailFolder", "users('"+parent.box.id+"')/mailFolders", rows)
	case http.MethodPost:
		return s.createFolder(req, parent.box, kindMessage, parent)
	}
	return answer{}, noMethod()
}

func (f *folder) children() []*folder {
	return slices.DeleteFunc(f.box.list(f.kind), func(c *folder) bool { return c.parent != f })
}

// mailFolder shows a mail folder.
func (s *Sim) mailFolder(f *folder, v *view) object {
	parent := s.id(ref{kind: kindFolder, box: f.box.no, day: noDay}) // of the root: the mailbox's own, which nobody can read
	if f.parent != nil {
		parent = s.folderID(f.parent)
	}
	unread := 0
	for _, it := range f.items {
		if !yes(it.props, "isRead") {
			unread++
		}
	}
	o := v.cut(overlay(object{"id": s.folderID(f), "parentFolderId": parent, "childFolderCount": len(f.children()),
		"totalItemCount": len(f.items), "unreadItemCount": unread, "isHidden": false}, f.props), nil)
	v.addExtended(o, f.ext)
	if v.expand["childFolders"] {
		all := []any{}
		for _, c := range f.children() {
			all = append(all, s.mailFolder(c, &view{all: true}))
		}
		o["childFolders"] = all
	}
	return o
}

// moveFolder puts a folder, with all that is in it, into another. Its id stays.
func (s *Sim) moveFolder(req *request, f *folder) (answer, *refusal) {
	to, r := s.destination(req, f.box)
	if r != nil {
		return answer{}, r
	}
	for p := to; p != nil; p = p.parent {
		if p == f {
			return answer{}, refuse(http.StatusBadRequest, "ErrorMoveCopyFailed", "The move or copy operation failed.")
		}
	}
	switch {
	case f.wellKnown():
		return answer{}, refuse(http.StatusBadRequest, "ErrorMoveDistinguishedFolder", "Distinguished folders cannot be moved.")
	case to.child(text(f.props["displayName"])) != nil:
		return answer{}, refuse(http.StatusConflict, "ErrorFolderExists", "A folder with the specified name already exists.")
	}
	f.place(to)
	a, r := s.showFolder(req, f)
	a.status = http.StatusCreated
	return a, r
}

// child finds a folder in a folder by its name, whose case does not matter.
func (f *folder) child(name string) *folder {
	all := f.children()
	i := slices.IndexFunc(all, func(c *folder) bool { return strings.EqualFold(text(c.props["displayName"]), name) })
	if i < 0 {
		return nil
	}
	return all[i]
}

func (f *folder) place(parent *folder) {
	f.box.change++
	f.parent, f.key = parent, f.box.change
}

// discard moves a mail folder to Deleted Items, and takes it away when it is there already.
func (f *folder) discard() {
	bin := f.box.named["deleteditems"]
	for p := f.parent; p != nil; p = p.parent {
		if p == bin {
			f.box.removeFolder(f)
			return
		}
	}
	for name := text(f.props["displayName"]); bin.child(name) != nil; {
		name += "1" // two folders of one name cannot lie side by side
		f.props["displayName"] = name
	}
	f.place(bin)
}

// destination reads the folder that a move or copy goes to.
func (s *Sim) destination(req *request, b *mailbox) (*folder, *refusal) {
	if req.method != http.MethodPost {
		return nil, noMethod()
	}
	o, r := req.object()
	if r != nil {
		return nil, r
	}
	id := ""
	for name, v := range o {
		if !strings.EqualFold(name, "destinationId") {
			return nil, badBody("The parameter '" + name + "' in the request payload is not a valid parameter for the operation 'move'.")
		}
		id = text(v)
	}
	if id == "" {
		return nil, refuse(http.StatusBadRequest, "ErrorInvalidParameter", "DestinationId is required.")
	}
	return s.folder(b, kindMessage, id)
}

// mailFolderDelta tracks all mail folders of a mailbox, of whatever depth: also their counts, which change with what is in them.
func (s *Sim) mailFolderDelta(req *request, b *mailbox) (answer, *refusal) {
	return s.delta(req, source{key: "mailFolders", typ: "mailFolder", box: b, outside: func(uint64) []entry { return nil },
		visible: func(*view) ([]entry, map[entry]uint64) {
			var order []entry
			now := map[entry]uint64{}
			for _, f := range b.list(kindMessage) {
				if f.parent == nil {
					continue
				}
				e := entry{f.no, 0, noDay}
				order, now[e] = append(order, e), f.lastChange()
			}
			return order, now
		},
		render: func(e entry, v *view) object {
			if f := b.folders[e.no]; f != nil {
				return s.mailFolder(f, v)
			}
			return nil
		},
		id: func(e entry) string { return s.id(ref{kind: kindFolder, box: b.no, no: e.no, day: noDay}) },
	})
}

// lastChange is the number of the last change of a folder or of anything in it.
func (f *folder) lastChange() uint64 {
	last := f.key
	for _, it := range f.items {
		last = max(last, it.key)
	}
	for _, g := range f.dead {
		last = max(last, g.change)
	}
	for _, c := range f.children() {
		last = max(last, c.key)
	}
	return last
}

// copyItem makes an item of its own of another, in a folder.
func (s *Sim) copyItem(it *item, to *folder) *item {
	c := to.box.newItem(it.kind, s.opt.Now())
	c.props, c.ext = clone(it.props), maps.Clone(it.ext)
	for _, a := range it.files {
		c.attach(*a, s.opt.Now())
	}
	to.put(c)
	to.box.bump(c, noDay, s.opt.Now())
	s.changed(to.box, to, c, noDay, "created")
	return c
}
