package creatio_test

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"crmbridge/crm"
	"crmbridge/crm/creatio"
	"crmbridge/crm/creatio/creatiosim"
	"crmbridge/internal/testclock"
	"crmbridge/pim"
	"crmbridge/remote"
)

var record = flag.Bool("record", false, "write testdata/wire anew from the simulator")

// The wires show every request of a few typical conversations. The driver must go
// on saying exactly this; whoever changes a request records anew and sees the
// difference in the review. A wire of a live site can be put beside them.
func TestWires(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change   func(*creatiosim.Options)
		settings crm.Settings
		prepare  func(*rig)
		talk     func(t *testing.T, c crm.Connector)
	}{
		"probe": {talk: func(t *testing.T, c crm.Connector) {
			for _, x := range c.(remote.Prober).Probe(t.Context()) {
				if x.Err != nil {
					t.Errorf("%s: %v", x.Name, x.Err)
				}
			}
		}},
		"event": {prepare: (*rig).populate, talk: func(t *testing.T, c crm.Connector) {
			e := meeting("Budget, 2nd round")
			e.Attendees = []pim.Attendee{{Person: pim.Person{Name: "Anna Attendee 1", Email: "anna1@example.org"}, Answer: "accepted"}}
			e.Reminders = []pim.Reminder{{Before: 15 * time.Minute}}
			rec := create(t, c, creatio.Activities, e)
			e.Location, e.Attendees = "Room 5", nil
			rec = update(t, c, creatio.Activities, rec.Ref, e, pim.FieldLocation, pim.FieldAttendees)
			if err := c.Delete(t.Context(), creatio.Activities, rec.Ref, remote.Delete); err != nil {
				t.Error(err)
			}
		}},
		"contact": {talk: func(t *testing.T, c crm.Connector) {
			p := &pim.Contact{FullName: "Karin Håkansson", Given: "Karin", Family: "Håkansson", Company: "Nordwind GmbH",
				Emails:    []pim.Labeled{{Value: "karin@example.org", Preferred: true}, {Value: "kaja@example.org"}},
				Phones:    []pim.Labeled{{Label: "cell", Value: "+47 900 00 001"}},
				Addresses: []pim.Address{{Label: "work", Street: "Storgata 1", City: "Espoo", Country: "Finland"}}}
			rec := create(t, c, creatio.Contacts, p)
			p.Phones[0].Value = "+47 900 00 002"
			update(t, c, creatio.Contacts, rec.Ref, p, pim.FieldPhones)
		}},
		"changes": {prepare: func(r *rig) { r.addOther(meeting("Not mine")) }, talk: func(t *testing.T, c crm.Connector) {
			create(t, c, creatio.Activities, meeting("Mine"))
			s := remote.Scope{From: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC), Until: time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)}
			got, cur := changes(t, c, creatio.Activities, s, "")
			if len(got) != 1 {
				t.Errorf("%d activities", len(got))
			}
			changes(t, c, creatio.Activities, s, cur)
			if refs, err := c.(remote.Lister).List(t.Context(), creatio.Activities, s); err != nil || len(refs) != 1 {
				t.Errorf("%v %v", refs, err)
			}
		}},
		"rule": {change: func(o *creatiosim.Options) { o.Rules = []creatiosim.Rule{creatiosim.NoOverlap()} }, talk: func(t *testing.T, c crm.Connector) {
			create(t, c, creatio.Events, meeting("First"))
			_, err := c.Create(t.Context(), creatio.Events, remote.Entry{Item: meeting("Second")}, "second")
			if pim.ReasonOf(err) != pim.ErrRefused || !strings.Contains(pim.PublicText(err), "Choose another time") {
				t.Errorf("%v", err)
			}
		}},
		"throttled": {prepare: func(r *rig) {
			if _, err := r.sim.AddFault(creatiosim.Fault{Kind: creatiosim.FaultBusy, Entity: "Account", RetryAfter: 120}); err != nil {
				r.t.Fatal(err)
			}
		}, talk: func(t *testing.T, c crm.Connector) {
			_, err := c.Create(t.Context(), creatio.Contacts, remote.Entry{Item: &pim.Contact{FullName: "Kim", Company: "Acme"}}, "kim")
			if pim.ReasonOf(err) != pim.ErrThrottled || pim.RetryAfter(err) != 2*time.Minute {
				t.Errorf("%v, after %v", err, pim.RetryAfter(err))
			}
		}},
		"token": {settings: crm.Settings{"auth": "oauth", "client_id": "bridge", "client_secret": "client secret", "identity_url": "SITE"}, talk: func(t *testing.T, c crm.Connector) {
			if recs, err := c.Fetch(t.Context(), creatio.Contacts, []remote.ItemID{"60733efc-f36b-1410-a883-16d83cab0980"}); err != nil || len(recs) != 0 {
				t.Errorf("%v %v", recs, err)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join("testdata", "wire", name+".txtar")
			if *record {
				r := newRig(t, func(o *creatiosim.Options) {
					o.NewID = counted()
					if c.change != nil {
						c.change(o)
					}
				})
				if c.prepare != nil {
					c.prepare(r)
				}
				w := &recorder{next: r.faulty}
				r.serve(w)
				c.talk(t, r.open(c.settings))
				w.save(t, file)
				return
			}
			r := &rig{t: t, clock: testclock.New()}
			w := loadWire(t, file)
			r.serve(w)
			c.talk(t, r.open(c.settings))
			if rest := w.rest(); len(rest) > 0 {
				t.Errorf("requests of the wire that were not made: %q", rest)
			}
		})
	}
}

