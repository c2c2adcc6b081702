package memory

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
)

// The collections that there are without Options.Collections.
const (
	Activities remote.CollectionID = "activities" // events and tasks
	Contacts   remote.CollectionID = "contacts"
)

// System is what a driver stands before. Its methods are what a person at its screen
// does, behind the driver's back; they never fail on purpose. Use New.
type System struct {
	opt Options
	loc *time.Location
	// names finds what items name in lists; nil: nothing is looked up.
	names Names

	mu    sync.Mutex
	cols  []remote.Collection // only ever longer
	rows  map[remote.CollectionID]map[remote.ItemID]*row
	keys  map[string]remote.ItemID
	seq   uint64 // of changes; rises with each
	ids   uint64
	epoch uint64 // of cursors

	companies []Company
	// things are what items can be tied to and nothing else, by role.
	things map[string]map[remote.ItemID]string
	mails  []Mail
	// watches are the hints of those who watch.
	watches map[int]func()
	watched int
	// groups are the members of each group, by its name.
	groups map[string]map[remote.ItemID]bool

	faults faults
}

// row is one item, or what is left of a deleted one.
type row struct {
	id      remote.ItemID
	item    pim.Item // nil: deleted
	uid     string
	key     string
	owner   string
	seq     uint64
	born    uint64 // seq when it was made
	version string
	changed time.Time
	// ties are the records it is tied to, by role.
	ties    map[string]remote.ItemID
	columns map[string]string // those of Options.Columns that are filled
	files   []file
}

// New makes an empty system. names may be nil: names that items carry stay as they are written.
func New(o Options, names Names) (*System, error) {
	o, loc, err := o.complete()
	if err != nil {
		return nil, err
	}
	m := &System{
		opt: o, loc: loc, names: names,
		rows: map[remote.CollectionID]map[remote.ItemID]*row{},
		keys: map[string]remote.ItemID{}, epoch: 1, groups: map[string]map[remote.ItemID]bool{},
	}
	for _, c := range o.collections() {
		m.addFolder(c)
	}
	return m, nil
}

// Options are those of New, complete.
func (m *System) Options() Options { return m.opt }

// AddFolder makes a collection, as a person does. One that is there already stays as it is.
func (m *System) AddFolder(c remote.Collection) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.addFolder(c)
}

func (m *System) addFolder(c remote.Collection) {
	if m.rows[c.ID] == nil {
		m.rows[c.ID] = map[remote.ItemID]*row{}
		m.cols = append(m.cols, c)
	}
}

// home is the first collection of a kind.
func (m *System) home(k pim.Kind) remote.CollectionID {
	if i := slices.IndexFunc(m.cols, func(c remote.Collection) bool { return c.Kinds.Has(k) }); i >= 0 {
		return m.cols[i].ID
	}
	panic("memory: no collection of " + k.String()) // a fault in the calling test, which said what the system keeps
}

// Add makes an item in the first collection of its kind, which there is; it belongs to owner ("" is the connected person).
func (m *System) Add(it pim.Item, owner string) remote.ItemID {
	m.mu.Lock()
	defer m.mu.Unlock()
	if owner == "" {
		owner = m.opt.User
	}
	return m.insert(m.home(it.Kind()), it, "", "", owner).id
}

// AddTo is Add to a collection, which there is, for the connected person.
func (m *System) AddTo(c remote.CollectionID, it pim.Item) remote.ItemID {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.insert(c, it, "", "", m.opt.User).id
}

// Edit changes an item in place. It reports false when there is none.
func (m *System) Edit(c remote.CollectionID, id remote.ItemID, change func(pim.Item)) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.living(c, id)
	if r == nil {
		return false
	}
	it := pim.Clone(r.item)
	change(it)
	m.write(r, it)
	return true
}

// Give hands an item to another owner.
func (m *System) Give(c remote.CollectionID, id remote.ItemID, owner string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.living(c, id)
	if r == nil {
		return false
	}
	r.owner = owner
	m.touch(r)
	return true
}

