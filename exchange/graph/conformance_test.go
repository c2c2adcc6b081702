package graph_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"crmbridge/exchange"
	"crmbridge/exchange/exchangetest"
	"crmbridge/exchange/graph"
	"crmbridge/exchange/graph/graphsim"
	"crmbridge/internal/testclock"
	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/remote/remotetest"
)

const (
	ann    = "ann@example.org"
	secret = "correct horse battery"
	zone   = "Europe/Helsinki"
)

// rig is a simulated tenant with faults in front of it.
type rig struct {
	t      testing.TB
	sim    *graphsim.Sim
	faulty *remotetest.Faulty
	url    string
	clock  *testclock.Clock
	states chan string // of notifications that came by, where somebody listens
}

func permissions() []string {
	return []string{graphsim.CalendarsReadWrite, graphsim.ContactsReadWrite, graphsim.TasksReadWriteAll, graphsim.MailRead}
}

func newRig(t testing.TB, change func(*graphsim.Options)) *rig {
	t.Helper()
	r := &rig{t: t, clock: testclock.New()}
	o := graphsim.Options{
		Now:   r.clock.Now,
		Users: []graphsim.User{{Name: ann, FullName: "Ann Example", Zone: zone}, {Name: "bob@example.org", FullName: "Bob Example"}},
		Apps:  []graphsim.App{{ID: "bridge", Secret: secret, Permissions: permissions()}},
		Rate:  -1, // the clock stands still, so that ten minutes never end
	}
	if change != nil {
		change(&o)
	}
	sim, err := graphsim.New(o)
	if err != nil {
		t.Fatal(err)
	}
	r.sim = sim
	r.faulty = remotetest.NewFaulty(sim, func(q *http.Request, _ []byte) bool { return strings.Contains(q.URL.Path, "oauth2") },
		// Only reads go into batches.
		func(q *http.Request, _ []byte) bool {
			return q.Method != http.MethodGet && !strings.HasSuffix(q.URL.Path, "/$batch")
		})
	srv := httptest.NewServer(r.faulty)
	r.url = srv.URL
	t.Cleanup(func() {
		srv.Close()
		sim.Close()
	})
	return r
}

// open opens a mailbox; settings override the usual ones.
func (r *rig) open(settings exchange.Settings) exchange.Mailbox {
	r.t.Helper()
	m, err := r.tryOpen(settings)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = m.Close() })
	return m
}

func (r *rig) tryOpen(settings exchange.Settings) (exchange.Mailbox, error) {
	r.t.Helper()
	client := remotetest.Client(r.t, r.clock, remotetest.ManyAtOnce)
	s := exchange.Settings{"tenant": r.sim.Tenant(), "client_id": "bridge", "client_secret": secret, "mailbox": ann, "login_url": r.url, "graph_url": r.url,
		"page_size": "20", "poll_seconds": "1"}
	maps.Copy(s, settings)
	env := exchange.Env{HTTP: client, Now: r.clock.Now, Log: slog.New(slog.DiscardHandler), Zone: zone}
	return graph.Driver().Open(r.t.Context(), env, s)
}

// fix makes samples fit Microsoft 365.
func fix(it pim.Item, n int) {
	switch v := it.(type) {
	case *pim.Event:
		fixActivity(&v.Activity, n)
		v.Organizer = pim.Person{Name: "Ann Example", Email: ann}
		if v.Status = ""; !v.Free {
			v.Status = pim.Tentative // the one word that can be written
		}
		for i := range v.Attendees {
			v.Attendees[i].Answer = "" // what people answer is theirs to say
		}
		if n%2 == 0 {
			v.Attendees = nil // a mark on a meeting would be mailed
		}
		if n == 1 {
			v.Recurrence = nil // cases make it days long, and Exchange lets no occurrences overlap
		}
	case *pim.Task:
		fixActivity(&v.Activity, n)
		// To Do keeps days.
		v.Start, v.Due = day(v.Start), day(v.Due)
		v.Start.Time = v.Start.Time.AddDate(0, 0, -n)
		if v.Completed = day(v.Completed); v.Status != pim.Completed {
			v.Completed = pim.When{}
		}
	case *pim.Contact:
		for i := range v.Phones {
			v.Phones[i].Preferred = false
		}
		for i := range v.Emails {
			v.Emails[i].Label, v.Emails[i].Preferred = "", false
		}
		v.IMs[0].Label = ""
		v.Addresses[0].Preferred = false
		v.Group = false
		v.Photo = photo(n)
	}
}

