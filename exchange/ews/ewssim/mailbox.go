package ewssim

import (
	"fmt"
	"strings"
	"time"
)

// mailbox is the data of a Mailbox. Everything in it is guarded by Sim.mu.
type mailbox struct {
	Mailbox
	index   int
	now     func() time.Time
	zone    *time.Location
	folders map[uint64]*folder
	items   map[uint64]*item
	named   map[string]*folder // distinguished ones
	nums    uint64             // last number given to a folder or item
	seq     uint64             // last change; versions are numbers of changes
	tree    []change           // of folders
	configs map[string]*node   // user configurations by folder and name
}

// change is a line of the log that synchronisation reads.
type change struct {
	seq  uint64
	num  uint64
	what byte // 'c' created, 'u' changed, 'd' gone, 'r' only read or unread
	// Of an item that came by a move: where it was, and its number there. Of one that went: that it came elsewhere.
	from  *folder
	was   uint64
	moved bool
	// Of a folder: where it is, or was; from is where it was before a move.
	at *folder
}

type folder struct {
	box     *mailbox
	num     uint64
	parent  *folder
	name    string
	class   string
	dist    string // distinguished name, "" for people's own
	key     uint64
	born    uint64
	hidden  bool // not below msgfolderroot or root in any list
	ext     map[string]*node
	changes []change
	changed time.Time // its contents
}

// item is what lies in a folder. A kid element of props is never changed in place.
type item struct {
	box        *mailbox
	folder     *folder
	num        uint64
	class      string // element name: CalendarItem, Task, Contact, Message, MeetingRequest, …
	key        uint64
	born       uint64
	props      map[string]*node // by element name
	ext        map[string]*node // by extKey
	files      []*attachment
	series     *series // nil without recurrence
	created    time.Time
	modified   time.Time
	associated bool
	history    map[string]uint64 // property to the version that set it last
	mime       []byte            // as uploaded, nil otherwise
}

// standardFolders are a new mailbox's: distinguished name, display name, class, parent.
func standardFolders() [][4]string {
	return [][4]string{
		{"root", "root", "", ""},
		{"msgfolderroot", "Top of Information Store", "IPF.Note", "root"},
		{"searchfolders", "Finder", "IPF.Note", "root"},
		{"recoverableitemsroot", "Recoverable Items", "", "root"},
		{"recoverableitemsdeletions", "Deletions", "", "recoverableitemsroot"},
		{"calendar", "Calendar", "IPF.Appointment", "msgfolderroot"},
		{"contacts", "Contacts", "IPF.Contact", "msgfolderroot"},
		{"deleteditems", "Deleted Items", "IPF.Note", "msgfolderroot"},
		{"drafts", "Drafts", "IPF.Note", "msgfolderroot"},
		{"inbox", "Inbox", "IPF.Note", "msgfolderroot"},
		{"journal", "Journal", "IPF.Journal", "msgfolderroot"},
		{"junkemail", "Junk Email", "IPF.Note", "msgfolderroot"},
		{"notes", "Notes", "IPF.StickyNote", "msgfolderroot"},
		{"outbox", "Outbox", "IPF.Note", "msgfolderroot"},
		{"sentitems", "Sent Items", "IPF.Note", "msgfolderroot"},
		{"tasks", "Tasks", "IPF.Task", "msgfolderroot"},
	}
}

func newMailbox(m Mailbox, index int, now func() time.Time) (*mailbox, error) {
	if m.Name == "" {
		m.Name = m.Address
	}
	if m.Zone == "" {
		m.Zone = "UTC"
	}
	zone, ok := zoneOf(m.Zone)
	if !ok {
		return nil, fmt.Errorf("ewssim: mailbox %s: unknown Windows zone %q", m.Address, m.Zone)
	}
	b := &mailbox{Mailbox: m, index: index, now: now, zone: zone, folders: map[uint64]*folder{}, items: map[uint64]*item{},
		named: map[string]*folder{}, configs: map[string]*node{}}
	for _, f := range standardFolders() {
		made := b.addFolder(b.named[f[3]], f[1], f[2])
		made.dist = f[0]
		made.hidden = f[3] == "" || strings.HasPrefix(f[0], "recoverable") || f[0] == "searchfolders"
		b.named[f[0]] = made
	}
	return b, nil
}

func (b *mailbox) addFolder(parent *folder, name, class string) *folder {
	b.nums++
	b.seq++
	f := &folder{box: b, num: b.nums, parent: parent, name: name, class: class, key: b.seq, born: b.seq, ext: map[string]*node{}, changed: b.now()}
	b.folders[f.num] = f
	b.tree = append(b.tree, change{seq: b.seq, num: f.num, what: 'c', at: parent})
	return f
}

