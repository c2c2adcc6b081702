package creatio

import (
	"context"
	"slices"
	"time"

	"crmbridge/crm"
	"crmbridge/pim"
	"crmbridge/remote"
)

// The collections. Activities holds events and tasks in one; Events and Tasks are
// the same items apart.
const (
	Activities remote.CollectionID = "activities"
	Events     remote.CollectionID = "events"
	Tasks      remote.CollectionID = "tasks"
	Contacts   remote.CollectionID = "contacts"
	Mail       remote.CollectionID = "mail"
)

// Lengths of text columns, in UTF-16 units.
const (
	titleLimit = 500
	nameLimit  = 250
)

// textLimits are the texts that are cut, in whatever column they are kept: how long a
// column's texts may be is nowhere told.
func textLimits() map[pim.FieldID]int {
	return map[pim.FieldID]int{pim.FieldTitle: titleLimit, pim.FieldLocation: nameLimit, pim.FieldFullName: nameLimit, pim.FieldJobTitle: nameLimit}
}

// connector is one user's Creatio.
type connector struct {
	site      *site
	env       crm.Env
	zone      *time.Location
	settings  crm.Settings
	pageSize  int
	lookups   *lookups
	people    *people
	places    *crm.Cache[crm.Offer]
	companies *crm.Cache[crm.Offer]
	lookupAge time.Duration
	there     *crm.Cache[bool] // rare lookups of activities
	known     *crm.Cache[[]remote.Known]
	domains   *crm.Cache[[]crm.LookupValue]

	manner *manner
	models *crm.Cache[*model]
	named  *crm.Cache[crm.Offer] // rows of entities that only a field map names

	// maps are the changes of the field map, with the tables that they make; nil: none.
	maps          remote.FieldMaps
	activityTable crm.Fields[activityRead, *activityWrite]
	contactTable  crm.Fields[contactRead, *contactWrite]
}

var (
	_ crm.Connector  = (*connector)(nil)
	_ crm.Lookups    = (*connector)(nil)
	_ remote.Finder  = (*connector)(nil)
	_ remote.Lister  = (*connector)(nil)
	_ remote.Prober  = (*connector)(nil)
	_ remote.Grouper = (*connector)(nil)
	_ remote.Counter = (*connector)(nil)
	_ remote.Mailer  = (*connector)(nil)
)

// Traits implements remote.Remote.
func (c *connector) Traits() remote.Traits {
	t := remote.Traits{
		Idempotent:  true,
		TimeStep:    time.Second,
		StampStep:   time.Millisecond,
		Recurrence:  remote.NoRecurrence,
		AllDay:      true,
		TextLimit:   textLimits(),
		PageSize:    c.pageSize,
		Concurrency: atOnce,
		Carries:     map[pim.Kind]pim.FieldSet{},
		Required:    map[pim.Kind]pim.FieldSet{},
		ReadOnly:    pim.Set(pim.FieldURL),
	}
	c.activityFields().Declare(pim.KindEvent, &t)
	c.activityFields().Declare(pim.KindTask, &t)
	c.contactFields().Declare(pim.KindContact, &t)
	messageFields().Declare(pim.KindMessage, &t)
	return t
}

// Collections implements remote.Remote. They are the same for every user; whether
// they can be read shows on the first listing and in Probe.
func (c *connector) Collections(context.Context) ([]remote.Collection, error) {
	return []remote.Collection{
		{ID: Activities, Name: "Activities", Kinds: pim.Kinds(pim.KindEvent, pim.KindTask)},
		{ID: Events, Name: "Calendar", Kinds: pim.Kinds(pim.KindEvent)},
		{ID: Tasks, Name: "Tasks", Kinds: pim.Kinds(pim.KindTask)},
		{ID: Contacts, Name: "Contacts", Kinds: pim.Kinds(pim.KindContact)},
		{ID: Mail, Name: "E-mail", Kinds: pim.Kinds(pim.KindMessage)},
	}, nil
}

