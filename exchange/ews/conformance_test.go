package ews_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"crmbridge/exchange"
	"crmbridge/exchange/ews"
	"crmbridge/exchange/ews/ewssim"
	"crmbridge/exchange/exchangetest"
	"crmbridge/internal/testclock"
	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/remote/remotetest"
)

const (
	password = "correct horse battery"
	ann      = "ann@example.org"
	service  = "svc-bridge"
	zone     = "Europe/Helsinki"
)

// rig is a simulated server with faults in front of it.
type rig struct {
	t      testing.TB
	sim    *ewssim.Sim
	faulty *remotetest.Faulty
	srv    *httptest.Server
	url    string
	clock  *testclock.Clock
}

var writes = regexp.MustCompile(`<m:(CreateItem|UpdateItem|DeleteItem|CreateAttachment|DeleteAttachment)[ >]`)

func newRig(t testing.TB, change func(*ewssim.Options)) *rig {
	t.Helper()
	r := &rig{t: t, clock: testclock.New()}
	o := ewssim.Options{
		Now:       r.clock.Now,
		Mailboxes: []ewssim.Mailbox{{Address: ann, Name: "Ann Example", Password: password, Zone: "FLE Standard Time"}, {Address: "bob@example.org", Name: "Bob Example", Password: password}},
		Accounts:  []ewssim.Account{{Login: service, Password: password, Impersonates: []string{ann}}},
	}
	if change != nil {
		change(&o)
	}
	sim, err := ewssim.New(o)
	if err != nil {
		t.Fatal(err)
	}
	r.sim = sim
	r.faulty = remotetest.NewFaulty(sim, nil, func(_ *http.Request, body []byte) bool { return writes.Match(body) })
	srv := httptest.NewUnstartedServer(r.faulty)
	srv.Config.ConnContext = ewssim.ConnContext // NTLM logs connections in
	srv.Start()
	r.srv, r.url = srv, srv.URL
	t.Cleanup(func() {
		_ = sim.Close()
		srv.CloseClientConnections()
		srv.Close()
	})
	return r
}

func (r *rig) open(settings exchange.Settings) exchange.Mailbox {
	r.t.Helper()
	return r.openBy(ews.Driver(), settings)
}

func (r *rig) openBy(d exchange.Driver, settings exchange.Settings) exchange.Mailbox {
	r.t.Helper()
	client := remotetest.Client(r.t, r.clock, remotetest.ManyAtOnce)
	s := exchange.Settings{"url": r.url, "user": ann, "password": password, "page_size": "20"}
	for k, v := range settings {
		s[k] = v
	}
	m, err := d.Open(r.t.Context(), exchange.Env{HTTP: client, Now: r.clock.Now, Log: slog.New(slog.DiscardHandler), Zone: zone}, s)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = m.Close() })
	return m
}

// soap is a person's own program: it sends an operation as it stands.
func (r *rig) soap(op string) string {
	r.t.Helper()
	return r.soapAs(ann, op)
}

func (r *rig) soapAs(user, op string) string {
	r.t.Helper()
	body := `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages" xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types">` +
		`<s:Header><t:RequestServerVersion Version="Exchange2013_SP1"/></s:Header><s:Body>` + op + `</s:Body></s:Envelope>`
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.url+"/EWS/Exchange.asmx", strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.SetBasicAuth(user, password)
	req.Header.Set("Content-Type", "text/xml; charset=utf-8")
	w := httptest.NewRecorder()
	r.sim.ServeHTTP(w, req)
	b, err := io.ReadAll(w.Body)
	if err != nil || !strings.Contains(string(b), `ResponseClass="Success"`) {
		r.t.Fatalf("%s: %v: %s", op, err, b)
	}
	return string(b)
}

var newID = regexp.MustCompile(`<\w+:(?:Item|Folder)Id Id="([^"]*)"`)

// move drags an item into a new folder of its kind.
func (r *rig) move(from remote.CollectionID, id remote.ItemID, k pim.Kind) (remote.CollectionID, remote.ItemID) {
	r.t.Helper()
	kind := map[pim.Kind][2]string{pim.KindEvent: {"CalendarFolder", "calendar"}, pim.KindTask: {"TasksFolder", "tasks"}, pim.KindContact: {"ContactsFolder", "contacts"}, pim.KindMessage: {"Folder", "inbox"}}[k]
	made := r.soap(fmt.Sprintf(`<m:CreateFolder><m:ParentFolderId><t:DistinguishedFolderId Id="%s"/></m:ParentFolderId><m:Folders><t:%s><t:DisplayName>Moved to</t:DisplayName></t:%s></m:Folders></m:CreateFolder>`, kind[1], kind[0], kind[0]))
	folder := newID.FindStringSubmatch(made)
	moved := r.soap(fmt.Sprintf(`<m:MoveItem><m:ToFolderId><t:FolderId Id="%s"/></m:ToFolderId><m:ItemIds><t:ItemId Id="%s"/></m:ItemIds></m:MoveItem>`, folder[1], id))
	item := newID.FindStringSubmatch(moved)
	if item == nil {
		r.t.Fatalf("the move told no id: %s", moved)
	}
	return remote.CollectionID(folder[1]), remote.ItemID(item[1])
}

