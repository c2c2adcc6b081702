package graphsim

import (
	"cmp"
	"slices"
	"time"
)

// kind says what a ref or a folder is about.
type kind byte

const (
	kindFolder kind = iota + 1
	kindEvent
	kindContact
	kindTask
	kindMessage
	kindAttachment // in ids only
)

// mailbox is one user's data. It is read and changed under Sim.mu only.
type mailbox struct {
	user    User
	id      string // GUID of the user
	no      uint32
	zone    zone
	next    uint32 // number of the last folder or item made
	change  uint64 // number of the last change
	folders map[uint32]*folder
	items   map[uint32]*item
	defs    map[kind]*folder   // default calendar, contact folder and task list, Inbox
	named   map[string]*folder // mail folders by their well-known names
	used    map[string]posted
	rounds  map[string]*round // delta states by token
	tokens  []string          // their order, oldest first
}

// posted is what a transactionId was used for.
type posted struct {
	item uint32
	body string // what was sent, to tell a second try from another event
}

// folder is a calendar, a contact folder, a task list or a mail folder.
type folder struct {
	no      uint32
	kind    kind // of its items
	box     *mailbox
	parent  *folder // of contact and mail folders; nil for the default one or the root, calendars and lists
	props   object
	ext     map[string]extended
	items   []*item // by number
	dead    []grave // items that are no longer here
	key     uint64
	shown   string // wellknownListName of a task list
	created time.Time
}

// grave is an item that left a folder, for deltas to tell of.
type grave struct {
	no, place uint32
	change    uint64
}

// item is an event, a contact, a task or a message.
type item struct {
	no       uint32
	kind     kind
	box      *mailbox
	in       *folder
	place    uint32 // number of the stay in that folder: coming back is another one
	props    object // in the spelling of model.body
	ext      map[string]extended
	created  time.Time
	modified time.Time
	key      uint64 // number of the last change

	when      when // of events
	rule      *rule
	changed   map[int]*exception // by original day
	cancelled map[int]bool
	organizer object // recipient; nil is the mailbox's user
	answer    string // responseType to an invitation; "" is none yet
	own       uint64 // number of the last change that was not of one occurrence alone
	linked    []object
	checklist []object
	photo     []byte
	files     []*attached // of occurrences: exception.files
}

// exception is an occurrence that differs from its series.
type exception struct {
	props    object // what differs only
	ext      map[string]extended
	when     *when // nil when the times are the series'
	files    []*attached
	modified time.Time
	key      uint64
}

// extended is a single-value extended property.
type extended struct{ id, value string }

func byNumber(it *item, no uint32) int { return cmp.Compare(it.no, no) }

// bump takes the next change number for an item; day is the occurrence that alone was changed, or noDay.
func (b *mailbox) bump(it *item, day int, now time.Time) {
	b.change++
	it.key, it.modified = b.change, now
	if day == noDay {
		it.own = it.key
	}
}

// put makes an item belong to a folder, and no longer to another.
func (f *folder) put(it *item) {
	if it.in != nil {
		it.in.drop(it)
	}
	f.box.next++
	it.in, it.place = f, f.box.next
	i, _ := slices.BinarySearchFunc(f.items, it.no, byNumber)
	f.items = slices.Insert(f.items, i, it)
}

// drop takes an item out of a folder and remembers that it was there.
func (f *folder) drop(it *item) {
	i, ok := slices.BinarySearchFunc(f.items, it.no, byNumber)
	if !ok {
		return
	}
	f.items = slices.Delete(f.items, i, i+1)
	f.box.change++
	f.dead = append(f.dead, grave{it.no, it.place, f.box.change})
	it.in = nil
}

// remove takes an item out of the mailbox.
func (b *mailbox) remove(it *item) {
	it.in.drop(it)
	delete(b.items, it.no)
}

// newItem makes an item that belongs to no folder yet.
func (b *mailbox) newItem(k kind, now time.Time) *item {
	b.next++
	it := &item{no: b.next, kind: k, box: b, props: object{}, ext: map[string]extended{}, created: now}
	b.items[it.no] = it
	return it
}

func (b *mailbox) newFolder(k kind, parent *folder, props object, now time.Time) *folder {
	b.next++
	b.change++
	f := &folder{no: b.next, kind: k, box: b, parent: parent, props: props, ext: map[string]extended{}, key: b.change,
		shown: "none", created: now}
	b.folders[f.no] = f
	return f
}

// list is the mailbox's folders of one kind in the order they were made.
func (b *mailbox) list(k kind) []*folder {
	var out []*folder
	for _, f := range b.folders {
		if f.kind == k {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b *folder) int { return cmp.Compare(a.no, b.no) })
	return out
}

// removeFolder takes a folder away with all that is in it, and its child folders.
func (b *mailbox) removeFolder(f *folder) {
	for _, c := range b.list(f.kind) {
		if c.parent == f {
			b.removeFolder(c)
		}
	}
	for _, it := range slices.Clone(f.items) {
		b.remove(it)
	}
	delete(b.folders, f.no)
	b.change++
}

// folderID is the constant id of a folder.
func (s *Sim) folderID(f *folder) string {
	return s.id(ref{kind: kindFolder, box: f.box.no, no: f.no, day: noDay})
}

// itemID is the id of an item or one of its occurrences. Tasks have no immutable ids.
func (s *Sim) itemID(it *item, day int, immutable bool) string {
	return s.placedID(it.kind, it.box, entry{it.no, it.place, day}, immutable)
}

// placedID is the id that something has or had during a stay in a folder.
func (s *Sim) placedID(k kind, b *mailbox, e entry, immutable bool) string {
	r := ref{kind: k, box: b.no, no: e.no, day: int32(e.day)}
	if !immutable || k == kindTask {
		r.place = e.place
	}
	return s.id(r)
}
