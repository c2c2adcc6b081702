package ews

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"crmbridge/pim"
	"crmbridge/remote"
)

// shelf is a folder that items of one kind are in.
type shelf struct {
	remote.Collection
	kind pim.Kind
}

// folderClasses are the classes of folders with items that are carried. Others with a longer name (IPF.Contact.GalContacts,
// IPF.Appointment.Birthday) are filled by Exchange and its clients for themselves.
var folderClasses = map[string]pim.Kind{"IPF.Appointment": pim.KindEvent, "IPF.Task": pim.KindTask, "IPF.Contact": pim.KindContact}

// wellKnown are the folders that every mailbox has, in the order people see them.
var wellKnown = []string{"calendar", "tasks", "contacts"}

// hiddenTag is PidTagAttributeHidden: folders that no client shows.
var hiddenTag = extended{tag: "0x10F4", typ: "Boolean"}

var folderPaths = []path{uri("folder:FolderClass"), uri("folder:DisplayName"), uri("folder:ParentFolderId"), uri("folder:EffectiveRights"), {ext: hiddenTag}}

// Collections implements remote.Remote: the calendar, the tasks and the contacts of the mailbox, then its other folders of these
// kinds in the order of their names. What is in the bin is none.
func (m *mail) Collections(ctx context.Context) ([]remote.Collection, error) {
	const op = "ews: folders"
	first, err := m.wellKnown(ctx, op, append(slices.Clone(wellKnown), "deleteditems"))
	if err != nil {
		return nil, err
	}
	all, err := m.findFolders(ctx, op)
	if m.account.opened != "" && (missing(err) || errors.Is(err, pim.ErrForbidden)) {
		all, err = nil, nil // a delegate may see some folders and not the top
	}
	if err != nil {
		return nil, err
	}
	bin := first["deleteditems"].ID.ID
	parents := map[string]string{}
	for _, f := range all {
		parents[f.ID.ID] = f.Parent.ID
	}
	var out, others []remote.Collection
	for _, name := range wellKnown {
		if s, ok := shelfOf(first[name]); ok {
			out = append(out, s.Collection)
			m.remember(s)
		}
	}
	for _, f := range all {
		s, ok := shelfOf(f)
		if !ok || under(parents, f.ID.ID, bin) || slices.ContainsFunc(out, func(c remote.Collection) bool { return c.ID == s.ID }) {
			continue
		}
		others = append(others, s.Collection)
		m.remember(s)
	}
	slices.SortStableFunc(others, func(a, b remote.Collection) int {
		if a.Kinds != b.Kinds {
			return int(a.Kinds) - int(b.Kinds)
		}
		return strings.Compare(strings.ToLower(a.Name)+string(a.ID), strings.ToLower(b.Name)+string(b.ID))
	})
	return append(out, others...), nil
}

// under reports a folder that is, or is somewhere in, another one.
func under(parents map[string]string, id, top string) bool {
	for range 64 { // deeper than folders can be, and an end where the server tells a circle
		if id == top || id == "" {
			return id == top && id != ""
		}
		id = parents[id]
	}
	return true
}

// shelfOf is ok for folders that people see and that items of ours can be in.
func shelfOf(f folder) (s shelf, ok bool) {
	k, ok := folderClasses[f.Class]
	if !ok || f.ID.ID == "" || extendedTrue(f.Extended, hiddenTag) {
		return s, false
	}
	name := f.Name
	if name == "" {
		name = f.Class
	}
	may := func(v val) bool { return v == "" || v.bool() } // what the server does not tell it will refuse if need be
	return shelf{kind: k, Collection: remote.Collection{
		ID: remote.CollectionID(f.ID.ID), Name: name, Kinds: pim.Kinds(k),
		ReadOnly: !may(f.Rights.Create), // the other rights are about the folder, which nobody can delete
	}}, true
}

func extendedTrue(all []extendedValue, p extended) bool {
	b, _ := strconv.ParseBool(extendedOf(all, p))
	return b
}

// wellKnown gets folders by their fixed names. One that the mailbox has not got is left out.
func (m *mail) wellKnown(ctx context.Context, op string, names []string) (map[string]folder, error) {
	ids := node("m:FolderIds")
	for _, n := range names {
		ids.kids = append(ids.kids, distinguished(n, m.account.opened))
	}
	got, err := m.getFolders(ctx, op, ids, len(names))
	if err != nil {
		return nil, err
	}
	out := map[string]folder{}
	for i, f := range got {
		if f.ID.ID != "" {
			out[names[i]] = f
		}
	}
	return out, nil
}

// getFolders gets folders in the order of ids; one that is not there is empty.
func (m *mail) getFolders(ctx context.Context, op string, ids el, n int) ([]folder, error) {
	a, err := m.account.call(ctx, request{op: op, body: node("m:GetFolder", shape("m:FolderShape", false, folderPaths), ids)})
	if err != nil {
		return nil, err
	}
	msgs := a.Body.Response.Messages.List
	if len(msgs) != n {
		return nil, &pim.Error{Op: op, Kind: pim.ErrProtocol, Public: "Exchange's answer is incomplete", Err: errUnread}
	}
	out, seen := make([]folder, n), 0
	var denied error
	for i := range msgs {
		switch err := msgs[i].err(op); {
		case missing(err):
		case m.account.opened != "" && codeOf(err) == "ErrorAccessDenied":
			denied = err
		case err != nil:
			return nil, err
		case len(msgs[i].Folders.List) > 0:
			out[i] = msgs[i].Folders.List[0]
			seen++
		}
	}
	if seen == 0 && denied != nil {
		return nil, denied
	}
	return out, nil
}

// findFolders lists all folders that people see.
func (m *mail) findFolders(ctx context.Context, op string) ([]folder, error) {
	const page = 500
	var out []folder
	for offset := 0; ; {
		a, err := m.account.call(ctx, request{op: op, body: node("m:FindFolder",
			shape("m:FolderShape", false, folderPaths),
			leaf("m:IndexedPageFolderView", "", "MaxEntriesReturned", strconv.Itoa(page), "Offset", strconv.Itoa(offset), "BasePoint", "Beginning"),
			node("m:ParentFolderIds", distinguished("msgfolderroot", m.account.opened))).with("Traversal", "Deep")})
		if err != nil {
			return nil, err
		}
		msg, err := a.only(op)
		if err != nil {
			return nil, err
		}
		out = append(out, msg.Root.Folders.List...)
		next := msg.Root.Next.int()
		if msg.Root.Last.bool() || len(msg.Root.Folders.List) == 0 || next <= offset {
			return out, nil
		}
		offset = next
	}
}

// shelf is a folder by its id. It is asked for once: neither its kind nor its id changes.
func (m *mail) shelf(ctx context.Context, op string, c remote.CollectionID) (shelf, error) {
	m.mu.Lock()
	s, ok := m.known[c]
	m.mu.Unlock()
	if ok {
		return s, nil
	}
	got, err := m.getFolders(ctx, op, node("m:FolderIds", folderID(string(c))), 1)
	if err != nil {
		return shelf{}, err
	}
	s, ok = shelfOf(got[0])
	if !ok {
		return shelf{}, pim.Errorf(op, pim.ErrNotFound, "the mailbox has no such calendar, task list or address book")
	}
	m.remember(s)
	return s, nil
}

func (m *mail) remember(s shelf) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.known[s.ID] = s
}

// forget makes the next call look whether the folder is still there.
func (m *mail) forget(c remote.CollectionID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.known, c)
}
