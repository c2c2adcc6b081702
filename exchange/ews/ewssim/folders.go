package ewssim

import (
	"slices"
	"sort"
	"strings"
)

func sortFolders(list []*folder) {
	sort.Slice(list, func(i, j int) bool {
		a, b := strings.ToLower(list[i].name), strings.ToLower(list[j].name)
		return a < b || (a == b && list[i].num < list[j].num)
	})
}

func folderOperations() map[string]func(c *call) (*node, error) {
	return map[string]func(c *call) (*node, error){
		"GetFolder": (*call).getFolder, "FindFolder": (*call).findFolders, "CreateFolder": (*call).createFolder,
		"UpdateFolder": (*call).updateFolder, "DeleteFolder": (*call).deleteFolder, "EmptyFolder": (*call).emptyFolder,
		"MoveFolder": (*call).moveFolder, "SyncFolderHierarchy": (*call).syncHierarchy,
	}
}

// folderClass is the element of a folder: by its class, as the product decides.
func (f *folder) element() string {
	switch {
	case under(f.class, "IPF.Appointment"):
		return "t:CalendarFolder"
	case under(f.class, "IPF.Contact"):
		return "t:ContactsFolder"
	case under(f.class, "IPF.Task"):
		return "t:TasksFolder"
	}
	return "t:Folder"
}

// under says whether a class is another one or derived from it.
func under(class, base string) bool {
	class, base = strings.ToLower(class), strings.ToLower(base)
	return class == base || strings.HasPrefix(class, base+".")
}

// folderShape is what is wanted of folders.
type folderShape struct {
	base  string
	paths []path
}

func readFolderShape(n *node) (folderShape, error) {
	sh := folderShape{base: n.str("BaseShape")}
	for _, k := range n.kid("AdditionalProperties").all() {
		p, err := parsePath(k)
		if err != nil {
			return sh, err
		}
		if p.kind == 'u' && p.space != "folder" {
			return sh, fail("ErrorInvalidPropertyRequest", "The property can not be used with this type of request.")
		}
		sh.paths = append(sh.paths, p)
	}
	return sh, nil
}

func (c *call) showFolder(f *folder, sh folderShape) *node {
	want := map[string]bool{"FolderId": true}
	if sh.base != "IdOnly" {
		for _, name := range []string{"DisplayName", "TotalCount", "ChildFolderCount", "UnreadCount"} {
			want[name] = true
		}
	}
	if sh.base == "AllProperties" {
		for _, name := range []string{"ParentFolderId", "FolderClass", "EffectiveRights", "DistinguishedFolderId"} {
			want[name] = true
		}
	}
	for _, p := range sh.paths {
		if p.kind == 'u' {
			want[p.name] = true
		}
	}
	out := el(f.element())
	add := func(name string, n *node) {
		if want[name] && n != nil {
			out.kids = append(out.kids, n)
		}
	}
	total, unread := f.count()
	add("FolderId", c.folderID("t:FolderId", f))
	if f.parent != nil {
		add("ParentFolderId", c.folderID("t:ParentFolderId", f.parent))
	} else {
		add("ParentFolderId", c.folderID("t:ParentFolderId", f))
	}
	if f.class != "" {
		add("FolderClass", el("t:FolderClass", f.class))
	}
	add("DisplayName", el("t:DisplayName", f.name))
	add("TotalCount", el("t:TotalCount", itoa(total)))
	add("ChildFolderCount", el("t:ChildFolderCount", itoa(len(f.kids()))))
	for _, p := range sh.paths {
		if p.kind == 'x' {
			if n := f.ext[p.ext]; n != nil {
				out.kids = append(out.kids, n)
			} else if text := f.mirror(p.ext, total, unread); text != "" {
				out.kids = append(out.kids, el("t:ExtendedProperty", p.node.renamed("t:ExtendedFieldURI"), el("t:Value", text)))
			}
		}
	}
	rights := fullRights()
	for i := range rights.kids {
		rights.kids[i] = el(rights.kids[i].name, boolText(f.dist == "" || rights.kids[i].local() != "Delete"))
	}
	add("EffectiveRights", rights.renamed("t:EffectiveRights"))
	if f.dist != "" {
		add("DistinguishedFolderId", el("t:DistinguishedFolderId", f.dist))
	}
	if e := f.element(); e == "t:Folder" || e == "t:TasksFolder" {
		add("UnreadCount", el("t:UnreadCount", itoa(unread)))
	}
	if c.opt.Later {
		slices.Reverse(out.kids)
		out.kids = append([]*node{el("t:PropertyOfTomorrow", el("t:DisplayName", "no name"))}, out.kids...)
	}
	return out
}

