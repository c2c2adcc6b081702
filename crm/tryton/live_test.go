package tryton

import (
	"bytes"
	"context"
	"crypto/pbkdf2"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"crmbridge/crm/crmtest"
	"crmbridge/internal/testenv"
	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/remote/remotetest"
	"crmbridge/upstream"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// live is a real Tryton. Accounts are users of one database, each with a company of
// its own for tasks; a record rule shows each user the parties that this user made.
type live struct {
	server   *testenv.TrytonServer
	url      string // of Tryton behind oneByOne
	admin    *connector
	groups   []int64
	currency int64
	users    atomic.Int64
}

const (
	livePassword = "wk7-plumbago!QFXZ"
	liveZone     = "Europe/Oslo"
)

func startLive(t *testing.T) *live {
	t.Helper()
	s := testenv.Tryton(t)
	l := &live{server: s, url: oneByOne(t, s.URL)}
	l.admin = openRemote(t, clockNow, l.url, map[string]string{"username": s.User, "password": s.Password}).(*connector)
	l.currency = l.add(t, "currency.currency", values{"name": "Euro", "code": "EUR", "symbol": "€"})
	l.add(t, "country.country", values{"name": "Norway", "code": "NO", "subdivisions": []any{
		[]any{"create", []values{{"name": "Østlandet", "code": "NO-99", "type": "region"}}},
	}})
	l.add(t, "party.relation.type", values{"name": "Employee of"})
	for _, name := range areas() {
		l.add(t, modelRegion, values{"name": name})
	}
	var ids []int64
	l.call(t, "res.group", "search", &ids, []any{}, 0, nil, nil)
	l.groups = ids
	var models []struct{ ID int64 }
	l.call(t, "ir.model", "search_read", &models, domain{clause("model", "=", modelParty)}, 0, 1, nil, []string{"model"})
	mine := `[["create_uid","=",{"__class__":"Get","v":{"__class__":"Eval","v":"user","d":{}},"k":"id","d":-1}]]`
	l.add(t, "ir.rule.group", values{"name": "Own parties", "model": models[0].ID, "global_p": true, "rules": []any{
		[]any{"create", []values{{"domain": mine}}},
	}})
	return l
}

// call calls a method of a model as the administrator.
func (l *live) call(t *testing.T, model, method string, out any, params ...any) {
	t.Helper()
	if err := l.admin.user(context.Background(), "test: "+method, model, method, nil, out, params...); err != nil {
		t.Fatalf("%s.%s: %v: %s", model, method, err, pim.PublicText(err))
	}
}

func (l *live) add(t *testing.T, model string, v values) int64 {
	t.Helper()
	var ids []int64
	l.call(t, model, "create", &ids, []values{v})
	return ids[0]
}

// user makes a user with a company, and projects there.
func (l *live) user(t *testing.T) (login string) {
	t.Helper()
	login = fmt.Sprintf("user%d", l.users.Add(1))
	party := l.add(t, modelParty, values{"name": "Company of " + login})
	company := l.add(t, "company.company", values{"party": party, "currency": l.currency})
	l.add(t, "res.user", values{
		"name": login, "login": login, "password_hash": cheapHash(t), "groups": []any{[]any{"add", l.groups}},
		"companies": []any{[]any{"add", []int64{company}}}, "company": company,
	})
	return login
}

// cheapHash is the password as Tryton stores it, with one round instead of the tens of
// thousands that would make every case wait for a second.
func cheapHash(t *testing.T) string {
	t.Helper()
	salt := []byte("salt for a test.")
	key, err := pbkdf2.Key(sha512.New, livePassword, salt, 1, sha512.Size)
	if err != nil {
		t.Fatal(err)
	}
	text := func(b []byte) string { return strings.ReplaceAll(base64.RawStdEncoding.EncodeToString(b), "+", ".") }
	return "$pbkdf2-sha512$1$" + text(salt) + "$" + text(key)
}

// clockNow is the real clock, for connectors that no test lets wait.
func clockNow() time.Time { return time.Now() }

// openRemote opens the driver as the program does.
func openRemote(t *testing.T, now func() time.Time, base string, more map[string]string) remote.Remote {
	t.Helper()
	h, err := upstream.New(upstream.Options{
		Now: now, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	})
	if err != nil {
		t.Fatal(err)
	}
	d := Driver()
	s := remote.Settings{"url": base, "database": "crm"}
	for k, v := range more {
		s[k] = v
	}
	if s, err = d.Complete(s); err != nil {
		t.Fatal(err)
	}
	r, err := d.Open(context.Background(), remote.Env{HTTP: h, Now: now, Zone: liveZone}, s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		h.Close()
	})
	return r
}

// passing is a clock that can be put forward.
type passingClock struct {
	mu  sync.Mutex
	off time.Duration
}

func (c *passingClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.off)
}

