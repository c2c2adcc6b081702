package ews

import (
	"cmp"
	"context"
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
var folderClasses = map[string]pim.Kind{"IPF.Appointment": pim.KindEvent, "IPF.Task": pim.KindTask, "IPF.Contact": pim.KindContact, "IPF.Note": pim.KindMessage}

// wellKnown are the folders that every mailbox has, in the order people see them.
var wellKnown = []string{"calendar", "tasks", "contacts"}

// mailFirst are folders of mail that stand first; notTold are those whose contents are nothing that came or went.
var (
	mailFirst = []string{"inbox", sentItems}
	notTold   = []string{bin, "drafts", "outbox", "junkemail"}
)

const (
	top       = "msgfolderroot" // what people see is below it
	bin       = "deleteditems"
	sentItems = "sentitems"
)

// hiddenTag is PidTagAttributeHidden: folders that no client shows.
var hiddenTag = extended{tag: "0x10F4", typ: "Boolean"}

var folderPaths = []path{uri("folder:FolderClass"), uri("folder:DisplayName"), uri("folder:ParentFolderId"), uri("folder:EffectiveRights"), {ext: hiddenTag}}

// Collections implements remote.Remote: the calendar, the tasks and the contacts of the mailbox, then its other folders of these
// kinds in the order of their names, then its mail folders and all mail. What is in the bin is none.
func (m *mail) Collections(ctx context.Context) ([]remote.Collection, error) {
	const op = "ews: folders"
	all, err := m.shelves(ctx, op)
	if err != nil {
		return nil, err
	}
	var out []remote.Collection
	letters := false
	for _, s := range all {
		out = append(out, s.Collection)
		letters = letters || s.kind == pim.KindMessage
	}
	if letters {
		out = append(out, allMail.Collection)
	}
	return out, nil
}

// shelves are the folders that are told, in the order of Collections.
func (m *mail) shelves(ctx context.Context, op string) ([]shelf, error) {
	t, err := m.tree(ctx, op)
	if err != nil {
		return nil, err
	}
	parents, names := map[string]string{}, map[string]string{}
	for id, f := range t.folders {
		if id != t.first[top].ID.ID {
			parents[id], names[id] = f.Parent.ID, f.Name
		}
	}
	var out, others []shelf
	for _, name := range slices.Concat(wellKnown, mailFirst) {
		if s, ok := shelfOf(t.named(name)); ok {
			out = append(out, s)
		}
	}
	for id, f := range t.folders {
		s, ok := shelfOf(f)
		if !ok || id == t.first[top].ID.ID || slices.ContainsFunc(out, func(o shelf) bool { return o.ID == s.ID }) {
			continue
		}
		hidden := func(name string) bool { return under(parents, f.ID.ID, t.first[name].ID.ID) }
		if hidden(bin) || s.kind == pim.KindMessage && slices.ContainsFunc(notTold, hidden) {
			continue
		}
		if s.kind == pim.KindMessage {
			s.Name = pathOf(parents, names, f.ID.ID)
		}
		others = append(others, s)
	}
	slices.SortFunc(others, func(a, b shelf) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(strings.ToLower(a.Name)+string(a.ID), strings.ToLower(b.Name)+string(b.ID)))
	})
	out = append(out, others...)
	slices.SortStableFunc(out, func(a, b shelf) int { // mail is the last
		return cmp.Compare(max(a.kind, pim.KindContact), max(b.kind, pim.KindContact))
	})
	for _, s := range out {
		m.remember(s)
	}
	return out, nil
}

// pathOf is the name of a folder behind those of the folders that it is in.
func pathOf(parents, names map[string]string, id string) string {
	path := names[id]
	for range 64 {
		if id = parents[id]; names[id] == "" {
			break
		}
		path = names[id] + "/" + path
	}
	return path
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
		ReadOnly: k == pim.KindMessage || !may(f.Rights.Create), // the other rights are about the folder, which nobody can delete
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

// shelf is a folder by its id. It is asked for once: neither its kind nor its id changes.
func (m *mail) shelf(ctx context.Context, op string, c remote.CollectionID) (shelf, error) {
	if c == allMail.ID {
		return allMail, nil
	}
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
		return shelf{}, pim.Errorf(op, pim.ErrNotFound, "the mailbox has no such calendar, task list, address book or mail folder")
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
