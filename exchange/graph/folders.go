package graph

import (
	"context"
	"strings"
	"sync"

	"crmbridge/exchange"
	"crmbridge/pim"
	"crmbridge/remote"
)

// The ids of collections are Graph's own behind a word for the kind, since those of calendars, lists and folders do not tell
// themselves apart.
const (
	calendarPrefix = "calendar:"
	listPrefix     = "tasks:"
	folderPrefix   = "contacts:"
)

type calendar struct {
	stamp
	Name      string       `json:"name"`
	CanEdit   *bool        `json:"canEdit"`
	IsDefault bool         `json:"isDefaultCalendar"`
	Owner     emailAddress `json:"owner"`
}

type todoList struct {
	stamp
	Name      string `json:"displayName"`
	Wellknown string `json:"wellknownListName"`
	IsOwner   *bool  `json:"isOwner"` // false of a list that somebody else shares
}

type contactFolder struct {
	stamp
	Name string `json:"displayName"`
}

// user is the path of the mailbox.
func (c *connector) user() string {
	if c.mailbox == "" {
		return "/me"
	}
	return "/users/" + escape(c.mailbox)
}

// Collections implements remote.Remote. A kind that the application may not read is left out; it is an error only when nothing is left.
func (c *connector) Collections(ctx context.Context) ([]remote.Collection, error) {
	return c.collections(ctx, c.areas)
}

func (c *connector) collections(ctx context.Context, areas []string) ([]remote.Collection, error) {
	var out []remote.Collection
	var denied error
	for _, of := range []struct {
		area string
		list func(context.Context) ([]remote.Collection, error)
	}{{"calendars", c.calendars}, {"tasks", c.lists}, {"contacts", c.folders}, {"mail", c.mailFolders}} {
		if !covers(areas, of.area) {
			continue
		}
		some, err := of.list(ctx)
		switch {
		case pim.ReasonOf(err) == pim.ErrForbidden:
			denied = err
		case err != nil:
			return nil, err
		}
		out = append(out, some...)
	}
	if len(out) == 0 {
		return nil, denied
	}
	return out, nil
}

func (c *connector) calendars(ctx context.Context) ([]remote.Collection, error) {
	all, err := every[calendar](ctx, c.service, request{op: "graph: calendars", path: c.user() + "/calendars"})
	if err != nil {
		return nil, err
	}
	var out []remote.Collection
	own := ""
	for _, k := range all {
		if k.IsDefault {
			own = k.Owner.Address
		}
	}
	for _, k := range all {
		c.self.learn(k)
		one := remote.Collection{ID: remote.CollectionID(calendarPrefix + k.ID), Name: k.Name, Kinds: pim.Kinds(pim.KindEvent), ReadOnly: k.CanEdit != nil && !*k.CanEdit}
		one.Others = k.Owner.Address != "" && own != "" && !strings.EqualFold(k.Owner.Address, own)
		if k.IsDefault { // the first one is that of new links
			out = append([]remote.Collection{one}, out...)
		} else {
			out = append(out, one)
		}
	}
	return out, nil
}

func (c *connector) lists(ctx context.Context) ([]remote.Collection, error) {
	all, err := c.taskLists(ctx)
	if err != nil {
		return nil, err
	}
	var out []remote.Collection
	for _, l := range all {
		one := remote.Collection{ID: remote.CollectionID(listPrefix + l.ID), Name: l.Name, Kinds: pim.Kinds(pim.KindTask), Others: l.IsOwner != nil && !*l.IsOwner}
		switch l.Wellknown {
		case "flaggedEmails": // messages that somebody has flagged; nothing can be put there
			continue
		case "defaultList":
			out = append([]remote.Collection{one}, out...)
		default:
			out = append(out, one)
		}
	}
	return out, nil
}

// folders are the default folder, which Graph does not list ("List contactFolders"), and those below it.
func (c *connector) folders(ctx context.Context) ([]remote.Collection, error) {
	const op = "graph: contact folders"
	var own contactFolder
	err := c.get(ctx, request{op: op, path: c.user() + "/contactFolders/contacts"}, &own)
	if err != nil && pim.ReasonOf(err) != pim.ErrNotFound {
		return nil, err
	}
	below, err := every[contactFolder](ctx, c.service, request{op: op, path: c.user() + "/contactFolders"})
	if err != nil {
		return nil, err
	}
	var out []remote.Collection
	for _, f := range append([]contactFolder{own}, below...) {
		if f.ID == "" || len(out) > 0 && f.ID == own.ID {
			continue
		}
		out = append(out, remote.Collection{ID: remote.CollectionID(folderPrefix + f.ID), Name: f.Name, Kinds: pim.Kinds(pim.KindContact)})
	}
	return out, nil
}

func (c *connector) shelf(id remote.CollectionID) (shelf, error) {
	if id == exchange.AllMail {
		return &allMails{mails{c, ""}}, nil
	}
	for _, k := range []struct {
		prefix string
		open   func(id string) shelf
	}{
		{calendarPrefix, func(id string) shelf { return &events{c, id} }},
		{listPrefix, func(id string) shelf { return &tasks{c, id} }},
		{folderPrefix, func(id string) shelf { return &contacts{c, id} }},
		{mailPrefix, func(id string) shelf { return &mails{c, id} }},
	} {
		if rest, ok := strings.CutPrefix(string(id), k.prefix); ok && rest != "" {
			return k.open(rest), nil
		}
	}
	return nil, pim.Errorf("graph", pim.ErrNotFound, "there is no such calendar, list or folder")
}

// owner is who the mailbox is to others: the addresses under which it organises meetings.
type owner struct {
	mu        sync.Mutex
	addresses map[string]bool // lower case
}

// learn takes the address of a calendar of the mailbox's own.
func (o *owner) learn(k calendar) {
	if k.IsDefault && k.Owner.Address != "" {
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.addresses == nil {
			o.addresses = map[string]bool{}
		}
		o.addresses[strings.ToLower(k.Owner.Address)] = true
	}
}

func (o *owner) known() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.addresses) > 0
}

func (o *owner) is(address string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.addresses[strings.ToLower(address)]
}

// mine reports an address of the mailbox.
func (c *connector) mine(ctx context.Context, address string) (bool, error) {
	if c.mailbox != "" && strings.EqualFold(address, c.mailbox) {
		return true, nil
	}
	if !c.self.known() {
		if _, err := c.calendars(ctx); err != nil {
			return false, err
		}
	}
	return c.self.is(address), nil
}
