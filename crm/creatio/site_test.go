package creatio_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"crmbridge/crm"
	"crmbridge/crm/creatio"
	"crmbridge/crm/creatio/creatiosim"
	"crmbridge/pim"
	"crmbridge/remote"
)

func fetchOne(t *testing.T, c crm.Connector, col remote.CollectionID, id remote.ItemID) remote.Record {
	t.Helper()
	recs, err := c.Fetch(t.Context(), col, []remote.ItemID{id})
	if err != nil || len(recs) != 1 {
		t.Fatalf("fetch %s: %d records, %v", id, len(recs), err)
	}
	return recs[0]
}

func meeting(title string) *pim.Event {
	start := time.Date(2026, 6, 3, 10, 0, 0, 0, time.UTC)
	return &pim.Event{Activity: pim.Activity{Title: title}, Start: pim.At(start, ""), End: pim.At(start.Add(time.Hour), "")}
}

func create(t *testing.T, c crm.Connector, col remote.CollectionID, it pim.Item) remote.Record {
	t.Helper()
	rec, err := c.Create(t.Context(), col, remote.Entry{Item: it}, t.Name()+it.Summary())
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	return rec
}

// Sessions end in several ways, some of which look like success.
func TestSessionIsRenewed(t *testing.T) {
	t.Parallel()
	for name, expiry := range map[string]creatiosim.Expiry{"401": creatiosim.Expired401, "302": creatiosim.ExpiredRedirect, "page": creatiosim.ExpiredHTML} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(o *creatiosim.Options) { o.Expiry = expiry })
			c := r.open(nil)
			rec := create(t, c, creatio.Activities, meeting("One"))
			r.sim.ExpireSessions()
			got := fetchOne(t, c, creatio.Activities, rec.ID)
			r.sim.ExpireSessions()
			e := meeting("Two")
			if _, err := c.Update(t.Context(), creatio.Activities, got.Ref, remote.Entry{Item: e}, pim.Set(pim.FieldTitle)); err != nil {
				t.Errorf("update in an ended session: %v", err)
			}
			r.sim.ExpireSessions()
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					if _, err := c.Fetch(t.Context(), creatio.Activities, []remote.ItemID{rec.ID}); err != nil {
						t.Errorf("fetch: %v", err)
					}
				})
			}
			wg.Wait()
			if n := r.sim.Counts()["login"]; n != 4 {
				t.Errorf("%d logins for 3 ended sessions, want 4: one more for each, however many callers", n)
			}
		})
	}
}

func TestTokensEnd(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *creatiosim.Options) { o.TokenLifetime = 10 * time.Minute })
	c := r.open(crm.Settings{"auth": "oauth", "client_id": "bridge", "client_secret": "client secret", "identity_url": r.url})
	rec := create(t, c, creatio.Activities, meeting("One"))
	r.clock.Advance(9*time.Minute + 30*time.Second)
	fetchOne(t, c, creatio.Activities, rec.ID)
	if n := r.sim.Counts()["token"]; n != 2 {
		t.Errorf("%d tokens, want 2: the second before the first has ended", n)
	}
}

// A refused login is not tried again at once: sites block users for that.
func TestRefusedLoginIsNotRepeated(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *creatiosim.Options) { o.LoginAttempts = 3 })
	c := r.open(crm.Settings{"password": "wrong"})
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			_, err := c.Changes(t.Context(), creatio.Contacts, remote.Scope{}, "")
			if pim.ReasonOf(err) != pim.ErrAuth || !strings.Contains(pim.PublicText(err), "Invalid username") {
				t.Errorf("%v, %q", err, pim.PublicText(err))
			}
		})
	}
	wg.Wait()
	if n := r.sim.Counts()["login"]; n != 1 {
		t.Errorf("%d logins with a wrong password", n)
	}
	r.clock.Advance(6 * time.Minute)
	if _, err := c.Changes(t.Context(), creatio.Contacts, remote.Scope{}, ""); pim.ReasonOf(err) != pim.ErrAuth || r.sim.Counts()["login"] != 2 {
		t.Errorf("after a while: %v, %d logins", err, r.sim.Counts()["login"])
	}
}