// shelf is an entity with its children, as items.
type shelf interface {
	entity() string
	// children are the entities whose rows belong to an item and move on their own.
	children() []child
	// records asks for rows of the entity and makes items of them. Rows that skip
	// (nil: none) names are not loaded further.
	records(ctx context.Context, q query, skip func(row) bool) (batch, error)
	// scope compiles a scope for kinds of this shelf.
	scope(ctx context.Context, s remote.Scope, kinds pim.KindSet) (view, error)

	// made is the id of the item of a key.
	made(key string) guid
	create(ctx context.Context, k *looking, e remote.Entry, key string) (remote.Record, error)
	update(ctx context.Context, k *looking, old remote.Ref, e remote.Entry, changed pim.FieldSet) (remote.Record, error)
	unassign(ctx context.Context, id guid) error
}

// child is an entity whose rows belong to one of another.
type child struct {
	entity string
	nav    string // the lookup that leads to the parent, without Id
}

// batch is an answer to a query.
type batch struct {
	items  []loaded
	stamps []time.Time // ModifiedOn of every row, skipped ones too, in order
	more   bool
}

// loaded is an item with what decides whether it is in scope.
type loaded struct {
	rec      remote.Record
	id       guid
	modified time.Time
	owner    guid
	people   []guid // participants
	types    []guid // category and type
	start    time.Time
	due      time.Time
}

func (c *connector) shelf(id remote.CollectionID) (shelf, pim.KindSet, error) {
	switch id {
	case Activities:
		return &activities{c}, pim.Kinds(pim.KindEvent, pim.KindTask), nil
	case Events:
		return &activities{c}, pim.Kinds(pim.KindEvent), nil
	case Tasks:
		return &activities{c}, pim.Kinds(pim.KindTask), nil
	case Contacts:
		return &contacts{c}, pim.Kinds(pim.KindContact), nil
	case Mail:
		return &messages{&activities{c}}, pim.Kinds(pim.KindMessage), nil
	}
	return nil, 0, pim.Errorf("creatio", pim.ErrNotFound, "there is no collection %s", id)
}

// Fetch implements remote.Remote.
func (c *connector) Fetch(ctx context.Context, col remote.CollectionID, ids []remote.ItemID) ([]remote.Record, error) {
	s, _, err := c.shelf(col)
	if err != nil {
		return nil, err
	}
	seen := map[guid]bool{}
	var want []guid
	for _, id := range ids {
		// An id that is no GUID is no item, and no word for a filter either.
		if g, ok := parseGUID(string(id)); ok && !seen[g] {
			seen[g] = true
			want = append(want, g)
		}
	}
	items, err := c.byIDs(ctx, s, want)
	if err != nil {
		return nil, err
	}
	recs := make([]remote.Record, len(items))
	for i, x := range items {
		recs[i] = x.rec
	}
	return recs, nil
}

