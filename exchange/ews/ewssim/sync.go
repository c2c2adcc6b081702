package ewssim

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/json"
	"slices"
	"sort"
)

// syncState is what a SyncState says. It is signed: a state of another folder, server or kind is refused.
type syncState struct {
	Kind   string // items or tree
	Box    int
	Root   uint64 // folder
	Base   uint64 // changes up to here are known in full
	Pos    uint64 // changes up to here have been told
	Before uint64 // while listing for the first time: items with smaller numbers are still to come
	After  uint64 `json:",omitempty"` // of folders: those with larger numbers are
	Epoch  int    // states of an earlier epoch are invalid
}

func (s *Sim) encodeState(st syncState) string {
	st.Epoch = s.epoch
	text, err := json.Marshal(st)
	if err != nil {
		panic(err) // of numbers and texts only
	}
	return base64.StdEncoding.EncodeToString(append(s.sign(text), text...))
}

// decodeState reads a state; "" is the one before everything.
func (s *Sim) decodeState(text string, kind string, f *folder) (syncState, error) {
	fresh := syncState{Kind: kind, Box: f.box.index, Root: f.num}
	if text == "" {
		return fresh, nil
	}
	invalid := fail("ErrorInvalidSyncStateData", "The sync state data is corrupted or otherwise invalid.")
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(raw) < 33 || !hmac.Equal(s.sign(raw[32:]), raw[:32]) {
		return fresh, invalid
	}
	var st syncState
	if err := json.Unmarshal(raw[32:], &st); err != nil || st.Kind != kind || st.Box != fresh.Box || st.Root != fresh.Root || st.Epoch != s.epoch {
		return fresh, invalid
	}
	return st, nil
}

const maxSync = 512

func (c *call) syncItems() (*node, error) {
	const op = "SyncFolderItems"
	out, err := c.syncItemsPage()
	if err != nil {
		f := asFailure(err)
		if f.fault {
			return nil, err
		}
		return respond(op, []*node{problem(op, f, el("m:SyncState"), el("m:IncludesLastItemInRange", "true"))}), nil
	}
	return respond(op, []*node{success(op, out)}), nil
}

func (c *call) syncItemsPage() ([]*node, error) {
	sh, err := c.readShape(c.req.kid("ItemShape"), true)
	if err != nil {
		return nil, asFault(err)
	}
	f, err := c.target(c.req.kid("SyncFolderId"))
	if err != nil {
		if asFailure(err).code == "ErrorFolderNotFound" {
			err = fail("ErrorSyncFolderNotFound", "The folder to synchronize could not be found.")
		}
		return nil, err
	}
	st, err := c.decodeState(c.req.str("SyncState"), "items", f)
	if err != nil {
		return nil, err
	}
	most := atoi(c.req.str("MaxChangesReturned"))
	if most < 1 || most > maxSync {
		return nil, broken(c.req.kid("MaxChangesReturned"), "The value of MaxChangesReturned must lie between 1 and 512.")
	}
	ignore := map[uint64]bool{}
	for _, n := range c.req.kid("Ignore").all() {
		if t, err := c.decodeID(n.at("Id")); err == nil {
			ignore[t.num] = true
		}
	}
	var changes []*node
	last := true
	if st.Base == 0 || st.Before != 0 {
		changes, last, st = c.firstPage(f, st, most, ignore, sh)
	} else {
		changes, last, st = c.laterPage(f, st, most, ignore, sh)
	}
	return []*node{el("m:SyncState", c.encodeState(st)), el("m:IncludesLastItemInRange", boolText(last)), el("m:Changes", changes)}, nil
}

// wanted says whether an item is one that the request's scope includes.
func (c *call) wanted(it *item) bool {
	return !it.associated || c.req.str("SyncScope") == "NormalAndAssociatedItems"
}

// firstPage lists what is there, the newest first.
func (c *call) firstPage(f *folder, st syncState, most int, ignore map[uint64]bool, sh *shape) ([]*node, bool, syncState) {
	if st.Base == 0 {
		st.Base = f.box.seq
		st.Pos = st.Base
	}
	var out []*node
	for _, it := range f.sorted() {
		if (st.Before != 0 && it.num >= st.Before) || ignore[it.num] || !c.wanted(it) {
			continue
		}
		if len(out) == most {
			return out, false, st
		}
		out = append(out, el("t:Create", c.render(view{it: it}, sh)))
		st.Before = it.num
	}
	// What changed while the pages were read comes as changes since the first of them.
	st.Before = 0
	return out, !c.pending(f, st), st
}

// pending says whether there are changes after a state.
func (c *call) pending(f *folder, st syncState) bool {
	n := len(f.changes)
	return n > 0 && f.changes[n-1].seq > st.Pos
}

