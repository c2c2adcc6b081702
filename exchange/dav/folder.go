package dav

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"

	"crmbridge/pim"
	"crmbridge/pim/vcf"
	"crmbridge/remote"
)

// folder is one calendar or address book.
type folder struct {
	remote.Collection
	at   *url.URL // ends in "/"
	book bool
	log  bool // has a change log: sync-collection
	// schedules: the server mails those who take part (RFC 6638); mine are the user's addresses there.
	schedules bool
	mine      map[string]bool
	card      vcf.Version // that new cards are made in
	cards     map[vcf.Version]bool
}

// path of the folder, canonical.
func (f *folder) path() string { return f.at.EscapedPath() }

// id is the item's of a path within f.
func (f *folder) id(path string) remote.ItemID {
	return remote.ItemID(string(f.ID) + strings.TrimPrefix(path, f.path()))
}

// name is the last segment of a member's path, escaped; ok is false for what is no member.
func (f *folder) name(path string) (string, bool) {
	rest, ok := strings.CutPrefix(path, f.path())
	return rest, ok && rest != "" && !strings.Contains(rest, "/")
}

// url is the item's; ok is false for an id that names nothing in f.
func (f *folder) url(id remote.ItemID) (*url.URL, bool) {
	rest, ok := strings.CutPrefix(string(id), string(f.ID))
	path := f.path() + rest
	if can, sound := canonicalPath(path); !ok || !sound || can != path {
		return nil, false
	}
	if _, ok := f.name(path); !ok {
		return nil, false
	}
	return withPath(f.at, path), true
}

func folderProps() string {
	return propfind("d:resourcetype", "d:displayname", "d:current-user-privilege-set", "d:supported-report-set", "d:sync-token",
		"c:supported-calendar-component-set", "r:supported-address-data")
}

// foldersOf lists the collections of the homes, by kind and name.
func (m *mailbox) foldersOf(ctx context.Context, h *homes) ([]*folder, error) {
	var out []*folder
	seen := map[string]bool{}
	for _, home := range slices.Concat(h.calendars, h.books) {
		if h.only != nil || seen[home.String()] { // many servers have one for both
			continue
		}
		seen[home.String()] = true
		fs, err := m.foldersAt(ctx, home, "1", h)
		if err != nil {
			return nil, err
		}
		out = append(out, fs...)
	}
	if h.only != nil {
		var err error
		if out, err = m.foldersAt(ctx, h.only, "0", h); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(out, func(a, b *folder) int {
		return cmp.Or(cmp.Compare(order(a), order(b)), cmp.Compare(a.ID, b.ID))
	})
	return slices.CompactFunc(out, func(a, b *folder) bool { return a.ID == b.ID }), nil
}

// order puts calendars before address books.
func order(f *folder) int {
	if f.book {
		return 1
	}
	return 0
}

func (m *mailbox) foldersAt(ctx context.Context, u *url.URL, depth string, h *homes) ([]*folder, error) {
	ms, err := m.session.multi(ctx, request{op: "dav: collections", method: "PROPFIND", at: u, depth: depth, body: folderProps(), follow: true})
	if err != nil {
		return nil, err
	}
	var out []*folder
	ms.each(func(r response) {
		if f := m.folderOf(ms.at, r); f != nil {
			f.mine = h.mine
			out = append(out, f)
		}
	})
	calendars := slices.ContainsFunc(out, func(f *folder) bool { return !f.book })
	if !calendars {
		return out, nil
	}
	classes, err := m.options(ctx, u)
	if err != nil {
		return nil, err
	}
	for _, f := range out {
		f.schedules = !f.book && classes["calendar-auto-schedule"]
	}
	return out, nil
}

// folderOf reads what an answer says of a collection; nil for what is neither calendar nor address book, or keeps nothing of ours.
func (m *mailbox) folderOf(base *url.URL, r response) *folder {
	kind := r.prop(nsDAV, "resourcetype")
	calendar, book := kind.kid(nsCalDAV, "calendar") != nil, kind.kid(nsCardDAV, "addressbook") != nil
	if !calendar && !book || kind.kid(nsServer, "subscribed") != nil {
		return nil
	}
	f := &folder{at: asFolder(withPath(base, r.path)), book: book}
	f.ID = remote.CollectionID(f.path())
	if m.start != nil && (f.at.Host != m.start.Host || f.at.Scheme != m.start.Scheme) || m.start == nil && f.at.Host != m.domain {
		f.ID = remote.CollectionID(f.at.String())
	}
	f.Name = r.prop(nsDAV, "displayname").trimmed()
	if f.Name == "" {
		f.Name = lastSegment(f.path())
	}
	f.Kinds = pim.Kinds(pim.KindContact)
	if !book {
		f.Kinds = kindsOf(r.prop(nsCalDAV, "supported-calendar-component-set"))
	}
	if f.Kinds == 0 {
		return nil
	}
	f.ReadOnly = !writable(r.prop(nsDAV, "current-user-privilege-set"))
	f.log = !m.lists && hasLog(r)
	f.versions(r.prop(nsCardDAV, "supported-address-data"))
	return f
}

func lastSegment(path string) string {
	path = strings.TrimSuffix(path, "/")
	name := path[strings.LastIndexByte(path, '/')+1:]
	if plain, err := url.PathUnescape(name); err == nil && plain != "" {
		return plain
	}
	return path
}

// kindsOf reads supported-calendar-component-set. Without it a calendar takes every component (RFC 4791 5.2.3).
func kindsOf(n *node) pim.KindSet {
	if n == nil {
		return pim.Kinds(pim.KindEvent, pim.KindTask)
	}
	var out pim.KindSet
	for _, k := range n.kids {
		switch strings.ToUpper(k.value("name")) {
		case "VEVENT":
			out |= pim.Kinds(pim.KindEvent)
		case "VTODO":
			out |= pim.Kinds(pim.KindTask)
		}
	}
	return out
}

// writable reads current-user-privilege-set (RFC 3744 5.5). A server that tells no rights is taken to grant them; the first write
// says otherwise.
func writable(n *node) bool {
	if n == nil || len(n.kids) == 0 {
		return true
	}
	for _, right := range []string{"all", "write", "write-content", "bind"} {
		if n.holds(nsDAV, right) {
			return true
		}
	}
	return false
}

// hasLog reports a collection with sync-collection (RFC 6578 3.2) and a token to begin with.
func hasLog(r response) bool {
	return r.prop(nsDAV, "sync-token").trimmed() != "" && r.prop(nsDAV, "supported-report-set").holds(nsDAV, "sync-collection")
}

// versions reads supported-address-data. Without it 3.0 is understood (RFC 6352 6.2.2), which all programs read, so that new cards
// are made in it where it is.
func (f *folder) versions(n *node) {
	f.card, f.cards = vcf.V3, map[vcf.Version]bool{vcf.V3: true}
	if n == nil || len(n.kids) == 0 {
		return
	}
	f.cards = map[vcf.Version]bool{}
	for _, k := range n.kids {
		if v := k.value("version"); strings.EqualFold(k.value("content-type"), "text/vcard") {
			f.cards[vcf.Version(cmp.Or(v, string(vcf.V3)))] = true
		}
	}
	if !f.cards[vcf.V3] && f.cards[vcf.V4] {
		f.card = vcf.V4
	}
}
