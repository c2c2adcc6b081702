package graph_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"crmbridge/exchange"
	"crmbridge/exchange/graph/graphsim"
	"crmbridge/internal/golden"
	"crmbridge/pim"
	"crmbridge/remote"
)

// recorder notes requests on their way to the simulator, as text.
type recorder struct {
	next http.Handler

	mu    sync.Mutex
	lines []string
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	q.Body = io.NopCloser(bytes.NewReader(body))
	if !strings.Contains(q.URL.Path, "oauth2") {
		r.mu.Lock()
		r.lines = append(r.lines, shown(q, body))
		r.mu.Unlock()
	}
	r.next.ServeHTTP(w, q)
}

// shown is a request: what it asks, its headers that matter, and its body, indented.
func shown(q *http.Request, body []byte) string {
	var b strings.Builder
	b.WriteString(q.Method + " " + q.URL.Path)
	if q.URL.RawQuery != "" {
		text, err := url.QueryUnescape(strings.ReplaceAll(q.URL.RawQuery, "+", "%2B"))
		if err != nil {
			text = q.URL.RawQuery
		}
		b.WriteString("?" + text)
	}
	b.WriteByte('\n')
	for _, name := range []string{"Prefer", "If-Match", "Content-Type"} {
		if v := q.Header.Get(name); v != "" {
			b.WriteString(name + ": " + v + "\n")
		}
	}
	var v any
	switch {
	case len(body) == 0:
	case json.Unmarshal(body, &v) == nil:
		text, err := json.MarshalIndent(v, "", "  ")
		if err != nil {
			panic(err)
		}
		b.Write(text)
		b.WriteByte('\n')
	default:
		b.WriteString("(a picture)\n")
	}
	return b.String()
}

// since cuts what was recorded, with ids by the order in which they turn up.
func (r *recorder) since() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	text := strings.Join(r.lines, "\n")
	r.lines = nil
	return text
}

var (
	someID   = regexp.MustCompile(`A{1,2}[MkAQ]{2,3}[A-Za-z0-9_=-]{30,}`)
	someLink = regexp.MustCompile(`linkedResources/[0-9a-f-]{36}`)
	someETag = regexp.MustCompile(`W/\\?"[^"\\]+\\?"`)
	someMark = regexp.MustCompile(`deltatoken=[A-Z0-9]+`)
)

func nameless(text string) string {
	names := map[string]string{}
	text = someID.ReplaceAllStringFunc(text, func(id string) string {
		if names[id] == "" {
			names[id] = "ID-" + string(rune('A'+len(names)))
		}
		return names[id]
	})
	text = someMark.ReplaceAllString(text, "deltatoken=(token)")
	return someETag.ReplaceAllString(someLink.ReplaceAllString(text, "linkedResources/ID"), "(etag)")
}

