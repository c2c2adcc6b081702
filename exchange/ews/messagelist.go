package ews

import (
	"bytes"
	"context"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
)

// Which messages there are: of one folder by its sync, of all mail by a search for what was changed since.

// mailChanges is a page of changes of mail. Records have no items: they are fetched in small numbers.
func (m *mail) mailChanges(ctx context.Context, c remote.CollectionID, s remote.Scope, since remote.Cursor) (remote.Delta, error) {
	state, err := decodeCursor(since, pim.KindMessage)
	if err != nil {
		return remote.Delta{}, err
	}
	if c == allMail.ID {
		return m.allChanges(ctx, s, state)
	}
	if len(s.Groups) > 0 {
		return remote.Delta{}, pim.Errorf(opChanges, pim.ErrInvalid, "one mail folder cannot be limited to categories; link all mail instead")
	}
	page, err := m.sync(ctx, c, state, listedPaths)
	if err != nil {
		return remote.Delta{}, err
	}
	d := remote.Delta{Next: encodeCursor(pim.KindMessage, page.state), More: page.more}
	for _, id := range page.removed {
		d.Removed = append(d.Removed, remote.ItemID(id))
	}
	for _, id := range page.changed {
		if x := page.found[id]; x.told() && x.sentWithin(s) {
			d.Changed = append(d.Changed, x.unread())
		}
	}
	return d, nil
}

// unread is a record that is to be fetched.
func (x *item) unread() remote.Record {
	return remote.Record{Ref: remote.Ref{ID: remote.ItemID(x.ID.ID), Version: x.ID.ChangeKey}, Modified: x.Modified.time()}
}

// sentWithin reports a message of the scope's time.
func (x *item) sentWithin(s remote.Scope) bool {
	t := x.Sent.time()
	if t.IsZero() {
		t = x.Received.time()
	}
	return overlaps(s, t, t)
}

const (
	// fromTheStart is the state of a search in which nothing was found yet.
	fromTheStart = "0"
	// goingOn begins the state between two pages.
	goingOn = "at:"
	// overlapping is how much of the time before the last change is searched again: Exchange's servers have clocks of their own, and
	// a change may be seen after a later one.
	overlapping = 5 * time.Minute
)

// allSince reads a state: the search begins at from, and what is known ends at known.
func allSince(state string) (from, known time.Time, err error) {
	if state == "" || state == fromTheStart {
		return from, known, nil
	}
	text, between := strings.CutPrefix(state, goingOn)
	if known, err = time.Parse(time.RFC3339, text); err != nil {
		return from, known, pim.Errorf(opChanges, pim.ErrCursorGone, "the listing has to begin anew")
	}
	if between {
		return known, known, nil
	}
	return known.Add(-overlapping), known, nil
}