// serve puts a handler in front of the rig.
func (r *rig) serve(h http.Handler) {
	srv := httptest.NewServer(h)
	r.t.Cleanup(srv.Close)
	r.url = srv.URL
}

func counted() func() string {
	var mu sync.Mutex
	n := 0
	return func() string {
		mu.Lock()
		defer mu.Unlock()
		n++
		return fmt.Sprintf("00000000-0000-4000-8000-%012x", n)
	}
}

// recorder writes down what passes, without secrets.
type recorder struct {
	next http.Handler
	mu   sync.Mutex
	ar   txtar.Archive
}

func (w *recorder) ServeHTTP(rw http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	q.Body = io.NopCloser(bytes.NewReader(body))
	rec := httptest.NewRecorder()
	w.next.ServeHTTP(rec, q)
	w.mu.Lock()
	n := len(w.ar.Files)/2 + 1
	w.ar.Files = append(w.ar.Files,
		txtar.File{Name: fmt.Sprintf("%02d request", n), Data: []byte(requestText(q, body))},
		txtar.File{Name: fmt.Sprintf("%02d response", n), Data: responseText(rec)})
	w.mu.Unlock()
	for k, v := range rec.Header() {
		rw.Header()[k] = v
	}
	rw.WriteHeader(rec.Code)
	_, _ = rw.Write(rec.Body.Bytes())
}

func (w *recorder) save(t *testing.T, file string) {
	t.Helper()
	w.ar.Comment = []byte("Recorded from creatiosim with go test -record; no live site.\n\n")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, txtar.Format(&w.ar), 0o644); err != nil {
		t.Fatal(err)
	}
}

var secrets = regexp.MustCompile(`("UserPassword":|"access_token":|client_secret=)("[^"]*"|[^&"]*)`)