func TestProbeNamesTheFault(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("<html>Welcome to nginx</html>"))
	}))
	t.Cleanup(elsewhere.Close)
	user := func(change func(*creatiosim.User)) func(*creatiosim.Options) {
		return func(o *creatiosim.Options) { change(&o.Users[0]) }
	}
	for name, c := range map[string]struct {
		change   func(*creatiosim.Options)
		settings crm.Settings
		step     string // the last one
		reason   pim.Reason
		public   string
	}{
		"all is well":         {nil, nil, "e-mail", "", ""},
		"core site":           {func(o *creatiosim.Options) { o.Site = creatiosim.Core }, nil, "e-mail", "", ""},
		"nobody there":        {nil, crm.Settings{"url": "http://127.0.0.1:1"}, "address", pim.ErrUnavailable, "nothing listens"},
		"another program":     {nil, crm.Settings{"url": elsewhere.URL}, "address", pim.ErrProtocol, "no Creatio at this address"},
		"private network":     {nil, crm.Settings{"url": "http://10.0.0.1"}, "address", pim.ErrForbidden, "private network"},
		"wrong password":      {nil, crm.Settings{"password": "wrong"}, "login", pim.ErrAuth, "Invalid username or password"},
		"expired password":    {user(func(u *creatiosim.User) { u.PasswordExpired = true }), nil, "login", pim.ErrAuth, "has expired"},
		"no OData":            {user(func(u *creatiosim.User) { u.NoOData = true }), nil, "OData", pim.ErrForbidden, "may not use OData"},
		"wrong workspace":     {nil, crm.Settings{"workspace": "none"}, "OData", pim.ErrProtocol, "no OData service at odata/"},
		"no such owner":       {nil, crm.Settings{"owner": "nobody@example.org"}, "own contact", pim.ErrInvalid, "fits 0 contacts"},
		"owner by address":    {nil, crm.Settings{"owner": "pia@example.org"}, "e-mail", "", ""},
		"wrong secret":        {nil, crm.Settings{"auth": "oauth", "client_id": "bridge", "client_secret": "x", "identity_url": "SITE"}, "login", pim.ErrAuth, "client ID and secret"},
		"no Identity Service": {nil, crm.Settings{"auth": "oauth", "client_id": "bridge", "client_secret": "x", "identity_url": elsewhere.URL}, "address", pim.ErrProtocol, "no Identity Service"},
		"unknown default":     {nil, crm.Settings{"default_type": "Picnic"}, "pick-lists", pim.ErrInvalid, `no activity category "Picnic"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, c.change)
			checks := r.open(c.settings).(remote.Prober).Probe(t.Context())
			last := checks[len(checks)-1]
			if last.Name != c.step || pim.ReasonOf(last.Err) != c.reason || !strings.Contains(pim.PublicText(last.Err), c.public) {
				t.Errorf("last step %q: %v, public %q", last.Name, last.Err, pim.PublicText(last.Err))
			}
		})
	}
}

// A right that is missing is named with what it is for, and what needs it not is tested all the same.
func TestProbeNamesTheMissingRight(t *testing.T) {
	t.Parallel()
	for entity, kinds := range map[string]pim.KindSet{"ContactAddress": pim.Kinds(pim.KindContact), "ActivityFile": pim.Kinds(pim.KindMessage)} {
		r := newRig(t, nil)
		c := r.open(nil)
		if _, err := r.sim.AddFault(creatiosim.Fault{Kind: creatiosim.FaultStatus, Entity: entity, Status: 403, Message: "Current user has insufficient permissions"}); err != nil {
			t.Fatal(err)
		}
		var failed []remote.Check
		checks := c.(remote.Prober).Probe(t.Context())
		for _, x := range checks {
			if x.Err != nil {
				failed = append(failed, x)
			}
		}
		if len(failed) != 1 || failed[0].Kinds != kinds || !strings.Contains(pim.PublicText(failed[0].Err), "the right to read "+entity+" is missing") || checks[len(checks)-1].Name != "e-mail" {
			t.Errorf("%s: %+v", entity, failed)
		}
	}
}

func TestUserWithoutContact(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	unit := r.sim.Find("SysAdminUnit", "Supervisor")[0].ID
	if err := r.sim.Edit("SysAdminUnit", unit, creatiosim.Fields{"ContactId": nil}); err != nil {
		t.Fatal(err)
	}
	_, err := r.open(nil).Changes(t.Context(), creatio.Contacts, remote.Scope{}, "")
	if pim.ReasonOf(err) != pim.ErrForbidden || !strings.Contains(pim.PublicText(err), "has no contact") {
		t.Errorf("%v", err)
	}
}

func TestOpenReportsAllFaultsAtOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	_, err := r.tryOpen(crm.Settings{"url": "ftp://x", "page_size": "7", "lookup_ids": "picnic=1", "colour": "red", "workspace": "3"})
	public := pim.PublicText(err)
	for _, want := range []string{"url: the address must begin", "page_size: must be a number", `no meaning "picnic"`, `no option "colour"`, "workspace must be one of"} {
		if !strings.Contains(public, want) {
			t.Errorf("%q lacks %q", public, want)
		}
	}
	for name, s := range map[string]crm.Settings{
		"password is missing":     {"password": ""},
		"client_id is missing":    {"auth": "oauth"},
		"identity_url is missing": {"auth": "oauth", "client_id": "a", "client_secret": "b"},
		"whose items":             {"auth": "oauth", "client_id": "a", "client_secret": "b", "username": ""},
	} {
		if _, err := r.tryOpen(s); pim.ReasonOf(err) != pim.ErrInvalid || !strings.Contains(pim.PublicText(err), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !strings.Contains(creatio.Driver().Redacted(crm.Settings{"password": password})["password"], "…") {
		t.Error("the password is shown")
	}
}

// An ordinary user sees less of the CRM, and that must do.
func TestOrdinaryUser(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.populate()
	c := r.open(crm.Settings{"username": "pia"})
	e := meeting("Mine")
	e.Attendees = []pim.Attendee{{Person: pim.Person{Name: "Anna Attendee 3", Email: "anna3@example.org"}}}
	rec := create(t, c, creatio.Events, e)
	got := fetchOne(t, c, creatio.Events, rec.ID).Item.(*pim.Event)
	if len(got.Attendees) != 1 || got.CRM.Owner != "Pia Plain" || got.Organizer.Email != "pia@example.org" {
		t.Errorf("%+v", got)
	}
	d, err := c.Changes(t.Context(), creatio.Activities, remote.Scope{}, "")
	if err != nil || len(d.Changed) != 1 {
		t.Errorf("%d changes, %v", len(d.Changed), err)
	}
}