// Every operation as it goes over the wire. The simulator has checked each body against the types of Graph.
func TestRequestsAreAsRecorded(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *graphsim.Options) { o.Calm = true }) // pages are the same each time
	rec := &recorder{next: r.sim}
	srv := httptest.NewServer(rec)
	t.Cleanup(srv.Close)
	m := r.open(exchange.Settings{"graph_url": srv.URL, "login_url": srv.URL})
	ctx := t.Context()
	sent := func(name string) {
		t.Helper()
		asLookedOver(t, name, nameless(rec.since()))
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	cols, err := m.Collections(ctx)
	must(err)
	sent("collections")
	homes := map[pim.Kind]remote.CollectionID{}
	for _, c := range cols {
		for _, k := range c.Kinds.List() {
			if homes[k] == "" {
				homes[k] = c.ID
			}
		}
	}
	series := weekly()
	series.Recurrence.Changed = []pim.Occurrence{moved(series, at(10, 26, 10), at(10, 27, 15))}
	series.Recurrence.Except = []pim.When{at(10, 19, 10)}
	items := map[string]pim.Item{
		"event": goldenEvent(), "task": goldenTask(), "contact": goldenContact(), "series": series,
	}
	for _, name := range []string{"event", "task", "contact", "series"} {
		it := items[name]
		c := homes[it.Kind()]
		one, err := m.Create(ctx, c, remote.Entry{UID: "uid", Item: it}, "key-of-"+name)
		must(err)
		sent(name + "-create")
		_, err = m.Fetch(ctx, c, []remote.ItemID{one.ID})
		must(err)
		sent(name + "-fetch")
		_, err = m.Changes(ctx, c, remote.Scope{}, "")
		must(err)
		sent(name + "-changes")
		empty := pim.New(it.Kind())
		pim.Copy(empty, it, pim.Set(pim.FieldTime, pim.FieldFullName, pim.FieldTitle))
		set := pim.AllOf(it.Kind())
		if name == "series" {
			empty, set = pim.Clone(it), pim.Set(pim.FieldRecurrence)
			empty.(*pim.Event).Recurrence = &pim.Recurrence{Rules: []string{"FREQ=WEEKLY;BYDAY=MO,WE;UNTIL=20261231T090000Z"}}
		}
		one, err = m.Update(ctx, c, one.Ref, remote.Entry{Item: empty}, set)
		must(err)
		sent(name + "-update")
		_, _, err = m.(remote.Finder).Find(ctx, c, "key-of-"+name, remote.Entry{})
		must(err)
		sent(name + "-find")
		ref, err := m.(remote.Marker).Mark(ctx, c, one.Ref, "another-key")
		must(err)
		sent(name + "-mark")
		_, err = m.(remote.Lister).List(ctx, c, remote.Scope{})
		must(err)
		sent(name + "-list")
		must(m.Delete(ctx, c, ref, remote.Delete))
		sent(name + "-delete")
	}
	for _, k := range []pim.Kind{pim.KindEvent, pim.KindTask} {
		one, err := m.Create(ctx, homes[k], remote.Entry{UID: "uid", Item: withFile(k, "first.txt")}, "key-of-files-"+k.String())
		must(err)
		sent(k.String() + "-files-create")
		_, err = m.Fetch(ctx, homes[k], []remote.ItemID{one.ID})
		must(err)
		sent(k.String() + "-files-fetch")
		_, err = m.Update(ctx, homes[k], one.Ref, remote.Entry{Item: withFile(k, "second.txt")}, pim.Set(pim.FieldAttachments))
		must(err)
		sent(k.String() + "-files-update")
	}
	for _, name := range []string{"accepted", "tentative", "declined"} {
		theirs := r.invite(t, r.open(nil), nil)
		rec.since()
		answered := pim.Clone(theirs.Item).(*pim.Event)
		answered.Attendees[0].Answer = name
		_, err = m.Update(ctx, homes[pim.KindEvent], theirs.Ref, remote.Entry{Item: answered}, pim.Set(pim.FieldAttendees))
		must(err)
		sent("event-answer-" + name)
	}
	lists, err := r.sim.Do("GET", "/users/"+ann+"/todo/lists", nil)
	must(err)
	made, err := r.sim.Do("POST", "/users/"+ann+"/todo/lists/"+lists["value"].([]any)[0].(graphsim.Fields)["id"].(string)+"/tasks", graphsim.Fields{"title": "By hand"})
	must(err)
	_, err = m.(remote.Marker).Mark(ctx, homes[pim.KindTask], remote.Ref{ID: remote.ItemID(made["id"].(string))}, "a-first-key")
	must(err)
	sent("task-mark-first")
	away, err := m.Create(ctx, homes[pim.KindEvent], remote.Entry{UID: "uid", Item: goldenEvent()}, "key-of-one-that-leaves")
	must(err)
	_, _, cur := follow(t, m, homes[pim.KindEvent], remote.Scope{}, "")
	later := graphsim.Fields{"dateTime": "2039-06-01T10:00:00", "timeZone": "UTC"}
	_, err = r.sim.Do("PATCH", "/users/"+ann+"/events/"+string(away.ID), graphsim.Fields{"start": later, "end": later})
	must(err)
	rec.since()
	_, err = m.Changes(ctx, homes[pim.KindEvent], remote.Scope{}, cur)
	must(err)
	sent("event-left-changes")
	letter := &pim.Message{MessageID: "golden@example.org", Subject: "Offer", From: pim.Person{Email: "fay@example.org"}, To: []pim.Person{{Email: ann}},
		Sent: pim.At(r.clock.Now(), ""), HTML: "<p>Hello</p>", Categories: []string{"Customers"}, Files: []pim.File{{Name: "a.txt", Type: "text/plain"}}}
	c := homes[pim.KindMessage]
	id := r.deliver(c, letter, [][]byte{[]byte("a")})
	for _, name := range []string{"message", "all-mail"} {
		in := map[string]remote.CollectionID{"message": c, "all-mail": exchange.AllMail}[name]
		s := remote.Scope{From: r.clock.Now().AddDate(0, -1, 0)}
		if in == exchange.AllMail {
			s.Groups = []string{"Customers", "Ann's"}
		}
		_, err := m.Changes(ctx, in, s, "")
		must(err)
		sent(name + "-changes")
		_, err = m.(remote.Lister).List(ctx, in, s)
		must(err)
		sent(name + "-list")
	}
	got, err := m.Fetch(ctx, c, []remote.ItemID{id})
	must(err)
	sent("message-fetch")
	body, _, err := m.(remote.FileOpener).OpenFile(ctx, c, id, got[0].Item.(*pim.Message).Files[0])
	must(err)
	must(body.Close())
	sent("message-file")
	_, err = m.(remote.Grouper).Groups(ctx, exchange.AllMail)
	must(err)
	sent("message-categories")
	rec.next = opaque(r.sim) // of a token that tells nothing, each permission is tried
	for _, check := range r.open(exchange.Settings{"graph_url": srv.URL, "login_url": srv.URL}).(remote.Prober).Probe(ctx) {
		must(check.Err)
	}
	sent("probe")
}

