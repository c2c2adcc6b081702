package graph

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"crmbridge/exchange"
	"crmbridge/pim"
	"crmbridge/remote"
)

// allMails are the messages of all folders that are mail. Graph has no delta of them: they are followed by when they were last
// changed, which setting a category does, and moving too.
type allMails struct{ mails }

func (s *allMails) home() string     { return s.user() + "/messages" }
func (s *allMails) resource() string { return s.home() }

// overlap is how much of what was read is read again: changes become visible in another order than they were made.
const overlap = 2 * time.Minute

// epoch is before all mail.
const epoch = "1900-01-01T00:00:00Z"

// filter is for what was changed since, in any of the groups. What is sorted by comes first ("List messages").
func filter(since string, groups []string) string {
	f := "lastModifiedDateTime ge " + since
	var any []string
	for _, g := range groups {
		any = append(any, "categories/any(c:c eq "+quoted(g)+")")
	}
	if len(any) > 0 {
		f += " and (" + strings.Join(any, " or ") + ")"
	}
	return f
}

// changedSince asks for messages in the order in which they were changed.
func changedSince(since string, groups []string) url.Values {
	return url.Values{"$select": {shownOf}, "$filter": {filter(since, groups)}, "$orderby": {"lastModifiedDateTime"}}
}

// sinceFor is from when on messages of a scope were changed: not before they were there.
func sinceFor(sc remote.Scope) string {
	if sc.From.IsZero() {
		return epoch
	}
	return sc.From.UTC().Add(-24 * time.Hour).Format(time.RFC3339)
}

// follow reads one page of what was changed.
func (s *allMails) follow(ctx context.Context, sc remote.Scope, cur *cursor) (f found, more bool, err error) {
	key := strings.Join(sc.Groups, "\x00")
	if cur.Since == "" || cur.Window != key {
		*cur = cursor{Since: sinceFor(sc), Window: key}
	}
	r := request{op: "graph: changes", link: cur.Link, prefer: []string{maxPageSize(s.pageSize)}}
	if cur.Link == "" {
		r.path, r.query = s.home(), changedSince(cur.Since, sc.Groups)
	}
	var p page[message]
	if err := s.get(ctx, r, &p); err != nil {
		if cur.Link != "" && lost(err) {
			return found{}, false, pim.Errorf(r.op, pim.ErrCursorGone, "the listing has to begin anew")
		}
		return found{}, false, err
	}
	t, err := s.knownTree(ctx)
	if err != nil {
		return found{}, false, err
	}
	w := s.window(sc)
	for i := range p.Value {
		m := &p.Value[i]
		cur.High = max(cur.High, m.Modified) // one form of text, so that they compare like times
		if s.holds(m, t, sc.Groups) && w.holds(m.time(), m.time()) {
			f.changed = append(f.changed, remote.Record{Ref: m.ref()})
		}
	}
	if p.Next != "" {
		if err := cur.step(r.op, p.Next); err != nil {
			return found{}, false, err
		}
		cur.ahead(p.Next)
		return f, true, nil
	}
	cur.Link, cur.Pages = "", 0
	if at, err := time.Parse(time.RFC3339Nano, cur.High); err == nil {
		cur.Since = at.Add(-overlap).UTC().Format(time.RFC3339)
	}
	cur.High = ""
	return f, false, nil
}

// holds reports a message that is told: in a folder of mail, with any of the categories.
func (s *allMails) holds(m *message, t mailTree, groups []string) bool {
	return m.told() && !t.left[m.Folder] && (len(groups) == 0 || slices.ContainsFunc(m.Categories, func(c string) bool {
		return slices.ContainsFunc(groups, func(g string) bool { return strings.EqualFold(g, c) })
	}))
}

// list tells what is in any of the scope's groups.
func (s *allMails) list(ctx context.Context, sc remote.Scope, tell func(listed)) error {
	t, err := s.knownTree(ctx)
	if err != nil {
		return err
	}
	return s.listMessages(ctx, s.home(), cursor{Since: sinceFor(sc)}, sc.Groups, func(m *message) {
		if s.holds(m, t, sc.Groups) {
			tell(m.listed())
		}
	})
}

// newer reports whether anything was changed after a time, and tells the time of the latest.
func (s *allMails) newer(ctx context.Context, since string) (latest string, news bool, err error) {
	var p page[message]
	err = s.get(ctx, request{op: "graph: watch", path: s.home(), query: url.Values{"$select": {"id,lastModifiedDateTime"}, "$top": {"1"},
		"$orderby": {"lastModifiedDateTime desc"}}}, &p)
	if err != nil || len(p.Value) == 0 {
		return since, false, err
	}
	latest = p.Value[0].Modified
	return latest, since != "" && latest > since, nil
}

// Groups implements remote.Grouper: the categories of mail, those of the mailbox's list where that may be read, and those that recent
// messages carry.
func (c *connector) Groups(ctx context.Context, col remote.CollectionID) ([]remote.Group, error) {
	const op = "graph: categories"
	if col != exchange.AllMail {
		return nil, pim.Errorf(op, pim.ErrUnsupported, "a link can be limited to categories for all mail only")
	}
	names := map[string]string{}
	note := func(name string) {
		if key := strings.ToLower(name); name != "" && names[key] == "" {
			names[key] = name
		}
	}
	list, err := every[struct {
		Name string `json:"displayName"`
	}](ctx, c.service, request{op: op, path: c.user() + "/outlook/masterCategories"})
	if r := pim.ReasonOf(err); err != nil && r != pim.ErrForbidden && r != pim.ErrNotFound && r != pim.ErrProtocol { // without MailboxSettings.Read
		return nil, err
	}
	for _, k := range list {
		note(k.Name)
	}
	var recent page[message]
	if err := c.get(ctx, request{op: op, path: c.user() + "/messages", query: url.Values{"$select": {"id,categories"}, "$top": {listPage},
		"$orderby": {"receivedDateTime desc"}}}, &recent); err != nil {
		return nil, err
	}
	for _, m := range recent.Value {
		for _, name := range m.Categories {
			note(name)
		}
	}
	var out []remote.Group
	for _, name := range names {
		out = append(out, remote.Group{ID: name, Name: name})
	}
	slices.SortFunc(out, func(a, b remote.Group) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return out, nil
}