// byIDs loads items in groups, some at once.
func (c *connector) byIDs(ctx context.Context, s shelf, ids []guid) ([]loaded, error) {
	groups := chunks(ids, askAtOnce)
	parts := make([][]loaded, len(groups))
	err := c.parallel(ctx, "creatio: read", len(groups), func(ctx context.Context, i int) error {
		q := query{filter: anyID(groups[i]), order: "Id asc", top: maxPage}
		for more := true; more; {
			b, err := s.records(ctx, q, nil)
			if err != nil {
				return err
			}
			parts[i] = append(parts[i], b.items...)
			more = b.more && len(b.stamps) > 0 // sites may cut answers short
			q.skip += len(b.stamps)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var out []loaded
	for _, p := range parts {
		out = append(out, p...)
	}
	return out, nil
}

// single is one item; ErrNotFound when there is none.
func (c *connector) single(ctx context.Context, s shelf, op string, id guid) (loaded, error) {
	b, err := s.records(ctx, query{filter: anyID([]guid{id}), top: 1}, nil)
	if err != nil {
		return loaded{}, err
	}
	if len(b.items) == 0 {
		return loaded{}, missing(op)
	}
	return b.items[0], nil
}

func missing(op string) error {
	return pim.Errorf(op, pim.ErrNotFound, "there is no such item in Creatio (any more)")
}

func chunks(ids []guid, n int) [][]guid {
	var out [][]guid
	for len(ids) > 0 {
		m := min(n, len(ids))
		out, ids = append(out, ids[:m]), ids[m:]
	}
	return out
}

// Create implements remote.Remote.
func (c *connector) Create(ctx context.Context, col remote.CollectionID, e remote.Entry, key string) (remote.Record, error) {
	const op = "creatio: create"
	s, kinds, err := c.shelf(col)
	switch {
	case err != nil:
		return remote.Record{}, err
	case !kinds.Has(e.Item.Kind()):
		return remote.Record{}, pim.Errorf(op, pim.ErrUnsupported, "%s cannot keep a %s", col, e.Item.Kind())
	case key == "":
		return remote.Record{}, &pim.Error{Op: op, Kind: pim.ErrInternal, Public: "an item without a key cannot be made safely"}
	}
	rec, err := c.written(func(k *looking) (remote.Record, error) { return s.create(ctx, k, e, key) })
	return rec, undeleted(op, err)
}

// Update implements remote.Remote.
func (c *connector) Update(ctx context.Context, col remote.CollectionID, old remote.Ref, e remote.Entry, changed pim.FieldSet) (remote.Record, error) {
	const op = "creatio: update"
	s, kinds, err := c.shelf(col)
	if err != nil {
		return remote.Record{}, err
	}
	k := e.Item.Kind()
	if !kinds.Has(k) {
		return remote.Record{}, pim.Errorf(op, pim.ErrUnsupported, "%s cannot keep a %s", col, k)
	}
	if _, ok := parseGUID(string(old.ID)); !ok {
		return remote.Record{}, missing(op)
	}
	tr := c.Traits()
	return c.written(func(l *looking) (remote.Record, error) {
		return s.update(ctx, l, old, e, changed.And(tr.Carries[k]).Minus(tr.ReadOnly))
	})
}

// Delete implements remote.Remote.
func (c *connector) Delete(ctx context.Context, col remote.CollectionID, old remote.Ref, how remote.Removal) error {
	const op = "creatio: delete"
	s, _, err := c.shelf(col)
	if err != nil {
		return err
	}
	id, ok := parseGUID(string(old.ID))
	if !ok {
		return missing(op)
	}
	// Creatio has no conditional writes: read, compare, then write.
	now, err := c.single(ctx, s, op, id)
	if err != nil {
		return err
	}
	if err := unchanged(op, now.rec.Version, old.Version); err != nil {
		return err
	}
	me, err := c.people.me(ctx)
	if err != nil {
		return err
	}
	joined := now.owner != me && slices.Contains(now.people, me)
	switch {
	case joined:
		// Somebody else's meeting is left, not cancelled for everybody.
		return s.unassign(ctx, id)
	case how == remote.Unassign && now.owner != me:
		return pim.Errorf(op, pim.ErrUnsupported, "the item is somebody else's")
	case how == remote.Unassign:
		return s.unassign(ctx, id)
	}
	return c.site.remove(ctx, s.entity(), id)
}

func unchanged(op, now, expected string) error {
	if expected != "" && now != expected {
		return pim.Errorf(op, pim.ErrConflict, "the item was changed in Creatio meanwhile")
	}
	return nil
}

// Close implements remote.Remote. Sessions end by themselves; many sites count
// them per user, so there is only ever one.
func (c *connector) Close() error { return nil }

// page is the address of an item's page.
func (c *connector) page(schema string, id guid) string {
	root := c.site.client.Base()
	if c.site.zeroPath() {
		root += "0/"
	}
	return root + "Nui/ViewModule.aspx#CardModuleV2/" + schema + "/edit/" + string(id)
}