// withFile is an item with a file of this name.
func withFile(k pim.Kind, name string) pim.Item {
	files := []pim.Attachment{pim.NewAttachment(name, "text/plain", []byte(name))}
	if k == pim.KindTask {
		return &pim.Task{Activity: pim.Activity{Title: "Files", Status: pim.NeedsAction, Attachments: files}}
	}
	return &pim.Event{Activity: pim.Activity{Title: "Files", Attachments: files}, Start: at(10, 12, 10), End: at(10, 12, 11)}
}

var (
	someState = regexp.MustCompile(`"clientState": "[^"]+"`)
	someGUID  = regexp.MustCompile(`subscriptions/[^/\s?]+`)
)

// What is sent about subscriptions in the life of one: made, authorised again, renewed, taken back.
func TestSubscriptionsAreAsRecorded(t *testing.T) {
	t.Parallel()
	r, hub, _ := heard(t)
	rec := &recorder{next: r.sim}
	srv := httptest.NewServer(rec)
	t.Cleanup(srv.Close)
	m := r.openHeard(hub, exchange.Settings{"graph_url": srv.URL, "poll_seconds": "1"})
	col := home(t, m, pim.KindContact)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- m.(remote.Watcher).Watch(ctx, col, func() {}) }()
	eventually(t, "a subscription", func() bool { return r.sim.Subscriptions() == 1 })
	r.sim.Lifecycle("reauthorizationRequired")
	eventually(t, "authorised again", func() bool { return strings.Contains(posts(r), "reauthorize") })
	r.clock.Advance(40 * time.Hour)
	create(t, m, &pim.Contact{FullName: "Somebody"}, "a change")
	eventually(t, "renewed", func() bool { return strings.Contains(posts(r), "PATCH /v1.0/subscriptions") })
	eventually(t, "looked at, a second after it told of something", func() bool { return strings.Contains(posts(r), "GET /v1.0/subscriptions") })
	stop()
	<-ended
	var all []string
	seen := map[string]bool{}
	rec.mu.Lock()
	for _, text := range rec.lines {
		text = someGUID.ReplaceAllString(someState.ReplaceAllString(nameless(text), `"clientState": "(state)"`), "subscriptions/ID")
		if what, _, _ := strings.Cut(text, "\n"); strings.Contains(what, "/subscriptions") && !seen[what] {
			seen[what], all = true, append(all, text)
		}
	}
	rec.mu.Unlock()
	slices.Sort(all) // when it is looked at is a matter of time
	asLookedOver(t, "subscriptions", strings.Join(all, "\n"))
}

// asLookedOver compares what was sent with what was looked over once.
func asLookedOver(t *testing.T, name, got string) {
	t.Helper()
	golden.Compare(t, filepath.Join("testdata", "requests", name+".txt"), got)
}

func goldenEvent() *pim.Event {
	e := &pim.Event{Start: at(10, 12, 10), End: at(10, 12, 11), Free: true}
	e.Title, e.Notes, e.Location = "Visit", "First line\nsecond line", "Room 1"
	e.Categories, e.Priority, e.Class = []string{"Customers"}, 1, pim.Private
	e.Reminders = []pim.Reminder{{Before: 900e9}}
	return e
}

func goldenTask() *pim.Task {
	v := &pim.Task{Start: pim.On(2026, 10, 1), Due: pim.On(2026, 10, 5)}
	v.Title, v.Notes, v.Categories, v.Priority, v.Status = "Call back", "about the offer", []string{"Customers"}, 9, pim.InProcess
	v.Reminders = []pim.Reminder{{Before: -9 * 3600e9}}
	v.Recurrence = &pim.Recurrence{Rules: []string{"FREQ=MONTHLY;BYDAY=1MO"}}
	return v
}

func goldenContact() *pim.Contact {
	return &pim.Contact{
		FullName: "Karin Håkansson", Prefix: "Dr.", Given: "Karin", Middle: "M", Family: "Håkansson", Suffix: "PhD", Nickname: "Kaja", Company: "Company", Department: "Sales", Title: "Head of sales", Role: "Manager",
		Phones:    []pim.Labeled{{Label: "work", Value: "+47 22 33 44 01"}, {Label: "home", Value: "+47 22 33 44 02"}, {Label: "cell", Value: "+47 900 00 001"}, {Label: "fax,work", Value: "+47 22 33 44 03"}},
		Emails:    []pim.Labeled{{Value: "second@example.org"}, {Value: "first@example.org", Preferred: true}},
		URLs:      []pim.Labeled{{Label: "work", Value: "https://example.org"}},
		IMs:       []pim.Labeled{{Value: "sip:karin@example.org"}},
		Addresses: []pim.Address{{Label: "work", Street: "Storgata 1", City: "Oslo", PostalCode: "0101", Country: "Norway"}, {Label: "home", Street: "Lillegata 2", City: "Oslo"}},
		Birthday:  pim.On(1980, 5, 17), Notes: "likes tea", Categories: []string{"Fair"}, Photo: photo(1),
	}
}
