package tryton

import (
	"context"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"crmbridge/crm"
	"crmbridge/pim"
	"crmbridge/remote"
)

// The collections.
const (
	Parties remote.CollectionID = "parties"
	Tasks   remote.CollectionID = "tasks"
)

const (
	pageSize  = 100 // records with everything in them
	listSize  = 500 // records with their versions only
	fetchSize = 100
	// parallel is how many calls a connector makes at once.
	parallel = 4
)

// connector is one user's view of one database.
type connector struct {
	*client
	now   func() time.Time
	log   *slog.Logger
	zone  *time.Location
	known *knowledge
	atlas atlas
	// fields are the definitions of a model's fields, by its name.
	fields *crm.Cache[definitions]
	// maps are the changes of the field map, contacts and works the tables that they make.
	maps     remote.FieldMaps
	contacts partyFields
	works    taskFields
	// writing holds one token: one write at a time, because works form a tree that
	// Tryton renumbers, and two renumberings at once fail at the database.
	writing chan struct{}
	// alone keeps other connections from making what Tryton would have twice; nil: there are none.
	alone func(ctx context.Context, name string, do func(context.Context) error) error
}

var (
	_ remote.Remote = (*connector)(nil)
	_ remote.Lister = (*connector)(nil)
	_ remote.Finder = (*connector)(nil)
	_ remote.Prober = (*connector)(nil)
	_ crm.Lookups   = (*connector)(nil)
)

func newConnector(c *client, now func() time.Time, log *slog.Logger, zone *time.Location) *connector {
	out := &connector{
		client: c, now: now, log: log, zone: zone, known: &knowledge{}, writing: make(chan struct{}, 1),
		contacts: partyTable(c.set.employer != ""), works: taskTable(),
	}
	out.atlas, out.fields = newAtlas(out), newDefinitions(out)
	return out
}

// Traits implements remote.Remote.
func (c *connector) Traits() remote.Traits {
	t := remote.Traits{
		Carries:  map[pim.Kind]pim.FieldSet{},
		Required: map[pim.Kind]pim.FieldSet{},
		ReadOnly: pim.Set(pim.FieldURL),
		// Tryton compares the stamps of the rows that a write touches, but not those of
		// a party's other phones and addresses, and on SQLite to the second only.
		CheckedWrites: false,
		Place:         c.http.Base() + c.set.database, // ids are numbers, the same everywhere
		LocalIDs:      true,                           // of each table
		Recurrence:    remote.NoRecurrence,
		PageSize:      pageSize,
		Concurrency:   parallel,
	}
	c.contacts.Declare(pim.KindContact, &t)
	c.works.Declare(pim.KindTask, &t)
	return t
}

// Collections implements remote.Remote. It looks at the server anew.
func (c *connector) Collections(ctx context.Context) ([]remote.Collection, error) {
	f, err := c.learn(ctx)
	if err != nil {
		return nil, err
	}
	var out []remote.Collection
	for _, s := range c.shelves() {
		if err := s.usable(f); err != nil {
			continue
		}
		r := f.rights[s.model]
		out = append(out, remote.Collection{ID: s.id, Name: s.name, Kinds: pim.Kinds(s.kind), ReadOnly: !bool(r.Create && r.Write)})
	}
	return out, nil
}

// Close implements remote.Remote. It ends the session at Tryton, which is a courtesy:
// whatever goes wrong, the session ends by itself some minutes later.
func (c *connector) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := c.logout(ctx); err != nil {
		c.log.Debug("tryton: logout", "error", err)
	}
	return nil
}

// recordID is the number of an item; ok is false for what no record of Tryton can
// have. The limit is that of a database's integer.
func recordID(id remote.ItemID) (n int64, ok bool) {
	n, err := strconv.ParseInt(string(id), 10, 32)
	return n, err == nil && n > 0 && strconv.FormatInt(n, 10) == string(id)
}

// recordIDs are the numbers of those items that Tryton can have, each once.
func recordIDs(ids []remote.ItemID) []int64 {
	var out []int64
	for _, id := range ids {
		if n, ok := recordID(id); ok {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func itemID(n int64) remote.ItemID { return remote.ItemID(strconv.FormatInt(n, 10)) }
