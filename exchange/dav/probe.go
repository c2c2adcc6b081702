package dav

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"crmbridge/pim"
	"crmbridge/remote"
)

// Probe implements remote.Prober. A person is watching, so that everything is looked for anew.
func (m *mailbox) Probe(ctx context.Context) []remote.Check {
	m.keep(nil, nil)
	var out []remote.Check
	if m.start != nil {
		// Any answer will do: that of the server before it knows who is asking.
		_, err := m.session.do(ctx, request{op: "dav: address", method: http.MethodOptions, at: m.start, open: true})
		if out = append(out, remote.Check{Name: "address", Err: err, Note: m.start.Scheme + "://" + m.start.Host}); err != nil {
			return out
		}
	}
	fs, err := m.look(ctx)
	if pim.ReasonOf(err) == pim.ErrAuth {
		return append(out, remote.Check{Name: "login", Err: err})
	}
	if err != nil {
		return append(out, remote.Check{Name: "CalDAV and CardDAV", Err: err})
	}
	out = append(out, remote.Check{Name: "login"}, remote.Check{Name: "CalDAV and CardDAV", Note: m.where(m.home())})
	if out = append(out, collectionsCheck(fs)); out[len(out)-1].Err != nil {
		return out
	}
	if out = append(out, rightsCheck(fs)); out[len(out)-1].Err != nil {
		return out
	}
	return append(out, m.probeChanges(ctx, fs))
}

// where says what was found.
func (m *mailbox) where(h *homes) string {
	var parts []string
	for _, u := range h.calendars {
		parts = append(parts, "calendars at "+u.String())
	}
	for _, u := range h.books {
		parts = append(parts, "address books at "+u.String())
	}
	if h.only != nil {
		parts = []string{"one collection at " + h.only.String()}
	}
	return strings.Join(parts, ", ")
}

func collectionsCheck(fs []*folder) remote.Check {
	c := remote.Check{Name: "collections"}
	if len(fs) == 0 {
		c.Err = pim.Errorf("dav: collections", pim.ErrNotFound, "the user has neither calendars nor address books on the server; make one there")
		return c
	}
	var parts []string
	for _, f := range fs {
		parts = append(parts, fmt.Sprintf("%s (%s)", f.Name, f.ID))
	}
	c.Note = strings.Join(parts, ", ")
	return c
}

func rightsCheck(fs []*folder) remote.Check {
	c := remote.Check{Name: "rights"}
	var locked []string
	for _, f := range fs {
		if f.ReadOnly {
			locked = append(locked, f.Name)
		}
	}
	switch {
	case len(locked) == len(fs):
		c.Err = pim.Errorf("dav: rights", pim.ErrForbidden, "the user may read but not change anything on the server (%s); grant the right to write", strings.Join(locked, ", "))
	case len(locked) > 0:
		c.Note = "read-only: " + strings.Join(locked, ", ")
	default:
		c.Note = "may read and write"
	}
	return c
}

// probeChanges asks one collection of each home what changed.
func (m *mailbox) probeChanges(ctx context.Context, fs []*folder) remote.Check {
	c := remote.Check{Name: "changes"}
	var notes []string
	seen := map[bool]bool{}
	for _, f := range fs {
		if seen[f.book] {
			continue
		}
		seen[f.book] = true
		w := walk{mailbox: m, f: f}
		token, stamp, err := w.state(ctx)
		if err == nil && f.log {
			_, _, _, _, err = w.changed(ctx, token)
		}
		if err != nil {
			c.Err = err
			return c
		}
		notes = append(notes, fmt.Sprintf("%s: %s", f.Name, manner(f, stamp)))
		if f.schedules {
			notes = append(notes, "the server can mail those who take part in meetings; what is made from here is silent")
		}
	}
	c.Note = strings.Join(notes, "; ")
	return c
}

func manner(f *folder, stamp string) string {
	switch {
	case f.log:
		return "by change log"
	case stamp != "":
		return "by comparing versions when the collection's own has changed"
	}
	return "by comparing versions at every run"
}
