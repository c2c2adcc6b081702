package creatio_test

import (
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"crmbridge/crm"
	"crmbridge/crm/creatio"
	"crmbridge/crm/creatio/creatiosim"
	"crmbridge/crm/crmtest"
	"crmbridge/internal/testclock"
	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/remote/remotetest"
)

const password = "correct horse battery"

// rig is a simulated site with faults in front of it.
type rig struct {
	t      testing.TB
	sim    *creatiosim.Sim
	faulty *remotetest.Faulty
	url    string
	clock  *testclock.Clock
}

func newRig(t testing.TB, change func(*creatiosim.Options)) *rig {
	t.Helper()
	r := &rig{t: t, clock: testclock.New()}
	o := creatiosim.Options{
		Now: r.clock.Now,
		Users: []creatiosim.User{
			{Login: "Supervisor", Password: password, Name: "Sue Pervisor", Email: "sue@example.org", FullRights: true},
			{Login: "pia", Password: password, Name: "Pia Plain", Email: "pia@example.org"},
		},
		Clients: []creatiosim.Client{{ID: "bridge", Secret: "client secret", User: "Supervisor"}},
	}
	if change != nil {
		change(&o)
	}
	sim, err := creatiosim.New(o)
	if err != nil {
		t.Fatal(err)
	}
	r.sim = sim
	r.faulty = remotetest.NewFaulty(sim, func(q *http.Request, _ []byte) bool {
		return strings.Contains(q.URL.Path, "AuthService") || strings.Contains(q.URL.Path, "connect/token")
	}, nil)
	srv := httptest.NewServer(r.faulty)
	r.url = srv.URL
	t.Cleanup(func() {
		srv.Close()
		if err := sim.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func (r *rig) add(entity string, f creatiosim.Fields) string {
	r.t.Helper()
	id, err := r.sim.Add(entity, f)
	if err != nil {
		r.t.Fatalf("%s: %v", entity, err)
	}
	return id
}

// open opens a connector; settings override the usual ones.
func (r *rig) open(settings crm.Settings) crm.Connector {
	r.t.Helper()
	c, err := r.tryOpen(settings)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = c.Close() })
	return c
}

func (r *rig) tryOpen(settings crm.Settings) (crm.Connector, error) {
	r.t.Helper()
	client := remotetest.Client(r.t, r.clock, remotetest.ManyAtOnce)
	s := crm.Settings{"url": r.url, "username": "Supervisor", "password": password, "page_size": "20"}
	for k, v := range settings {
		s[k] = strings.ReplaceAll(v, "SITE", r.url)
	}
	env := crm.Env{HTTP: client, Now: r.clock.Now, Log: slog.New(slog.DiscardHandler), Zone: zone}
	return creatio.Driver().Open(r.t.Context(), env, s)
}

const zone = "Europe/Helsinki"

// people and companies that the samples speak of belong to somebody else.
func (r *rig) populate() {
	pia := r.sim.ContactOf("pia")
	for n := range 24 {
		r.add("Contact", creatiosim.Fields{"Name": fmt.Sprintf("Anna Attendee %d", n), "Email": fmt.Sprintf("anna%d@example.org", n), "OwnerId": pia})
		r.add("Account", creatiosim.Fields{"Name": fmt.Sprintf("Company %d", n), "OwnerId": pia})
	}
	r.add("Contact", creatiosim.Fields{"Name": "Bo Both", "Email": "bo@example.org", "OwnerId": pia})
}

// fix makes samples fit a standard Creatio.
func fix(it pim.Item, n int) {
	pick := func(of ...string) string { return of[n%len(of)] }
	switch v := it.(type) {
	case *pim.Event:
		fixActivity(&v.Activity, n)
		if v.Status != pim.Cancelled {
			v.Status = "" // what is not cancelled has no word of its own
		}
	case *pim.Task:
		fixActivity(&v.Activity, n)
	case *pim.Contact:
		v.Prefix, v.Suffix = "", ""
		v.Department, v.Role = pick("Sales", "Marketing", "Finance"), pick("CEO", "Specialist", "Accountant")
		v.Salutation, v.Type = pick("Mr.", "Ms.", "Dr."), pick("Employee", "Customer", "Supplier", "Volunteer")
		v.DecisionRole = pick("Decision maker", "Influencer", "End user")
		for i := range v.Phones {
			v.Phones[i].Preferred = false
		}
		for i := range v.Emails {
			v.Emails[i].Label = ""
		}
		v.URLs[0].Label = ""
		v.Addresses[0].Country, v.Addresses[0].Preferred = pick("Finland", "Sweden", "Portugal"), false
	}
}

func fixActivity(a *pim.Activity, n int) {
	pick := func(of ...string) string { return of[n%len(of)] }
	if a.Priority == 5 {
		a.Priority = 0
	}
	for i := range a.Attendees {
		a.Attendees[i].Optional = false
	}
	a.CRM.Type = pick("Meeting", "Product demo", "Call", "Site inspection")
	a.CRM.Result = pick("Completed", "Rescheduled", "Canceled")
}

func harness(change func(*creatiosim.Options), settings crm.Settings) crmtest.Harness {
	rigs := &sync.Map{} // by connector
	h := crmtest.Harness{Harness: remotetest.Harness{
		Fix: fix, Renews: true,
		Coupled: []pim.FieldSet{pim.Set(pim.FieldStart, pim.FieldReminders)},
		Open: func(t *testing.T) remotetest.Account {
			r := newRig(t, change)
			r.populate()
			c := r.open(settings)
			rigs.Store(c, r)
			return remotetest.Account{
				Remote: c, Faults: r.faulty, Pass: r.clock.Advance, Zone: zone,
				Behind: behind{remotetest.Through(r.open(settings)), r},
			}
		},
	}}
	h.Bytes = func(t *testing.T, a remotetest.Account, _ remote.CollectionID, _ remote.ItemID, f remote.KeptFile) []byte {
		x, _ := rigs.Load(a.Remote)
		rec, ok := x.(*rig).sim.Record("ActivityFile", f.ID)
		if !ok {
			t.Fatalf("no file %s", f.ID)
		}
		return rec.Bytes("Data")
	}
	h.AddOther = func(t *testing.T, a remotetest.Account, _ remote.CollectionID, it pim.Item) remote.ItemID {
		x, _ := rigs.Load(a.Remote)
		return x.(*rig).addOther(it)
	}
	h.Wrong = func(t *testing.T) crm.Connector {
		wrong := maps.Clone(settings)
		if wrong == nil {
			wrong = crm.Settings{}
		}
		wrong["password"], wrong["client_secret"] = "wrong", "wrong"
		return newRig(t, change).open(wrong)
	}
	return h
}

// mappedHarness is harness for connections with another map.
func mappedHarness(change func(*creatiosim.Options)) crmtest.Harness {
	h := harness(change, nil)
	h.Many = 61
	h.Fix = func(it pim.Item, n int) { fix(it, n); sampleCustoms(it, n) }
	open, of := h.Open, &sync.Map{}
	h.Open = func(t *testing.T) remotetest.Account {
		a := open(t)
		b := a.Behind.(behind)
		b.r.addRegions()
		m := allMoved(t, a.Remote)
		from := a.Remote
		a.Remote = crmtest.Mapped(t, from, m)
		b.Behind = remotetest.Through(crmtest.Mapped(t, b.r.open(nil), m))
		a.Behind = b
		of.Store(a.Remote, from)
		return a
	}
	bytes := h.Bytes
	h.Bytes = func(t *testing.T, a remotetest.Account, c remote.CollectionID, id remote.ItemID, f remote.KeptFile) []byte {
		from, _ := of.Load(a.Remote)
		a.Remote = from.(remote.Remote)
		return bytes(t, a, c, id, f)
	}
	other := h.AddOther
	h.AddOther = func(t *testing.T, a remotetest.Account, c remote.CollectionID, it pim.Item) remote.ItemID {
		from, _ := of.Load(a.Remote)
		a.Remote = from.(remote.Remote)
		return other(t, a, c, it)
	}
	return h
}

// behind works through a second session, and fills the site fast where many items
// are wanted.
type behind struct {
	remotetest.Behind
	r *rig
}

func (b behind) AddMany(t *testing.T, _ remote.CollectionID, its []pim.Item) {
	t.Helper()
	me, entity, rows := b.r.sim.ContactOf("Supervisor"), "Contact", []creatiosim.Fields{}
	for _, it := range its {
		if it.Kind() == pim.KindMessage {
			entity, rows = "Activity", append(rows, b.r.mail(it, me))
			continue
		}
		if it.Kind() == pim.KindContact {
			rows = append(rows, creatiosim.Fields{"Name": it.Summary(), "OwnerId": me})
			continue
		}
		entity = "Activity"
		rows = append(rows, creatiosim.Fields{"Title": it.Summary(), "OwnerId": me, "ShowInScheduler": it.Kind() == pim.KindEvent,
			"StartDate": b.r.clock.Now(), "DueDate": b.r.clock.Now().Add(time.Hour),
			"TypeId": b.r.sim.Lookup("ActivityType", "Task"), "ActivityCategoryId": b.r.sim.Lookup("ActivityCategory", "Meeting")})
	}
	if err := b.r.sim.Import(entity, rows); err != nil {
		t.Fatal(err)
	}
}

// mail is an e-mail as Creatio's own program keeps it.
func (r *rig) mail(it pim.Item, owner string) creatiosim.Fields {
	return creatiosim.Fields{"Title": it.Summary(), "OwnerId": owner, "StartDate": r.clock.Now(), "DueDate": r.clock.Now(), "SendDate": r.clock.Now(),
		"TypeId": r.sim.Lookup("ActivityType", "Email"), "ActivityCategoryId": r.sim.Lookup("ActivityCategory", "Email"), "Sender": "Cid <cid@example.org>", "Recepient": "sue@example.org; "}
}

func (r *rig) addOther(it pim.Item) remote.ItemID {
	pia := r.sim.ContactOf("pia")
	if it.Kind() == pim.KindMessage {
		return remote.ItemID(r.add("Activity", r.mail(it, pia)))
	}
	if c, ok := it.(*pim.Contact); ok {
		return remote.ItemID(r.add("Contact", creatiosim.Fields{"Name": c.FullName, "OwnerId": pia}))
	}
	f := creatiosim.Fields{"Title": it.Summary(), "OwnerId": pia, "ActivityCategoryId": r.sim.Lookup("ActivityCategory", "Meeting"),
		"ShowInScheduler": it.Kind() == pim.KindEvent, "StartDate": r.clock.Now(), "DueDate": r.clock.Now().Add(time.Hour)}
	return remote.ItemID(r.add("Activity", f))
}

// The site as it is most often, with all 1,001 items, and every way in which sites
// differ.
func TestConformance(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change   func(*creatiosim.Options)
		settings crm.Settings
	}{
		"framework": {},
		"core": {change: func(o *creatiosim.Options) {
			o.Site, o.Expiry, o.Postgres, o.Errors = creatiosim.Core, creatiosim.ExpiredRedirect, true, creatiosim.ErrorsPlain
		}},
		"by column": {change: func(o *creatiosim.Options) {
			o.LookupFilter, o.Expiry, o.ByteOrderMark, o.Errors = creatiosim.ByColumn, creatiosim.ExpiredHTML, true, creatiosim.ErrorsInner
		}},
		"cloud": {change: func(o *creatiosim.Options) {
			o.LookupFilter, o.PageSize, o.WebDAV, o.NoCSRF, o.ForeignLookups, o.SurnameFirst = creatiosim.ByEither, 7, true, true, true, true
		}, settings: crm.Settings{"auth": "oauth", "client_id": "bridge", "client_secret": "client secret", "identity_url": "SITE"}},
	} {
		if testing.Short() && name != "framework" {
			continue // sites differ in what they say, not in what happens at once
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := harness(c.change, c.settings)
			if name != "framework" {
				h.Many = 61
			}
			crmtest.Run(t, h)
		})
	}
}