// laterPage lists what changed after a state, each item once.
func (c *call) laterPage(f *folder, st syncState, most int, ignore map[uint64]bool, sh *shape) ([]*node, bool, syncState) {
	type summary struct {
		num, last uint64
		born      bool // after Base
		gone      bool
		onlyRead  bool
	}
	byNum := map[uint64]*summary{}
	begin := sort.Search(len(f.changes), func(i int) bool { return f.changes[i].seq > st.Base })
	for _, ch := range f.changes[begin:] {
		sum := byNum[ch.num]
		if sum == nil {
			sum = &summary{num: ch.num, onlyRead: true}
			byNum[ch.num] = sum
		}
		sum.last = ch.seq
		sum.born = sum.born || ch.what == 'c'
		sum.gone = ch.what == 'd'
		if ch.seq > st.Pos {
			sum.onlyRead = sum.onlyRead && ch.what == 'r'
		}
	}
	var list []*summary
	for _, sum := range byNum {
		if sum.last > st.Pos && !ignore[sum.num] && !(sum.born && sum.gone && st.Pos == st.Base) {
			list = append(list, sum)
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].last < list[j].last })
	last := len(list) <= most
	if !last {
		list = list[:most]
	}
	var out []*node
	for _, sum := range list {
		st.Pos = sum.last
		id := c.encodeID(thing{'i', f.box.index, sum.num, 0})
		it := f.box.items[sum.num]
		switch {
		case sum.gone || it == nil || it.folder != f:
			out = append(out, el("t:Delete", idNode("t:ItemId", id, encodeKey('i', sum.last))))
		case !c.wanted(it):
		case sum.onlyRead && !sum.born:
			out = append(out, el("t:ReadFlagChange", c.itemID("t:ItemId", it), el("t:IsRead", boolText(it.text("IsRead") == "true"))))
		case sum.born:
			out = append(out, el("t:Create", c.render(view{it: it}, sh)))
		default:
			out = append(out, el("t:Update", c.render(view{it: it}, sh)))
		}
	}
	slices.Reverse(out)
	if last {
		st.Pos = f.box.seq
		st.Base = st.Pos
	}
	return out, last, st
}

func (c *call) syncHierarchy() (*node, error) {
	const op = "SyncFolderHierarchy"
	out, err := c.syncHierarchyPage()
	if err != nil {
		f := asFailure(err)
		if f.fault {
			return nil, err
		}
		return respond(op, []*node{problem(op, f)}), nil
	}
	return respond(op, []*node{success(op, out)}), nil
}

func (c *call) syncHierarchyPage() ([]*node, error) {
	sh, err := readFolderShape(c.req.kid("FolderShape"))
	if err != nil {
		return nil, asFault(err)
	}
	var root *folder
	if n := c.req.kid("SyncFolderId"); n != nil {
		root, err = c.target(n)
	} else {
		var b *mailbox
		if b, err = c.mustBox(); err == nil {
			root = b.named["msgfolderroot"]
		}
	}
	if err != nil {
		if asFailure(err).code == "ErrorFolderNotFound" {
			err = fail("ErrorSyncFolderNotFound", "The folder to synchronize could not be found.")
		}
		return nil, err
	}
	st, err := c.decodeState(c.req.str("SyncState"), "tree", root)
	if err != nil {
		return nil, err
	}
	page := c.laterFolders
	if st.Base == 0 || st.After != 0 {
		page = c.firstFolders
	}
	changes, last, st := page(root, st, sh)
	return []*node{el("m:SyncState", c.encodeState(st)), el("m:IncludesLastFolderInRange", boolText(last)), el("m:Changes", changes)}, nil
}

// firstFolders lists the folders that are there, in the order in which they were made. What becomes of them meanwhile comes as changes.
func (c *call) firstFolders(root *folder, st syncState, sh folderShape) ([]*node, bool, syncState) {
	if st.Base == 0 {
		st.Base = root.box.seq
		st.Pos = st.Base
	}
	list := below(root, true)
	sort.Slice(list, func(i, j int) bool { return list[i].num < list[j].num })
	var out []*node
	for _, f := range list {
		if f.num <= st.After {
			continue
		}
		if len(out) == c.opt.MaxFolders {
			return out, false, st
		}
		out = append(out, el("t:Create", c.showFolder(f, sh)))
		st.After = f.num
	}
	st.After = 0
	n := len(root.box.tree)
	return out, n == 0 || root.box.tree[n-1].seq <= st.Pos, st
}

// laterFolders are the changes of folders after a state, each folder once. One that left the root's tree is one that is gone.
func (c *call) laterFolders(root *folder, st syncState, sh folderShape) ([]*node, bool, syncState) {
	b := root.box
	seen := map[uint64]bool{}
	var list []change
	for i := len(b.tree) - 1; i >= 0 && b.tree[i].seq > st.Pos; i-- {
		if num := b.tree[i].num; !seen[num] {
			seen[num] = true
			list = append(list, b.tree[i])
		}
	}
	slices.Reverse(list)
	last := len(list) <= c.opt.MaxFolders
	if !last {
		list = list[:c.opt.MaxFolders]
	}
	var out []*node
	for _, ch := range list {
		st.Pos = ch.seq
		switch f := b.folders[ch.num]; {
		case f == nil || !f.within(root):
			out = append(out, el("t:Delete", idNode("t:FolderId", c.encodeID(thing{'f', b.index, ch.num, 0}), "")))
		case f.born > st.Base:
			out = append(out, el("t:Create", c.showFolder(f, sh)))
		default:
			out = append(out, el("t:Update", c.showFolder(f, sh)))
		}
	}
	if last {
		st.Pos = b.seq
		st.Base = st.Pos
	}
	return out, last, st
}