// requestText is a request as it is compared: method, path with the query readable,
// the headers that matter, body.
func requestText(q *http.Request, body []byte) string {
	query, err := url.QueryUnescape(q.URL.RawQuery)
	if err != nil {
		query = q.URL.RawQuery
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", q.Method, strings.TrimSuffix(q.URL.Path+"?"+query, "?"))
	for _, k := range []string{"Accept", "Content-Type", "Forceusesession", "X-Http-Method"} {
		if v := q.Header.Get(k); v != "" {
			fmt.Fprintf(&b, "%s: %s\n", k, v)
		}
	}
	if q.Header.Get("Bpmcsrf") != "" {
		b.WriteString("Bpmcsrf: …\n")
	}
	if q.Header.Get("Authorization") != "" {
		b.WriteString("Authorization: …\n")
	}
	if len(body) > 0 {
		fmt.Fprintf(&b, "\n%s\n", strings.TrimSpace(secrets.ReplaceAllString(string(body), `$1"…"`)))
	}
	return b.String()
}

var port = regexp.MustCompile(`http://127\.0\.0\.1:[0-9]+`)

func responseText(rec *httptest.ResponseRecorder) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "%d\n", rec.Code)
	for _, k := range []string{"Content-Type", "Retry-After", "Location"} {
		if v := rec.Header().Get(k); v != "" {
			fmt.Fprintf(&b, "%s: %s\n", k, v)
		}
	}
	for _, k := range (&http.Response{Header: rec.Header()}).Cookies() {
		fmt.Fprintf(&b, "Set-Cookie: %s=masked; path=/\n", k.Name)
	}
	if rec.Body.Len() > 0 {
		body := secrets.ReplaceAllString(rec.Body.String(), `$1"masked"`)
		fmt.Fprintf(&b, "\n%s\n", port.ReplaceAllString(body, "https://crm.example.org"))
	}
	return []byte(strings.ReplaceAll(b.String(), "\r", ""))
}

// player answers from a wire: each request once, in the order recorded among equal
// ones.
type player struct {
	t  *testing.T
	mu sync.Mutex
	// pairs are request and response texts.
	pairs [][2]string
}

func loadWire(t *testing.T, file string) *player {
	t.Helper()
	ar, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatalf("%v (write it with go test -record)", err)
	}
	w := &player{t: t}
	for i := 0; i+1 < len(ar.Files); i += 2 {
		w.pairs = append(w.pairs, [2]string{string(ar.Files[i].Data), string(ar.Files[i+1].Data)})
	}
	return w
}

func (w *player) ServeHTTP(rw http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	text := requestText(q, body)
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, p := range w.pairs {
		if p[0] == text {
			w.pairs = append(w.pairs[:i:i], w.pairs[i+1:]...)
			play(rw, p[1])
			return
		}
	}
	w.t.Errorf("a request that is not in the wire:\n%s", text)
	http.Error(rw, "not in the wire", http.StatusTeapot)
}

func play(rw http.ResponseWriter, text string) {
	head, body, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(strings.TrimRight(head, "\n"), "\n")
	for _, l := range lines[1:] {
		k, v, _ := strings.Cut(l, ": ")
		rw.Header().Add(k, v)
	}
	status, err := strconv.Atoi(lines[0])
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	rw.WriteHeader(status)
	_, _ = io.WriteString(rw, body)
}

func (w *player) rest() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	for _, p := range w.pairs {
		first, _, _ := strings.Cut(p[0], "\n")
		out = append(out, first)
	}
	return out
}

// Nothing in the wires may be worth stealing, or belong to somebody.
func TestWiresHoldNoSecrets(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("testdata", "wire", "*.txtar"))
	if err != nil || len(files) < 7 {
		t.Fatalf("%d wires, %v", len(files), err)
	}
	address := regexp.MustCompile(`[\w.+-]+@([\w-]+\.)+\w+`)
	cookie := regexp.MustCompile(`Set-Cookie: [^=]+=([^;]*)`)
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{password, "client secret", "client+secret", "Bearer ", "eyJ"} {
			if bytes.Contains(b, []byte(bad)) {
				t.Errorf("%s holds %q", f, bad)
			}
		}
		for _, a := range address.FindAllString(string(b), -1) {
			if !strings.HasSuffix(a, "example.org") && !strings.HasPrefix(a, "odata") {
				t.Errorf("%s holds the address %s", f, a)
			}
		}
		for _, m := range cookie.FindAllStringSubmatch(string(b), -1) {
			if m[1] != "masked" {
				t.Errorf("%s holds a cookie", f)
			}
		}
	}
}