func fixActivity(a *pim.Activity, _ int) {
	if a.Priority == 5 {
		a.Priority = 0
	}
}

// do does what a person does in Outlook.
func (r *rig) do(method, path string, body graphsim.Fields) graphsim.Fields {
	r.t.Helper()
	var b any
	if body != nil {
		b = body
	}
	got, err := r.sim.Do(method, "/users/"+ann+path, b)
	if err != nil {
		r.t.Fatal(err)
	}
	return got
}

// move drags an item into a new folder.
func (r *rig) move(from remote.CollectionID, id remote.ItemID) (remote.CollectionID, remote.ItemID) {
	r.t.Helper()
	kind, _, _ := strings.Cut(string(from), ":")
	made := r.do("POST", map[string]string{"calendar": "/calendars", "tasks": "/todo/lists", "contacts": "/contactFolders", "mail": "/mailFolders"}[kind],
		map[string]graphsim.Fields{"calendar": {"name": "Elsewhere"}, "tasks": {"displayName": "Elsewhere"}, "contacts": {"displayName": "Elsewhere"}, "mail": {"displayName": "Elsewhere"}}[kind])
	to := made["id"].(string)
	now, err := r.sim.Move(ann, string(id), to)
	if err != nil {
		r.t.Fatal(err)
	}
	if kind != "tasks" {
		now = string(id) // the immutable one
	}
	return remote.CollectionID(kind + ":" + to), remote.ItemID(now)
}

// photo is a small picture, another one for each number.
func photo(n int) []byte {
	img := image.NewGray(image.Rect(0, 0, 8, 8))
	for i := range img.Pix {
		img.Pix[i] = byte(16 * n)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func day(w pim.When) pim.When {
	if w.IsZero() {
		return w
	}
	return pim.On(w.Time.Date())
}

func harness(change func(*graphsim.Options), settings exchange.Settings) exchangetest.Harness {
	rigs := &sync.Map{} // by mailbox
	h := exchangetest.Harness{Harness: remotetest.Harness{
		Fix: fix, Renews: true,
		Coupled: []pim.FieldSet{pim.Set(pim.FieldFree, pim.FieldStatus, pim.FieldCompleted), pim.Set(pim.FieldStart, pim.FieldReminders)},
		Open: func(t *testing.T) remotetest.Account {
			r := newRig(t, change)
			m := r.open(settings)
			rigs.Store(m, r)
			return remotetest.Account{
				Remote: m, Faults: r.faulty, Pass: r.clock.Advance, Zone: zone,
				Behind: remotetest.Through(r.open(settings)),
			}
		},
		Wrong: func(t *testing.T) remote.Remote {
			wrong := maps.Clone(settings)
			if wrong == nil {
				wrong = exchange.Settings{}
			}
			wrong["client_secret"], wrong["certificate"] = "wrong", ""
			return newRig(t, change).open(wrong)
		},
	}}
	h.Move = func(t *testing.T, a remotetest.Account, from remote.CollectionID, id remote.ItemID) (remote.CollectionID, remote.ItemID) {
		r, _ := rigs.Load(a.Remote)
		return r.(*rig).move(from, id)
	}
	h.Mail = func(t *testing.T, a remotetest.Account, folder remote.CollectionID, m *pim.Message, files [][]byte) remote.ItemID {
		r, _ := rigs.Load(a.Remote)
		return r.(*rig).deliver(folder, m, files)
	}
	h.Mailed = func(_ *testing.T, a remotetest.Account) int {
		r, _ := rigs.Load(a.Remote)
		return r.(*rig).sim.MailCount()
	}
	return h
}

// The service as it is most often, with all 1,001 items, and with small pages.
func TestConformance(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change   func(*graphsim.Options)
		settings exchange.Settings
		many     int
	}{
		"usual":      {many: 1001},
		"tiny pages": {change: func(o *graphsim.Options) { o.PageSize = 3 }, settings: exchange.Settings{"page_size": "5", "concurrency": "1"}, many: 61},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := harness(c.change, c.settings)
			h.Many = c.many
			exchangetest.Run(t, h)
		})
	}
}