// mirror is what the store keeps of a folder under a tag (MS-OXPROPS), "" without.
func (f *folder) mirror(key string, total, unread int) string {
	switch key {
	case "tag:3001:String":
		return f.name
	case "tag:3602:Integer":
		return itoa(total)
	case "tag:3603:Integer":
		return itoa(unread)
	case "tag:360a:Boolean":
		return boolText(len(f.kids()) > 0)
	case "tag:3613:String":
		return f.class
	case "tag:3008:SystemTime", "tag:670a:SystemTime": // last change, and last change of contents
		return stamp(f.changed)
	}
	return ""
}

func (f *folder) count() (total, unread int) {
	for _, it := range f.box.items {
		if it.folder == f && !it.associated {
			total++
			if it.isMessage() && it.text("IsRead") != "true" {
				unread++
			}
		}
	}
	return total, unread
}

func (c *call) getFolder() (*node, error) {
	sh, err := readFolderShape(c.req.kid("FolderShape"))
	if err != nil {
		return nil, err
	}
	return c.each("GetFolder", c.req.kid("FolderIds").kids, []*node{el("m:Folders")}, func(n *node) ([]*node, error) {
		f, err := c.findFolder(n)
		if err != nil {
			return nil, err
		}
		return []*node{el("m:Folders", c.showFolder(f, sh))}, nil
	})
}

// below lists the folders below root, in the order of a tree; the hidden ones only below the root of all.
func below(root *folder, deep bool) []*folder {
	var list []*folder
	for _, k := range root.kids() {
		if k.hidden && root.dist != "root" && !root.hidden {
			continue
		}
		list = append(list, k)
		if deep {
			list = append(list, below(k, true)...)
		}
	}
	return list
}

func (c *call) findFolders() (*node, error) {
	sh, err := readFolderShape(c.req.kid("FolderShape"))
	if err != nil {
		return nil, err
	}
	return c.each("FindFolder", c.req.kid("ParentFolderIds").kids, nil, func(n *node) ([]*node, error) {
		root, err := c.findFolder(n)
		if err != nil {
			return nil, err
		}
		var list []*folder
		if c.req.at("Traversal") != "SoftDeleted" {
			list = below(root, c.req.at("Traversal") == "Deep")
		}
		if r := c.req.kid("Restriction"); r != nil {
			if list, err = c.restrictFolders(list, r.first()); err != nil {
				return nil, err
			}
		}
		page, total, last, offset := pageOf(list, c.req.kid("IndexedPageFolderView"), c.opt.MaxFind)
		out := el("m:RootFolder", attr{"IndexedPagingOffset", itoa(offset)}, attr{"TotalItemsInView", itoa(total)},
			attr{"IncludesLastItemInRange", boolText(last)})
		folders := el("t:Folders")
		for _, f := range page {
			folders.kids = append(folders.kids, c.showFolder(f, sh))
		}
		out.kids = []*node{folders}
		return []*node{out}, nil
	})
}

// pageOf cuts a page out of a list by an IndexedPageViewType.
func pageOf[T any](list []T, page *node, limit int) (part []T, total int, last bool, next int) {
	total = len(list)
	offset, most := 0, limit
	if page != nil {
		offset = max(atoi(page.at("Offset")), 0)
		if v := page.at("MaxEntriesReturned"); v != "" {
			most = min(max(atoi(v), 0), limit)
		}
		if page.at("BasePoint") == "End" {
			list = slices.Clone(list)
			slices.Reverse(list)
		}
	}
	begin := min(offset, total)
	end := min(begin+most, total)
	return list[begin:end], total, end == total, end
}

// sorted are a folder's items, the newest first.
func (f *folder) sorted() []*item {
	var list []*item
	for _, it := range f.box.items {
		if it.folder == f {
			list = append(list, it)
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].num > list[j].num })
	return list
}
