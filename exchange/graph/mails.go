package graph

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"crmbridge/exchange"
	"crmbridge/pim"
	"crmbridge/remote"
)

const mailPrefix = "mail:"

// mails are the messages of one folder. They are read and never written.
type mails struct {
	*connector
	folder string
}

func (s *mails) kind() pim.Kind { return pim.KindMessage }

func (s *mails) home() string { return s.user() + "/mailFolders/" + escape(s.folder) + "/messages" }

func (s *mails) resource() string { return s.home() }

// path leaves the folder out: where a message is read by id it may have been moved.
func (s *mails) path(id remote.ItemID) string { return s.user() + "/messages/" + escape(string(id)) }

// shownOf are the properties by which it is told whether a message is in scope.
const shownOf = "id,changeKey,isDraft,sentDateTime,receivedDateTime,parentFolderId,categories,lastModifiedDateTime"

// start asks for the whole folder: with a filter Graph tells of 5,000 messages at most ("message: delta").
func (s *mails) start(window) request {
	return request{op: "graph: changes", path: s.home() + "/delta", query: selecting(shownOf)}
}

// changes tells ids alone: the relay reads what it wants of them, a few at once.
func (s *mails) changes(ctx context.Context, r request, w window, _ bool) (found, error) {
	var p page[message]
	if err := s.get(ctx, r, &p); err != nil {
		return found{}, err
	}
	f := found{next: p.Next, delta: p.Delta}
	last := map[string]*message{} // an entry may be followed by its removal, and the other way round
	var ids []string
	for i := range p.Value {
		last[p.Value[i].ID] = &p.Value[i]
		ids = append(ids, p.Value[i].ID)
	}
	for _, id := range once(ids) {
		switch m := last[id]; {
		case m.Removed != nil:
			f.gone = append(f.gone, remote.ItemID(id))
		case m.told() && w.holds(m.time(), m.time()):
			f.changed = append(f.changed, remote.Record{Ref: m.ref()})
		}
	}
	return f, nil
}

func (s *mails) list(ctx context.Context, _ remote.Scope, tell func(listed)) error {
	return s.listMessages(ctx, s.home(), cursor{Since: epoch}, nil, func(m *message) { tell(m.listed()) })
}

func (m *message) listed() listed { return listed{ref: m.ref(), start: m.time(), end: m.time()} }

// listMessages tells the messages of a path that were changed since cur and are in any of the groups.
func (c *connector) listMessages(ctx context.Context, path string, cur cursor, groups []string, tell func(*message)) error {
	ask := func(since string) url.Values {
		q := changedSince(since, groups)
		q.Set("$top", listPage)
		return q
	}
	return byChange(ctx, c.service, request{op: opList, path: path}, cur, ask, func(m *message) {
		if m.told() {
			tell(m)
		}
	})
}

// wholeAtOnce is how many messages are read in one answer: each may have a body of some MiB.
const wholeAtOnce = 4

func (s *mails) fetch(ctx context.Context, ids []remote.ItemID) ([]remote.Record, error) {
	const op = "graph: read"
	sent, err := s.sentItems(ctx)
	if err != nil {
		return nil, err
	}
	var out []remote.Record
	for some := range slices.Chunk(ids, wholeAtOnce) {
		rs := make([]request, len(some))
		for i, id := range some {
			rs[i] = request{op: op, path: s.path(id), query: url.Values{"$select": {messageProps}, "$expand": {messageExpand}}}
		}
		all, err := readAll[message](ctx, s.service, op, rs)
		if err != nil {
			return nil, err
		}
		for i := range all {
			m := &all[i]
			if !m.told() || s.folder != "" && m.Folder != s.folder {
				continue // it was moved away, or is none that is told
			}
			it, err := s.message(ctx, m, sent)
			if err != nil {
				return nil, err
			}
			rec := m.stamp.record(it, "")
			rec.URL = m.WebLink
			out = append(out, rec)
		}
	}
	return out, nil
}

func readOnlyMail(op string) error {
	return pim.Errorf(op, pim.ErrUnsupported, "mail is read from Microsoft 365 and never changed there")
}

func (s *mails) create(context.Context, remote.Entry, string) (remote.Record, error) {
	return remote.Record{}, readOnlyMail("graph: create")
}

func (s *mails) update(context.Context, remote.Ref, remote.Entry, pim.FieldSet) (remote.Record, error) {
	return remote.Record{}, readOnlyMail("graph: update")
}

func (s *mails) complete(_ context.Context, rec remote.Record, _ remote.Entry) (remote.Record, error) {
	return rec, nil
}

// marked: messages carry no key of ours; they are known by their Message-ID.
func (s *mails) marked(context.Context, string) (map[string]remote.Ref, error) { return nil, nil }

func (s *mails) mark(_ context.Context, op string, _ remote.Ref, _ string) (stamp, error) {
	return stamp{}, readOnlyMail(op)
}

