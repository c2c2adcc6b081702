package graph

import (
	"context"
	"time"

	"crmbridge/exchange"
	"crmbridge/pim"
	"crmbridge/remote"
)

// connector is one mailbox.
type connector struct {
	*service
	env     exchange.Env
	mailbox string // principal name or object ID; "" is that of the person who signed in
	areas   []string
	anyArea bool // nobody chose areas
	person  bool // somebody signed in
	zone    *time.Location
	photos  bool
	// mailsAnswers: organisers are mailed what the mailbox answers.
	mailsAnswers bool
	pageSize     int
	back         int // days of the window of calendars where a scope is open
	ahead        int
	poll         time.Duration // between two looks of Watch
	// hub is where the program hears of changes, notifyURL its address; nil and "" without.
	hub       *Hub
	notifyURL string
	leave     func() // gives the places for requests back

	eventTable   fields[*event, *pim.Event]
	taskTable    fields[*task, *pim.Task]
	contactTable fields[*contact, *pim.Contact]

	links links // how far each collection has been read, for Watch
	self  owner // who the mailbox is to others
	rings keyring
	rolls rolls
	mail  trees
}

var (
	_ exchange.Mailbox = (*connector)(nil)
	_ remote.Finder    = (*connector)(nil)
	_ remote.Lister    = (*connector)(nil)
	_ remote.Prober    = (*connector)(nil)
	_ remote.Mailer    = (*connector)(nil)
	_ remote.Marker    = (*connector)(nil)
	_ remote.Watcher   = (*connector)(nil)
	_ remote.Grouper   = (*connector)(nil)

	_ remote.FileOpener = (*connector)(nil)
)

// Traits implements remote.Remote.
func (c *connector) Traits() remote.Traits {
	t := remote.Traits{
		Carries:  map[pim.Kind]pim.FieldSet{},
		Required: map[pim.Kind]pim.FieldSet{},
		// Of a change and of a deletion Graph's documentation says nothing of If-Match, although it heeds it: the driver compares as well.
		CheckedWrites: false,
		// What left the window of a calendar and was deleted then may be told of or not, so lists settle it.
		ReportsDeletions: false,
		TimeStep:         time.Second,
		Recurrence:       remote.RuleRecurrence,
		AllDay:           true,
		TextLimit:        textLimits(),
		PageSize:         c.pageSize,
		Concurrency:      int(c.most),
	}
	declare(c.eventTable, pim.KindEvent, &t)
	declare(c.taskTable, pim.KindTask, &t)
	declare(c.contactTable, pim.KindContact, &t)
	t.Carries[pim.KindMessage] = messageFields()
	return t
}

// textLimits are the texts that Exchange cuts or refuses, in characters (MS-OXCDATA: a subject).
func textLimits() map[pim.FieldID]int {
	return map[pim.FieldID]int{pim.FieldTitle: 255, pim.FieldLocation: 255}
}

// shelf is what is done to the items of one kind of collection.
type shelf interface {
	kind() pim.Kind
	// changes reads one page of a delta query; full says that it is part of a listing from the beginning.
	changes(ctx context.Context, r request, w window, full bool) (found, error)
	// start is the first request of a listing.
	start(w window) request
	// fetch reads items; those that are not there (any more) are left out.
	fetch(ctx context.Context, ids []remote.ItemID) ([]remote.Record, error)
	// list tells the refs of a page after the other, and what decides whether they are in scope. Some may be told again.
	list(ctx context.Context, sc remote.Scope, tell func(listed)) error
	create(ctx context.Context, e remote.Entry, key string) (remote.Record, error)
	update(ctx context.Context, old remote.Ref, e remote.Entry, changed pim.FieldSet) (remote.Record, error)
	// complete does what a create that was broken off has left undone.
	complete(ctx context.Context, rec remote.Record, e remote.Entry) (remote.Record, error)
	// resource is what a subscription to it names; "" where there is none.
	resource() string
	// path is that of an item.
	path(id remote.ItemID) string
	// marked are the items with a key, those with that one key if it is not "".
	marked(ctx context.Context, key string) (map[string]remote.Ref, error)
	mark(ctx context.Context, op string, old remote.Ref, key string) (stamp, error)
}

// Fetch implements remote.Remote.
func (c *connector) Fetch(ctx context.Context, col remote.CollectionID, ids []remote.ItemID) ([]remote.Record, error) {
	s, err := c.shelf(col)
	if err != nil {
		return nil, err
	}
	seen := map[remote.ItemID]bool{}
	var want []remote.ItemID
	for _, id := range ids {
		if id != "" && !seen[id] {
			seen[id] = true
			want = append(want, id)
		}
	}
	if len(want) == 0 {
		return nil, nil
	}
	return s.fetch(ctx, want)
}