// fix makes samples fit what Exchange can keep.
func fix(it pim.Item, n int) {
	switch v := it.(type) {
	case *pim.Event:
		fixActivity(&v.Activity, n)
		v.Status = ""
		if !v.Free {
			v.Status = pim.Tentative
		}
		v.Organizer = pim.Person{Name: "Ann Example", Email: ann}
	case *pim.Task:
		fixActivity(&v.Activity, n)
		fixTask(v)
	case *pim.Contact:
		v.Group, v.Members = false, nil
		for i := range v.Phones {
			v.Phones[i].Preferred = false
		}
		for i := range v.Emails {
			v.Emails[i].Preferred, v.Emails[i].Label = false, ""
		}
	}
}

func fixActivity(a *pim.Activity, n int) {
	if n%2 == 1 {
		a.Recurrence = nil // the suite makes some of these last for days
	}
	if a.Priority == 5 {
		a.Priority = 0
	}
	for i := range a.Attendees {
		a.Attendees[i].Answer = ""
	}
}

// fixTask: days, and what status, per cent and day of completion say together. A task that repeats is not done.
func fixTask(t *pim.Task) {
	day := func(w pim.When) pim.When { return pim.On(w.Time.Date()) }
	t.Start, t.Due = day(t.Start), day(t.Due)
	switch t.Status {
	case pim.Completed:
		t.Percent, t.Completed, t.Recurrence = 100, pim.On(2026, time.May, 18), nil
	case pim.InProcess:
		t.Completed = pim.When{}
	default:
		t.Status, t.Percent, t.Completed = "", 0, pim.When{}
	}
}

func harness(change func(*ewssim.Options), settings exchange.Settings) exchangetest.Harness {
	rigs := &sync.Map{} // by mailbox
	of := func(a remotetest.Account) *rig {
		x, _ := rigs.Load(a.Remote)
		return x.(*rig)
	}
	h := exchangetest.Harness{Harness: remotetest.Harness{
		Fix: fix, Many: 201,
		Coupled: []pim.FieldSet{
			// Of events free and tentative are one word there; of tasks the progress is one, and what repeats is not done.
			pim.Set(pim.FieldFree, pim.FieldStatus, pim.FieldPercent, pim.FieldCompleted, pim.FieldRecurrence),
			pim.Set(pim.FieldStart, pim.FieldDue, pim.FieldReminders),
			pim.Set(pim.FieldFullName, pim.FieldName),
		},
		Open: func(t *testing.T) remotetest.Account {
			r := newRig(t, change)
			m := r.open(settings)
			rigs.Store(m, r)
			return remotetest.Account{Remote: m, Faults: r.faulty, Pass: r.clock.Advance, Zone: zone, Behind: remotetest.Through(r.open(nil))}
		},
		Wrong: func(t *testing.T) remote.Remote {
			return newRig(t, change).open(exchange.Settings{"password": "wrong"})
		},
	}}
	h.Move = func(t *testing.T, a remotetest.Account, from remote.CollectionID, id remote.ItemID) (remote.CollectionID, remote.ItemID) {
		cols, err := a.Remote.Collections(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cols {
			if c.ID == from {
				r := *of(a)
				r.t = t
				return r.move(from, id, c.Kinds.List()[0])
			}
		}
		t.Fatal("no such folder")
		return "", ""
	}
	h.Mail = func(t *testing.T, a remotetest.Account, _ remote.CollectionID, msg *pim.Message, files [][]byte) remote.ItemID {
		r := *of(a)
		r.t = t
		return r.deliver(msg, files)
	}
	h.Mailed = func(t *testing.T, a remotetest.Account) int { return len(of(a).sim.Mails()) }
	return h
}

func TestConformance(t *testing.T) {
	t.Parallel()
	exchangetest.Run(t, harness(nil, nil))
}

// Behind NTLM, on a server that has nothing else, and with a service account: what a login can break.
func TestConformanceByNTLM(t *testing.T) {
	t.Parallel()
	h := harness(func(o *ewssim.Options) { o.NoBasic = true }, exchange.Settings{"auth": "ntlm", "user": `EXAMPLE\` + service, "mailbox": ann})
	open := h.Open
	h.Open = func(t *testing.T) remotetest.Account {
		a := open(t)
		a.Behind = nil
		return a
	}
	h.Wrong = func(t *testing.T) remote.Remote {
		return newRig(t, func(o *ewssim.Options) { o.NoBasic = true }).open(exchange.Settings{"auth": "ntlm", "password": "wrong"})
	}
	h.Renews, h.Many, h.Move = true, 61, nil
	exchangetest.Run(t, h)
}

// On a server of tomorrow: elements that nobody knows, another order, fractions of seconds, other prefixes, in faults and on streams, too.
func TestConformanceWithALaterServer(t *testing.T) {
	t.Parallel()
	h := harness(func(o *ewssim.Options) { o.Later = true }, nil)
	h.Many = 61
	exchangetest.Run(t, h)
}