func (b *mailbox) touchFolder(f *folder) {
	b.seq++
	f.key = b.seq
	b.tree = append(b.tree, change{seq: b.seq, num: f.num, what: 'u', at: f.parent})
}

// moveFolder takes a folder, with all that lies in it, to another place; its id stays.
func (b *mailbox) moveFolder(f, to *folder) {
	old := f.parent
	f.parent = to
	b.touchFolder(f)
	b.tree[len(b.tree)-1].from = old
}

// removeFolder drops a folder with all that lies in it.
func (b *mailbox) removeFolder(f *folder) {
	for _, k := range b.folders {
		if k.parent == f {
			b.removeFolder(k)
		}
	}
	for _, it := range b.items {
		if it.folder == f {
			delete(b.items, it.num)
		}
	}
	b.seq++
	b.tree = append(b.tree, change{seq: b.seq, num: f.num, what: 'd', at: f.parent})
	delete(b.folders, f.num)
}

// within says whether f is root or lies below it.
func (f *folder) within(root *folder) bool {
	for ; f != nil; f = f.parent {
		if f == root {
			return true
		}
	}
	return false
}

// kids are the folders directly below, by name.
func (f *folder) kids() []*folder {
	var list []*folder
	for _, k := range f.box.folders {
		if k.parent == f {
			list = append(list, k)
		}
	}
	sortFolders(list)
	return list
}

// newItem makes an empty item that is in no folder yet.
func (b *mailbox) newItem(class string, now time.Time) *item {
	b.nums++
	return &item{box: b, num: b.nums, class: class, props: map[string]*node{}, ext: map[string]*node{}, created: now, modified: now,
		history: map[string]uint64{}}
}

// put stores an item in a folder.
func (b *mailbox) put(it *item, f *folder) {
	b.seq++
	it.folder, it.key, it.born = f, b.seq, b.seq
	b.items[it.num] = it
	f.changes, f.changed = append(f.changes, change{seq: b.seq, num: it.num, what: 'c'}), b.now()
}

// touch notes that an item changed.
func (b *mailbox) touch(it *item, what byte, now time.Time) {
	b.seq++
	it.key, it.modified = b.seq, now
	it.folder.changes, it.folder.changed = append(it.folder.changes, change{seq: b.seq, num: it.num, what: what}), now
}

// take removes an item.
func (b *mailbox) take(it *item) {
	b.seq++
	it.folder.changes, it.folder.changed = append(it.folder.changes, change{seq: b.seq, num: it.num, what: 'd'}), b.now()
	delete(b.items, it.num)
}

// move takes an item to another folder, where it is a new one: "item is actually copied, new ID generated".
func (b *mailbox) move(it *item, to *folder) *item {
	old := *it
	b.take(&old)
	moved := it.clone(to.box)
	moved.created = it.created
	to.box.put(moved, to)
	if to.box == b { // between mailboxes it is a copy and a deletion
		old.folder.changes[len(old.folder.changes)-1].moved = true
		last := &to.changes[len(to.changes)-1]
		last.from, last.was = old.folder, old.num
	}
	return moved
}

// clone is a copy with a number of its own, in no folder.
func (it *item) clone(b *mailbox) *item {
	c := *it
	b.nums++
	c.box, c.num, c.folder = b, b.nums, nil
	c.props, c.ext, c.history = cloneMap(it.props), cloneMap(it.ext), map[string]uint64{}
	c.files = nil
	for _, f := range it.files {
		copied := *f
		c.files = append(c.files, &copied)
	}
	if it.series != nil {
		c.series = it.series.clone()
	}
	return &c
}

func cloneMap[K comparable, V any](m map[K]V) map[K]V {
	c := make(map[K]V, len(m))
	for k, v := range m {
		c[k] = v
	}
	return c
}

// text is a property's text, "" without it.
func (it *item) text(name string) string {
	if p := it.props[name]; p != nil {
		return p.text
	}
	return ""
}

// time is a property that is an instant; the zero time without it.
func (it *item) time(name string) time.Time {
	t, _ := parseTime(it.text(name), time.UTC)
	return t
}

// set stores a property as text.
func (it *item) set(name, text string) { it.props[name] = el("t:"+name, text) }

// setDefault stores a property unless there is one.
func (it *item) setDefault(name, text string) {
	if it.props[name] == nil {
		it.set(name, text)
	}
}

// isCalendar says whether an item is an appointment or meeting.
func (it *item) isCalendar() bool { return it.class == "CalendarItem" }

// isMessage says whether an item is mail of some kind.
func (it *item) isMessage() bool {
	return it.class == "Message" || strings.HasPrefix(it.class, "Meeting")
}

func (s *Sim) boxByAddress(address string) *mailbox {
	for _, b := range s.boxes {
		if strings.EqualFold(b.Address, strings.TrimSpace(address)) {
			return b
		}
	}
	return nil
}
