package dav_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"crmbridge/exchange/dav"
	"crmbridge/internal/testclock"
	"crmbridge/pim"
	"crmbridge/pim/ics"
	"crmbridge/pim/vcf"
	"crmbridge/remote"
	"crmbridge/remote/remotetest"
)

const zone = "Europe/Helsinki"

// open opens a mailbox; settings override the usual ones.
func open(tb testing.TB, c *testclock.Clock, s remote.Settings) remote.Remote {
	tb.Helper()
	r, err := tryOpen(tb, c, s)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = r.Close() })
	return r
}

func tryOpen(tb testing.TB, c *testclock.Clock, s remote.Settings) (remote.Remote, error) {
	tb.Helper()
	client := remotetest.Client(tb, c, remotetest.ManyAtOnce)
	full := remote.Settings{"username": "ann", "password": "correct horse"}
	for k, v := range s {
		full[k] = v
	}
	return dav.Driver().Open(tb.Context(), remote.Env{HTTP: client, Now: c.Now, Log: slog.New(slog.DiscardHandler), Zone: zone}, full)
}

// writes are the requests that change something.
func writes(r *http.Request, _ []byte) bool {
	switch r.Method {
	case http.MethodPut, http.MethodDelete, http.MethodPost, "MOVE":
		return true
	}
	return false
}

// fix gives samples what nobody writes at most remotes, and group members as cards have them.
func fix(it pim.Item, n int) {
	switch v := it.(type) {
	case *pim.Event:
		v.URL = fmt.Sprintf("https://crm.example.org/meeting/%d", n)
	case *pim.Task:
		v.URL = fmt.Sprintf("https://crm.example.org/task/%d", n)
	case *pim.Contact:
		v.PageURL, v.Members = fmt.Sprintf("https://crm.example.org/people/%d", n), []string{fmt.Sprintf("member-%d", n)}
	}
}

// harness opens accounts of a server. change is what stands before it.
func harness(g *groupware, settings remote.Settings, many int) remotetest.Harness {
	return remotetest.Harness{
		Many: many, Fix: fix,
		// Programs take a task for done by any of the three.
		Coupled: []pim.FieldSet{pim.Set(pim.FieldStatus, pim.FieldCompleted, pim.FieldPercent)},
		Open: func(t *testing.T) remotetest.Account {
			h, c := g.open(t), testclock.New()
			f := remotetest.NewFaulty(h.front, nil, writes)
			s := remote.Settings{"url": serve(t, f), "username": h.user}
			for k, v := range settings {
				s[k] = v
			}
			a := remotetest.Account{Remote: open(t, c, s), Faults: f, Pass: c.Advance, Zone: zone, Behind: remotetest.Through(open(t, c, s))}
			if g.files != "" {
				a.Behind = filer{a.Behind, func(path string, text []byte) error {
					return os.WriteFile(filepath.Join(g.files, filepath.FromSlash(path)), text, 0o600)
				}}
			}
			return a
		},
	}
}

// filer fills collections fast.
type filer struct {
	remotetest.Behind
	put func(path string, text []byte) error
}

// AddMany implements remotetest.Bulk.
func (b filer) AddMany(t *testing.T, c remote.CollectionID, its []pim.Item) {
	t.Helper()
	for i, it := range its {
		uid := fmt.Sprintf("bulk-%s-%04d", it.Kind(), i)
		text, ext := []byte(nil), ".ics"
		if contact, ok := it.(*pim.Contact); ok {
			card, err := vcf.New(contact, vcf.V3, vcf.NewOptions{Now: firstDay, UID: uid})
			if err != nil {
				t.Fatal(err)
			}
			text, ext = card.Bytes(), ".vcf"
		} else {
			o, err := ics.New(it, ics.NewOptions{ProdID: "-//test//EN", Now: firstDay, UID: uid})
			if err != nil {
				t.Fatal(err)
			}
			text = o.Bytes()
		}
		if err := b.put(string(c)+uid+ext, text); err != nil {
			t.Fatal(err)
		}
	}
}

var firstDay = time.Date(2026, 6, 1, 8, 0, 0, 0, time.UTC)

// Radicale, with its change log and as a server without one.
func TestRadicale(t *testing.T) {
	t.Parallel()
	g := radicale(t)
	for name, settings := range map[string]remote.Settings{"change log": nil, "comparing": {"changes": "list"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := harness(g, settings, 130)
			if settings != nil {
				h.Only = []string{"changes", "a deletion shows", "unknown cursor", "many items", "window", "kinds in scope"}
			}
			remotetest.Run(t, h)
		})
	}
}

// Xandikos, which keeps texts as they are, and whose calendars take events and tasks alike. Each write is a commit there, so that
// it takes part in what tells servers apart.
func TestXandikos(t *testing.T) {
	t.Parallel()
	h := harness(xandikos(t), nil, 0)
	h.Only = []string{"traits", "collections", "create and fetch", "create again with the same key", "texts", "all-day events", "unknown ids", "stale update",
		"update of a deleted item", "delete", "stale delete", "changes", "a deletion shows", "window", "kinds in scope"}
	remotetest.Run(t, h)
}