// pass waits for short times, which Tryton's clock has to see, and skips long ones.
func (c *passingClock) pass(d time.Duration) {
	if d <= time.Second {
		time.Sleep(d)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.off += d
}

// behind is a second session of the same account.
type behind struct{ *connector }

func (b behind) Add(t *testing.T, c remote.CollectionID, it pim.Item) remote.ItemID {
	t.Helper()
	rec, err := b.Create(context.Background(), c, remote.Entry{Item: it}, "")
	if err != nil {
		t.Fatalf("behind: add: %v", err)
	}
	return rec.ID
}

func (b behind) Edit(t *testing.T, c remote.CollectionID, id remote.ItemID, it pim.Item, set pim.FieldSet) {
	t.Helper()
	if _, err := b.Update(context.Background(), c, remote.Ref{ID: id}, remote.Entry{Item: it}, set); err != nil {
		t.Fatalf("behind: edit: %v", err)
	}
}

func (b behind) Remove(t *testing.T, c remote.CollectionID, id remote.ItemID) {
	t.Helper()
	if err := b.Delete(context.Background(), c, remote.Ref{ID: id}, remote.Delete); err != nil {
		t.Fatalf("behind: remove: %v", err)
	}
}

// AddMany implements remotetest.Bulk: one call for all.
func (b behind) AddMany(t *testing.T, c remote.CollectionID, its []pim.Item) {
	t.Helper()
	ctx := context.Background()
	sh, f, err := b.shelf(ctx, "test", c)
	if err != nil {
		t.Fatal(err)
	}
	var all []values
	for _, it := range its {
		p, err := sh.plan(ctx, b.connector, "test", f, row{}, it, b.writable(sh.kind, pim.AllOf(sh.kind)))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p.set)
	}
	if err := b.user(ctx, "test: add many", sh.model, "create", f.in, nil, all); err != nil {
		t.Fatalf("add many: %v", err)
	}
}

// oneByOne lets no two parties be made at once: on SQLite Tryton gives both the same
// code then, and refuses one.
func oneByOne(t *testing.T, target string) string {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(u)
	var making sync.Mutex
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if methodOf(body) == "model.party.party.create" {
			making.Lock()
			defer making.Unlock()
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	return front.URL
}

func methodOf(body []byte) string {
	var m struct{ Method string }
	_ = json.Unmarshal(body, &m)
	return m.Method
}

// fronted puts a server that fails on demand in front of Tryton.
func fronted(t *testing.T, target string) (*remotetest.Faulty, string) {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	isLogin := func(_ *http.Request, body []byte) bool { return bytes.Contains(body, []byte(`"common.db.login"`)) }
	isWrite := func(_ *http.Request, body []byte) bool {
		m := methodOf(body)
		return strings.HasSuffix(m, ".create") || strings.HasSuffix(m, ".write") || strings.HasSuffix(m, ".delete")
	}
	faulty := remotetest.NewFaulty(httputil.NewSingleHostReverseProxy(u), isLogin, isWrite)
	front := httptest.NewServer(faulty)
	t.Cleanup(front.Close)
	return faulty, front.URL
}

// account is a user's, with settings besides the usual ones.
func (l *live) account(t *testing.T, more ...string) remotetest.Account {
	t.Helper()
	login := l.user(t)
	faulty, front := fronted(t, l.url)
	clock := &passingClock{}
	who := map[string]string{"username": login, "password": livePassword}
	for i := 0; i < len(more); i += 2 {
		who[more[i]] = more[i+1]
	}
	c := openRemote(t, clock.now, front, who)
	f, err := c.(*connector).facts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b := behind{openRemote(t, clock.now, l.url, who).(*connector)}
	b.known.set(f)
	var projects []values
	for n := range 4 {
		projects = append(projects, values{"name": fmt.Sprintf("Project %d", n), "type": "project"})
	}
	if err := b.client.user(t.Context(), "test", modelWork, "create", f.in, nil, projects); err != nil {
		t.Fatalf("projects: %v: %s", err, pim.PublicText(err))
	}
	return remotetest.Account{Remote: c, Behind: b, Faults: faulty, Pass: clock.pass, Zone: liveZone}
}

// judged is the account of a conformance case.
func (l *live) judged(t *testing.T) remotetest.Account {
	t.Helper()
	return judged(t, func(t *testing.T) remotetest.Account { return l.account(t) })
}

func judged(t *testing.T, account func(*testing.T) remotetest.Account) remotetest.Account {
	t.Helper()
	if strings.HasSuffix(t.Name(), "/window") {
		t.Skip("left out: Tryton's tasks have no dates, so that they are in every window")
	}
	a := account(t)
	if strings.HasSuffix(t.Name(), "/unassign") {
		a.Remote = partiesOnly{a.Remote.(*connector)} // nobody can be taken off a task; see TestUnassign
	}
	return a
}

// partiesOnly hides the tasks.
type partiesOnly struct{ *connector }

func (c partiesOnly) Collections(ctx context.Context) ([]remote.Collection, error) {
	all, err := c.connector.Collections(ctx)
	return slices.DeleteFunc(all, func(c remote.Collection) bool { return c.ID == Tasks }), err
}

// fix makes a sample one that Tryton can hold: one name for full name and parts, a
// project that exists, and a percentage that goes with the status.
func fix(it pim.Item, n int) {
	switch v := it.(type) {
	case *pim.Contact:
		v.FullName = joinName(nameParts{v.Prefix, v.Given, v.Middle, v.Family, v.Suffix})
	case *pim.Task:
		v.CRM.Project = fmt.Sprintf("Project %d", n%4)
		v.Percent = map[pim.Status]int{pim.InProcess: 30 + n%5, pim.Completed: 100}[v.Status]
	}
}

// TestConformance judges the driver against the real program.
func TestConformance(t *testing.T) {
	t.Parallel()
	l := startLive(t)
	h := remotetest.Harness{
		Open: l.judged, Fix: fix, Renews: true, Many: 201, Slow: true, Wrong: l.wrong,
		Coupled: []pim.FieldSet{pim.Set(pim.FieldName, pim.FieldPrefix, pim.FieldSuffix, pim.FieldFullName), pim.Set(pim.FieldStatus, pim.FieldPercent)},
	}
	crmtest.Run(t, crmtest.Harness{Harness: h})
}

// wrong is a connection with a wrong password.
func (l *live) wrong(t *testing.T) remote.Remote {
	return openRemote(t, clockNow, l.url, map[string]string{"username": l.user(t), "password": "not " + livePassword})
}
