package dav

import (
	"context"
	"net/url"
	"slices"
	"sync"
	"time"

	"crmbridge/exchange"
	"crmbridge/pim"
	"crmbridge/remote"
)

// pageSize is how many items a page of Changes has at most.
const pageSize = 100

// mailbox is one user's collections.
type mailbox struct {
	env     exchange.Env
	session *session
	text    codec
	start   *url.URL // the address given; nil: by domain
	domain  string
	names   resolver
	place   string
	lists   bool // changes by comparing always

	spans spans

	// looking is held by who looks for the collections.
	looking chan struct{}
	// mu guards what follows.
	mu      sync.Mutex
	found   *homes
	folders []*folder
	rests   []rest
	bad     map[ref]bool
}

var (
	_ exchange.Mailbox = (*mailbox)(nil)
	_ remote.Lister    = (*mailbox)(nil)
	_ remote.Finder    = (*mailbox)(nil)
	_ remote.Prober    = (*mailbox)(nil)
	_ remote.Counter   = (*mailbox)(nil)
	_ remote.Mailer    = (*mailbox)(nil)
)

// carries is what survives in a text: what has a property of its own there.
func carries() map[pim.Kind]pim.FieldSet {
	crm := pim.Set(pim.FieldType, pim.FieldNumber, pim.FieldProject, pim.FieldContact, pim.FieldOwner, pim.FieldResult, pim.FieldReport, pim.FieldCustom)
	activity := crm.Or(pim.Set(pim.FieldCompany))
	contact := crm.Or(pim.Set(pim.FieldSalutation, pim.FieldContactType, pim.FieldDecisionRole, pim.FieldDoNotUse, pim.FieldAccess))
	return map[pim.Kind]pim.FieldSet{
		pim.KindEvent:   pim.AllOf(pim.KindEvent).Minus(activity),
		pim.KindTask:    pim.AllOf(pim.KindTask).Minus(activity).Minus(pim.Set(pim.FieldEffort, pim.FieldSpent)),
		pim.KindContact: pim.AllOf(pim.KindContact).Minus(contact),
	}
}

// Traits implements remote.Remote.
func (m *mailbox) Traits() remote.Traits {
	return remote.Traits{
		Carries:       carries(),
		Required:      map[pim.Kind]pim.FieldSet{pim.KindEvent: pim.Set(pim.FieldTime), pim.KindContact: pim.Set(pim.FieldFullName)},
		CheckedWrites: true,
		Idempotent:    true,
		KeepsUID:      true,
		Place:         m.place,
		TimeStep:      time.Second,
		Recurrence:    remote.RuleRecurrence,
		AllDay:        true,
		PageSize:      pageSize,
		Concurrency:   4,
	}
}

// Collections implements remote.Remote.
func (m *mailbox) Collections(ctx context.Context) ([]remote.Collection, error) {
	fs, err := m.look(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]remote.Collection, len(fs))
	for i, f := range fs {
		out[i] = f.Collection
	}
	return out, nil
}

// look asks for the collections, and where they are when that is not known.
func (m *mailbox) look(ctx context.Context) ([]*folder, error) {
	select {
	case m.looking <- struct{}{}:
		defer func() { <-m.looking }()
	case <-ctx.Done():
		return nil, pim.Wrap("dav: collections", pim.ErrUnavailable, ctx.Err())
	}
	h := m.home()
	if h == nil {
		var err error
		if h, err = m.discover(ctx); err != nil {
			return nil, err
		}
	}
	fs, err := m.foldersOf(ctx, h)
	if err != nil {
		if pim.ReasonOf(err) == pim.ErrNotFound {
			m.keep(nil, nil) // the homes are elsewhere by now
		}
		return nil, err
	}
	m.keep(h, fs)
	return fs, nil
}

func (m *mailbox) home() *homes {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.found
}

func (m *mailbox) keep(h *homes, fs []*folder) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.found, m.folders = h, fs
}

// folder is the collection of an id. One that is not known is looked for once.
func (m *mailbox) folder(ctx context.Context, id remote.CollectionID) (*folder, error) {
	m.mu.Lock()
	fs := m.folders
	m.mu.Unlock()
	is := func(f *folder) bool { return f.ID == id }
	i := slices.IndexFunc(fs, is)
	if i < 0 {
		var err error
		if fs, err = m.look(ctx); err != nil {
			return nil, err
		}
		i = slices.IndexFunc(fs, is)
	}
	if i < 0 {
		return nil, pim.Errorf("dav: collection", pim.ErrNotFound, "the server has no calendar or address book %q for this user (any more)", string(id))
	}
	return fs[i], nil
}

// Close implements remote.Remote. There is no session at the server.
func (m *mailbox) Close() error { return nil }