type mailFolder struct {
	stamp
	Name   string `json:"displayName"`
	Parent string `json:"parentFolderId"`
	Hidden bool   `json:"isHidden"`
}

// notMail are the folders whose messages nobody has sent or kept ("mailFolder": well-known names), and what is below them.
func notMail() []string { return []string{"drafts", "outbox", "junkemail", "deleteditems"} }

// mailTree is what the folders of a mailbox are.
type mailTree struct {
	folders []mailFolder // in the order of their paths, those of notMail left out
	paths   map[string]string
	left    map[string]bool // folders of notMail and below
	sent    string
}

// mailTree reads all folders, of whatever depth, in one query.
func (c *connector) mailTree(ctx context.Context) (mailTree, error) {
	const op = "graph: mail folders"
	all, err := every[mailFolder](ctx, c.service, request{op: op, path: c.user() + "/mailFolders/delta", query: selecting("id,displayName,parentFolderId,isHidden")})
	if err != nil {
		return mailTree{}, err
	}
	names := append(notMail(), "inbox", "sentitems")
	rs := make([]request, len(names))
	for i, n := range names {
		rs[i] = request{op: op, path: c.user() + "/mailFolders/" + n, query: selecting("id")}
	}
	answers, err := c.batch(ctx, op, rs)
	if err != nil {
		return mailTree{}, err
	}
	known := map[string]string{} // name by id
	for i, a := range answers {
		f, ok, err := readOne[stamp](a, op)
		if err != nil {
			return mailTree{}, err
		}
		if ok {
			known[f.ID] = names[i]
		}
	}
	return treeOf(all, known), nil
}

// maxDepth ends a chain of parents that goes round in a circle.
const maxDepth = 100

// treeOf puts folders below each other. The inbox comes first, what was sent second.
func treeOf(all []mailFolder, known map[string]string) mailTree {
	byID := map[string]mailFolder{}
	for _, f := range all {
		if f.Removed == nil && f.ID != "" {
			byID[f.ID] = f
		}
	}
	t := mailTree{paths: map[string]string{}, left: map[string]bool{}}
	for id, f := range byID {
		path, left := f.Name, f.Hidden
		for at, depth := f, 0; depth < maxDepth; depth++ {
			left = left || slices.Contains(notMail(), known[at.ID])
			up, ok := byID[at.Parent]
			if !ok {
				break
			}
			path, at, left = up.Name+"/"+path, up, left || up.Hidden
		}
		t.paths[id] = path
		if known[id] == "sentitems" {
			t.sent = id
		}
		if left {
			t.left[id] = true
			continue
		}
		t.folders = append(t.folders, f)
	}
	slices.SortFunc(t.folders, func(a, b mailFolder) int {
		return strings.Compare(order(known[a.ID])+t.paths[a.ID]+"\x00"+a.ID, order(known[b.ID])+t.paths[b.ID]+"\x00"+b.ID)
	})
	return t
}

func order(name string) string {
	switch name {
	case "inbox":
		return "1"
	case "sentitems":
		return "2"
	}
	return "3"
}

// mailFolders are the collections of mail: all of it for links by category, and each folder.
func (c *connector) mailFolders(ctx context.Context) ([]remote.Collection, error) {
	t, err := c.mailTree(ctx)
	if err != nil {
		return nil, err
	}
	c.noteTree(t)
	of := func(id remote.CollectionID, name string) remote.Collection {
		return remote.Collection{ID: id, Name: name, Kinds: pim.Kinds(pim.KindMessage), ReadOnly: true}
	}
	out := []remote.Collection{}
	for _, f := range t.folders {
		out = append(out, of(remote.CollectionID(mailPrefix+f.ID), t.paths[f.ID]))
	}
	return append(out, of(exchange.AllMail, "All mail")), nil
}

// noteTree keeps what is seldom asked for.
func (c *connector) noteTree(t mailTree) {
	c.mail.mu.Lock()
	defer c.mail.mu.Unlock()
	c.mail.tree, c.mail.at = &t, c.env.Now()
}

// treeAge is how long the folders of a mailbox are believed to be as they were.
const treeAge = 10 * time.Minute

// knownTree is the tree of a little ago, or a new one.
func (c *connector) knownTree(ctx context.Context) (mailTree, error) {
	c.mail.mu.Lock()
	known, at := c.mail.tree, c.mail.at
	c.mail.mu.Unlock()
	if known != nil && c.env.Now().Sub(at) < treeAge {
		return *known, nil
	}
	t, err := c.mailTree(ctx)
	if err == nil {
		c.noteTree(t)
	}
	return t, err
}

func (c *connector) sentItems(ctx context.Context) (string, error) {
	t, err := c.knownTree(ctx)
	return t.sent, err
}

// trees is a memory of the folders.
type trees struct {
	mu   sync.Mutex
	tree *mailTree
	at   time.Time
}
