package ewssim

import (
	"slices"
	"strings"
)

func (c *call) createFolder() (*node, error) {
	parent, err := c.target(c.req.kid("ParentFolderId"))
	if err != nil {
		f := asFailure(err)
		if f.code == "ErrorFolderNotFound" {
			f = fail("ErrorParentFolderNotFound", "The specified parent folder could not be found.")
		}
		err = f
	}
	return c.each("CreateFolder", c.req.kid("Folders").kids, []*node{el("m:Folders")}, func(n *node) ([]*node, error) {
		if err != nil {
			return nil, err
		}
		f, err := c.addFolder(parent, n)
		if err != nil {
			return nil, err
		}
		return []*node{el("m:Folders", el(f.element(), c.folderID("t:FolderId", f)))}, nil
	})
}

func (c *call) addFolder(parent *folder, n *node) (*folder, error) {
	name := n.str("DisplayName")
	if name == "" {
		return nil, fail("ErrorFolderSave", "The folder needs a display name.")
	}
	if sameName(parent, name, nil) {
		return nil, fail("ErrorFolderExists", "A folder with the specified name already exists.")
	}
	class := n.str("FolderClass")
	if class == "" {
		class = map[string]string{"CalendarFolder": "IPF.Appointment", "ContactsFolder": "IPF.Contact", "TasksFolder": "IPF.Task",
			"Folder": "IPF.Note"}[n.local()]
	}
	ext := map[string]*node{}
	for _, k := range n.kids {
		switch k.local() {
		case "DisplayName", "FolderClass", "PermissionSet":
		case "ExtendedProperty":
			key, value, err := readExtended(k)
			if err != nil {
				return nil, err
			}
			ext[key] = value
		default:
			return nil, invalidSet("folder:" + k.local())
		}
	}
	f := parent.box.addFolder(parent, name, class)
	f.ext = ext
	return f, nil
}

// sameName says whether another folder in parent has a name.
func sameName(parent *folder, name string, but *folder) bool {
	return slices.ContainsFunc(parent.kids(), func(k *folder) bool { return k != but && strings.EqualFold(k.name, name) })
}

func invalidSet(uri string) error {
	f := fail("ErrorInvalidPropertySet", "Set action is invalid for property.")
	f.values = []attr{{"FieldURI", uri}}
	return f
}

func (c *call) updateFolder() (*node, error) {
	return c.each("UpdateFolder", c.req.kid("FolderChanges").kids, []*node{el("m:Folders")}, func(n *node) ([]*node, error) {
		f, err := c.findFolder(n.first())
		if err != nil {
			return nil, err
		}
		if key := n.first().at("ChangeKey"); key == "" && !c.opt.LooseChangeKeys {
			return nil, fail("ErrorChangeKeyRequiredForWriteOperations", "Change key is required for this operation.")
		} else if _, err := decodeKey(key); err != nil {
			return nil, err
		}
		for _, u := range n.kid("Updates").kids {
			if err := c.changeFolder(f, u); err != nil {
				return nil, err
			}
		}
		f.box.touchFolder(f)
		return []*node{el("m:Folders", el(f.element(), c.folderID("t:FolderId", f)))}, nil
	})
}

func (c *call) changeFolder(f *folder, u *node) error {
	p, err := parsePath(u.first())
	if err != nil {
		return err
	}
	switch {
	case p.kind == 'x' && u.local() == "DeleteFolderField":
		delete(f.ext, p.ext)
	case p.kind == 'x' && u.local() == "SetFolderField":
		key, value, err := readExtended(u.kids[1].first())
		if err != nil || key != p.ext {
			return fail("ErrorUpdatePropertyMismatch", "The property and its value do not fit.")
		}
		f.ext[key] = value
	case p.name == "DisplayName" && u.local() == "SetFolderField" && f.dist == "":
		name := u.kids[1].str("DisplayName")
		if sameName(f.parent, name, f) {
			return fail("ErrorFolderExists", "A folder with the specified name already exists.")
		}
		f.name = name
	case p.name == "PermissionSet":
	default:
		return invalidSet(p.uri())
	}
	return nil
}

func (c *call) deleteFolder() (*node, error) {
	return c.each("DeleteFolder", c.req.kid("FolderIds").kids, nil, func(n *node) ([]*node, error) {
		f, err := c.findFolder(n)
		if err != nil {
			return nil, err
		}
		if f.dist != "" {
			return nil, fail("ErrorDeleteDistinguishedFolder", "Distinguished folders cannot be deleted.")
		}
		bin := f.box.named["deleteditems"]
		if c.req.at("DeleteType") == "MoveToDeletedItems" && !f.within(bin) {
			f.name = freeName(bin, f)
			f.box.moveFolder(f, bin)
			return nil, nil
		}
		f.box.removeFolder(f)
		return nil, nil
	})
}

// freeName is f's name, with a number when parent has one of that name.
func freeName(parent *folder, f *folder) string {
	name := f.name
	for i := 1; sameName(parent, name, f); i++ {
		name = f.name + itoa(i)
	}
	return name
}

func (c *call) emptyFolder() (*node, error) {
	return c.each("EmptyFolder", c.req.kid("FolderIds").kids, nil, func(n *node) ([]*node, error) {
		f, err := c.findFolder(n)
		if err != nil {
			return nil, err
		}
		if under(f.class, "IPF.Appointment") {
			return nil, fail("ErrorCannotEmptyFolder", "The folder cannot be emptied.")
		}
		for _, it := range f.sorted() {
			c.discard(it, c.req.at("DeleteType"))
		}
		if isTrue(c.req.at("DeleteSubFolders")) {
			for _, k := range f.kids() {
				if k.dist == "" {
					f.box.removeFolder(k)
				}
			}
		}
		return nil, nil
	})
}

func (c *call) moveFolder() (*node, error) {
	to, err := c.target(c.req.kid("ToFolderId"))
	return c.each("MoveFolder", c.req.kid("FolderIds").kids, []*node{el("m:Folders")}, func(n *node) ([]*node, error) {
		if err != nil {
			return nil, fail("ErrorToFolderNotFound", "The destination folder could not be found.")
		}
		f, err := c.findFolder(n)
		switch {
		case err != nil:
			return nil, err
		case f.dist != "":
			return nil, fail("ErrorMoveDistinguishedFolder", "Distinguished folders cannot be moved.")
		case f.box != to.box || to.within(f):
			return nil, fail("ErrorMoveCopyFailed", "The move or copy operation failed.")
		case sameName(to, f.name, f):
			return nil, fail("ErrorFolderExists", "A folder with the specified name already exists.")
		}
		f.box.moveFolder(f, to)
		return []*node{el("m:Folders", el(f.element(), c.folderID("t:FolderId", f)))}, nil
	})
}
