package ews

import (
	"context"
	"errors"
	"maps"
	"slices"

	"crmbridge/pim"
	"crmbridge/remote"
)

// tree is all folders of a mailbox as they were read last, with the state to go on from. It is never changed once it is made: calls at
// once go on from one and the same, and whichever is kept is true.
type tree struct {
	state   string
	first   map[string]folder // by their fixed names
	folders map[string]folder // all below the top, by their ids
}

// named is the folder of a fixed name as it is now.
func (t *tree) named(name string) folder {
	f := t.first[name]
	if now, known := t.folders[f.ID.ID]; known {
		return now
	}
	return f
}

// tree reads what became of the folders since the last time, or all of them. A delegate sees what the rights let be seen, which change
// without any folder changing: for one all is read each time.
func (m *mail) tree(ctx context.Context, op string) (*tree, error) {
	m.mu.Lock()
	t := m.folders
	m.mu.Unlock()
	if t != nil {
		next, err := m.grow(ctx, op, t)
		if err == nil || !errors.Is(err, pim.ErrCursorGone) {
			return next, err
		}
	}
	for range mostAgain {
		t, err := m.grow(ctx, op, &tree{})
		if !errors.Is(err, pim.ErrCursorGone) {
			return t, err
		}
	}
	return nil, pim.Errorf(op, pim.ErrUnavailable, "Exchange forgets where a list of folders was before it ends")
}

// grow is t with what became of the folders since, and is kept for the next call.
func (m *mail) grow(ctx context.Context, op string, t *tree) (*tree, error) {
	next := &tree{state: t.state, first: t.first, folders: maps.Clone(t.folders)}
	if next.folders == nil {
		next.folders = map[string]folder{}
	}
	turned := false
	for more := true; more; {
		msg, err := m.hierarchy(ctx, op, next.state)
		if m.account.opened != "" && (missing(err) || errors.Is(err, pim.ErrForbidden)) {
			break // a delegate may see some folders and not the top
		}
		if err != nil {
			return nil, err
		}
		for i := range msg.Changes.List {
			turned = next.take(&msg.Changes.List[i]) || turned
		}
		more = msg.LastFolder != "" && !msg.LastFolder.bool()
		if msg.SyncState == next.state && len(msg.Changes.List) == 0 {
			more = false // whatever a live server says
		}
		next.state = msg.SyncState
	}
	if turned || next.first == nil {
		// A folder that every mailbox has can be made late, and anew.
		first, err := m.wellKnown(ctx, op, slices.Concat(wellKnown, mailFirst, notTold, []string{top}))
		if err != nil {
			return nil, err
		}
		next.first = first
	}
	for id := range t.folders {
		if _, there := next.folders[id]; !there {
			m.forget(remote.CollectionID(id))
		}
	}
	if !m.delegate {
		m.mu.Lock()
		m.folders = next
		m.mu.Unlock()
	}
	return next, nil
}

// hierarchy is a page of what became of the folders that people see since a state; "" is the one before there were any.
func (m *mail) hierarchy(ctx context.Context, op, state string) (*message, error) {
	body := node("m:SyncFolderHierarchy", shape("m:FolderShape", false, folderPaths), node("m:SyncFolderId", distinguished(top, m.account.opened)))
	if state != "" {
		body.kids = append(body.kids, leaf("m:SyncState", state))
	}
	a, err := m.account.call(ctx, request{op: op, body: body})
	if err != nil {
		return nil, err
	}
	msg, err := a.only(op)
	if err == nil && msg.SyncState == "" {
		err = pim.Errorf(op, pim.ErrProtocol, "Exchange's answer is incomplete")
	}
	return msg, err
}

// take does what a change says. It reports folders that came or went; of those that are told anew only what is said of them changes.
func (t *tree) take(ch *change) (turned bool) {
	if ch.XMLName.Local == "Delete" {
		return t.drop(ch.FolderID.ID)
	}
	for _, f := range ch.folders() {
		if f.ID.ID == "" {
			continue
		}
		_, known := t.folders[f.ID.ID]
		turned = turned || !known
		t.folders[f.ID.ID] = f
	}
	return turned
}

// drop takes a folder out with all that is in it.
func (t *tree) drop(id string) bool {
	if _, known := t.folders[id]; !known {
		return false
	}
	delete(t.folders, id)
	for kid, f := range t.folders {
		if f.Parent.ID == id {
			t.drop(kid)
		}
	}
	return true
}