// allChanges is a page of what was changed in any mail folder since the newest change that is known. It tells no removals: what has
// gone is not found when it is fetched.
func (m *mail) allChanges(ctx context.Context, s remote.Scope, state string) (remote.Delta, error) {
	from, known, err := allSince(state)
	if err != nil {
		return remote.Delta{}, err
	}
	folders, err := m.mailFolders(ctx, opChanges)
	if err != nil {
		return remote.Delta{}, err
	}
	page, next, more, err := m.mailPage(ctx, opChanges, folders, s, from)
	if err != nil {
		return remote.Delta{}, err
	}
	d := remote.Delta{More: more}
	for _, x := range page {
		d.Changed = append(d.Changed, x.unread())
	}
	switch next = later(next, known); {
	case more:
		state = goingOn + stamp(next)
	case next.IsZero():
		state = fromTheStart
	default:
		state = stamp(next)
	}
	d.Next = encodeCursor(pim.KindMessage, state)
	return d, nil
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// mailPage is what is in scope of all that was changed in the folders from a time on, up to about a page of it, and the time at which it
// ends. It goes through all folders side by side, so that a message that is moved meanwhile, which is a change of it, is still ahead.
// A folder with more of one second than that gives all of it at once.
func (m *mail) mailPage(ctx context.Context, op string, folders []string, s remote.Scope, from time.Time) (page []*item, next time.Time, more bool, err error) {
	if len(folders) == 0 {
		return nil, from, false, nil
	}
	paths := append(slices.Clone(listedPaths), uri("item:Categories"))
	of, found, err := m.begin(ctx, op, search{folders: folders, paths: paths, restriction: mailCondition(s), order: byChange, from: from, page: max(smallestPage, m.pageSize/len(folders))})
	if err != nil {
		return nil, from, false, err
	}
	for {
		slow := hindmost(of)
		if slow < 0 {
			next = from
			for _, some := range found {
				for i := range some {
					next = later(byChange.of(&some[i]), next)
				}
			}
			return inScope(s, found, time.Time{}), next, false, nil
		}
		r := of[slow]
		if r.from.After(from) && before(found, r.from) >= m.pageSize/2 {
			return inScope(s, found, r.from), r.from, true, nil
		}
		r.page = m.pageSize
		some, err := m.next(ctx, op, r)
		if err != nil {
			return nil, from, false, err
		}
		found[slow] = append(found[slow], some...)
	}
}

// hindmost is the number of the folder that was read least far, -1 when all were read to the end.
func hindmost(of []*reading) int {
	out := -1
	for i, r := range of {
		if !r.done && (out < 0 || r.from.Before(of[out].from)) {
			out = i
		}
	}
	return out
}

// before counts what was changed before a time.
func before(found [][]item, t time.Time) (n int) {
	for _, some := range found {
		for i := range some {
			if byChange.of(&some[i]).Before(t) {
				n++
			}
		}
	}
	return n
}

// inScope are the messages that were changed before a time, or all, each as it was found last.
func inScope(s remote.Scope, found [][]item, until time.Time) (out []*item) {
	at := map[string]int{}
	for _, some := range found {
		for i := range some {
			x := &some[i]
			if !until.IsZero() && !byChange.of(x).Before(until) || !x.told() || !x.sentWithin(s) || !x.inGroups(s.Groups) {
				continue
			}
			if n, twice := at[x.ID.ID]; twice {
				out[n] = x
				continue
			}
			at[x.ID.ID] = len(out)
			out = append(out, x)
		}
	}
	return out
}

// mailList lists what is in scope.
func (m *mail) mailList(ctx context.Context, op string, c remote.CollectionID, s remote.Scope) (out []remote.Ref, err error) {
	if c != allMail.ID {
		err = m.each(ctx, op, search{folders: []string{string(c)}, paths: listedPaths, restriction: mailCondition(s)}, func(_ int, x *item) {
			if x.told() && x.sentWithin(s) {
				out = append(out, x.unread().Ref)
			}
		})
		return out, err
	}
	folders, err := m.mailFolders(ctx, op)
	at := map[remote.ItemID]int{}
	for from, more := (time.Time{}), true; more && err == nil; {
		var page []*item
		page, from, more, err = m.mailPage(ctx, op, folders, s, from)
		for _, x := range page {
			ref := x.unread().Ref
			if i, again := at[ref.ID]; again {
				out[i] = ref
				continue
			}
			at[ref.ID] = len(out)
			out = append(out, ref)
		}
	}
	return out, err
}

func (m *mail) mailFolders(ctx context.Context, op string) ([]string, error) {
	all, err := m.shelves(ctx, op)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, s := range all {
		if s.kind == pim.KindMessage {
			out = append(out, string(s.ID))
		}
	}
	return out, nil
}

// inGroups reports a message with any of the categories.
func (x *item) inGroups(groups []string) bool {
	return len(groups) == 0 || slices.ContainsFunc(x.Categories, func(c string) bool {
		return slices.ContainsFunc(groups, func(g string) bool { return strings.EqualFold(g, c) })
	})
}

// mailCondition is what a search can say of a scope; nil for everything. Messages arrive after they were sent, as far as clocks agree.
func mailCondition(s remote.Scope) *el {
	var all []el
	if !s.From.IsZero() {
		all = append(all, notBefore(uri("item:DateTimeReceived"), s.From.Add(-24*time.Hour)))
	}
	if len(s.Groups) > 0 {
		any := node("t:Or")
		for _, g := range s.Groups {
			any.kids = append(any.kids, node("t:Contains", uri("item:Categories").el(), leaf("t:Constant", "", "Value", g)).with("ContainmentMode", "FullString").with("ContainmentComparison", "IgnoreCase"))
		}
		if len(any.kids) == 1 {
			any = any.kids[0]
		}
		all = append(all, any)
	}
	if len(all) == 0 {
		return nil
	}
	both := allOf(all)
	return &both
}

// Groups implements remote.Grouper: the categories of all mail, those of the mailbox's list first, then others that messages carry.
func (m *mail) Groups(ctx context.Context, c remote.CollectionID) ([]remote.Group, error) {
	const op = "ews: categories"
	if c != allMail.ID {
		return nil, nil
	}
	names, err := m.categoryList(ctx, op)
	if err != nil {
		return nil, err
	}
	folders, err := m.mailFolders(ctx, op)
	if err != nil {
		return nil, err
	}
	exists := node("t:Exists", uri("item:Categories").el())
	var used []string
	if len(folders) > 0 {
		err = m.each(ctx, op, search{folders: folders, paths: []path{uri("item:Categories")}, restriction: &exists}, func(_ int, x *item) {
			for _, name := range x.Categories {
				if !slices.Contains(used, name) {
					used = append(used, name)
				}
			}
		})
	}
	slices.Sort(used)
	var out []remote.Group
	for _, name := range append(names, used...) {
		if !slices.ContainsFunc(out, func(g remote.Group) bool { return strings.EqualFold(g.Name, name) }) {
			out = append(out, remote.Group{ID: name, Name: name})
		}
	}
	return out, err
}

// categoryList is the mailbox's own list of categories (MS-OXOCFG 2.2.5.2); none where there is none.
func (m *mail) categoryList(ctx context.Context, op string) ([]string, error) {
	name := node("m:UserConfigurationName", distinguished("calendar", m.account.opened)).with("Name", "CategoryList")
	a, err := m.account.call(ctx, request{op: op, body: node("m:GetUserConfiguration", name, leaf("m:UserConfigurationProperties", "XmlData"))})
	if err != nil {
		return nil, err
	}
	msg, err := a.only(op)
	if missing(err) || pim.ReasonOf(err) == pim.ErrRefused || pim.ReasonOf(err) == pim.ErrForbidden {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	text, err := base64.StdEncoding.DecodeString(strings.TrimSpace(msg.Configuration.XML))
	var list struct {
		Categories []struct {
			Name string `xml:"name,attr"`
		} `xml:"category"`
	}
	if err != nil || decoder(bytes.NewReader(text)).Decode(&list) != nil {
		return nil, nil //nolint:nilerr // a list that no program can read is none; messages tell the categories they carry
	}
	var out []string
	for _, c := range list.Categories {
		if c.Name != "" {
			out = append(out, c.Name)
		}
	}
	return out, nil
}