// Create implements remote.Remote.
func (c *connector) Create(ctx context.Context, col remote.CollectionID, e remote.Entry, key string) (remote.Record, error) {
	const op = "graph: create"
	s, err := c.shelf(col)
	switch {
	case err != nil:
		return remote.Record{}, err
	case s.kind() != e.Item.Kind():
		return remote.Record{}, pim.Errorf(op, pim.ErrUnsupported, "a %s cannot be kept there", e.Item.Kind())
	case key == "":
		return remote.Record{}, &pim.Error{Op: op, Kind: pim.ErrInternal, Public: "an item without a key cannot be made safely"}
	}
	return s.create(ctx, e, key)
}

// Update implements remote.Remote.
func (c *connector) Update(ctx context.Context, col remote.CollectionID, old remote.Ref, e remote.Entry, changed pim.FieldSet) (remote.Record, error) {
	const op = "graph: update"
	s, err := c.shelf(col)
	switch {
	case err != nil:
		return remote.Record{}, err
	case s.kind() != e.Item.Kind():
		return remote.Record{}, pim.Errorf(op, pim.ErrUnsupported, "a %s cannot be kept there", e.Item.Kind())
	case old.ID == "":
		return remote.Record{}, missing(op)
	}
	tr := c.Traits()
	return s.update(ctx, old, e, changed.And(tr.Carries[s.kind()]).Minus(tr.ReadOnly))
}

// Delete implements remote.Remote. Exchange removes an item from its own calendar only: a meeting of somebody else is left by it.
func (c *connector) Delete(ctx context.Context, col remote.CollectionID, old remote.Ref, how remote.Removal) error {
	const op = "graph: delete"
	s, err := c.shelf(col)
	switch {
	case err != nil:
		return err
	case s.kind() == pim.KindMessage:
		return readOnlyMail(op)
	case how == remote.Unassign:
		return pim.Errorf(op, pim.ErrUnsupported, "an item of a mailbox has no other owner to be left to")
	case old.ID == "":
		return missing(op)
	}
	if err := c.unchanged(ctx, op, s.path(old.ID), old.Version); err != nil {
		return err
	}
	_, err = c.send(ctx, request{op: op, method: "DELETE", path: s.path(old.ID), match: old.Version})
	return err
}

// unchanged compares an item's version with the expected one; "" is any.
func (c *connector) unchanged(ctx context.Context, op, path, expected string) error {
	var now stamp
	if err := c.get(ctx, request{op: op, path: path, query: selecting("id")}, &now); err != nil {
		return err
	}
	return now.expect(op, expected)
}

// Close implements remote.Remote. Tokens end by themselves.
func (c *connector) Close() error {
	c.leave()
	return nil
}

// stamped sends a write that is answered with the item, and tells its new version.
func (s *service) stamped(ctx context.Context, r request) (now stamp, err error) {
	a, err := s.send(ctx, r)
	if err == nil {
		err = a.written(r.op, &now)
	}
	return now, err
}

func missing(op string) error {
	return pim.Errorf(op, pim.ErrNotFound, "there is no such item in Microsoft 365 (any more)")
}

// stamp is what all items have: their name and version.
type stamp struct {
	ID        string   `json:"id"`
	ETag      string   `json:"@odata.etag"`
	ChangeKey string   `json:"changeKey"`
	Removed   *removed `json:"@removed"`
	Created   string   `json:"createdDateTime"`
	Modified  string   `json:"lastModifiedDateTime"`
}

type removed struct {
	Reason string `json:"reason"`
}

// version is the one for If-Match: the etag is the change key in quotes.
func (s stamp) version() string {
	if s.ETag == "" && s.ChangeKey != "" {
		return `W/"` + s.ChangeKey + `"`
	}
	return s.ETag
}

func (s *stamp) name() string    { return s.ID }
func (s *stamp) gone() bool      { return s.Removed != nil }
func (s *stamp) changed() string { return s.Modified }

func (s stamp) ref() remote.Ref {
	return remote.Ref{ID: remote.ItemID(s.ID), Version: s.version()}
}

func (s stamp) expect(op, version string) error {
	if version != "" && s.version() != version {
		return pim.Errorf(op, pim.ErrConflict, "the item was changed in Microsoft 365 meanwhile")
	}
	return nil
}

func (s stamp) record(it pim.Item, key string) remote.Record {
	// A stamp that cannot be read is none.
	at, _ := time.Parse(time.RFC3339Nano, s.Modified)
	return remote.Record{Ref: s.ref(), Item: it, Key: key, Modified: at.UTC()}
}