// Remove deletes an item.
func (m *System) Remove(c remote.CollectionID, id remote.ItemID) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.living(c, id)
	if r == nil {
		return false
	}
	m.bury(r)
	return true
}

// Clear deletes everything in a collection.
func (m *System) Clear(c remote.CollectionID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.ordered(c) {
		if r.item != nil {
			m.bury(r)
		}
	}
}

// Items are the living items, oldest change first.
func (m *System) Items(c remote.CollectionID) []remote.Record {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []remote.Record
	for _, r := range m.ordered(c) {
		if r.item != nil {
			out = append(out, m.record(r))
		}
	}
	return out
}

// ExpireCursors makes every cursor given out so far ErrCursorGone.
func (m *System) ExpireCursors() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.epoch++
}

// The methods below run under mu.

func (m *System) living(c remote.CollectionID, id remote.ItemID) *row {
	if r := m.rows[c][id]; r != nil && r.item != nil {
		return r
	}
	if c == m.opt.AllMail && c != "" {
		if r := m.all(c)[id]; r != nil && r.item != nil {
			return r
		}
	}
	return nil
}

func (m *System) insert(c remote.CollectionID, it pim.Item, uid, key, owner string) *row {
	r := &row{id: m.newID(c), uid: uid, key: key, owner: owner}
	r.item = m.weaken(it)
	m.rows[c][r.id] = r
	m.touch(r)
	r.born = r.seq
	return r
}

func (m *System) newID(c remote.CollectionID) remote.ItemID {
	if m.opt.LocalIDs {
		return remote.ItemID(strconv.Itoa(len(m.rows[c]) + 1)) // rows stay when items go
	}
	m.ids++
	return remote.ItemID(fmt.Sprintf("%c%d", c[0], m.ids))
}

// write stores what is left of it. Identical values are no change unless the system
// bumps.
func (m *System) write(r *row, it pim.Item) {
	kept := m.weaken(it)
	same := kept.Kind() == r.item.Kind() && pim.Equal(kept, r.item, m.opt.Carries[kept.Kind()])
	r.item = kept
	if !same || m.opt.Bump {
		m.touch(r)
	}
}

func (m *System) bury(r *row) {
	r.item = nil
	m.touch(r)
}

func (m *System) touch(r *row) {
	m.seq++
	r.seq = m.seq
	for _, hint := range m.watches {
		hint()
	}
	r.changed = m.opt.Now().UTC()
	if m.opt.Stamps > 0 {
		r.changed = r.changed.Truncate(m.opt.Stamps)
		r.version = r.changed.Format(time.RFC3339Nano)
		return
	}
	r.version = strconv.FormatUint(m.seq, 10)
}

// ordered is the rows of a collection by last change.
func (m *System) ordered(c remote.CollectionID) []*row {
	rows := m.all(c)
	out := make([]*row, 0, len(rows))
	for _, r := range rows {
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b *row) int { return cmp.Compare(a.seq, b.seq) })
	return out
}

func (m *System) record(r *row) remote.Record {
	page := m.opt.Pages
	if page != "" {
		page += string(r.id)
	}
	it := pim.Clone(r.item)
	uid := r.uid
	if m.opt.NoUID {
		uid = ""
	}
	switch v := it.(type) {
	case *pim.Event:
		v.UID, v.URL = uid, page
	case *pim.Task:
		v.UID, v.URL = uid, page
	case *pim.Contact:
		v.UID, v.PageURL = uid, page
	}
	key := r.key
	if m.opt.NotIdempotent && !m.opt.Marks {
		key = ""
	}
	return remote.Record{Ref: remote.Ref{ID: r.id, Version: r.version}, Item: it, Key: key, URL: page, Modified: r.changed, Untouched: r.seq == r.born}
}

// mine reports what the connected person owns or takes part in.
func (m *System) mine(r *row) bool {
	if strings.EqualFold(r.owner, m.opt.User) {
		return true
	}
	return slices.ContainsFunc(pim.ActivityOf(r.item).Attendees, func(a pim.Attendee) bool { return a.Name == m.opt.User || a.ID == m.opt.User })
}
