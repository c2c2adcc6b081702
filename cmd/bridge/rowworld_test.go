package main

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"crmbridge/crm/creatio/creatiosim"
	"crmbridge/manage"
)

// row is alice with a server that runs, and links to a simulated CRM as a test makes them.
type row struct {
	*place
	sim *creatiosim.Sim
	srv *httptest.Server
}

func newRow(t *testing.T) *row {
	r := &row{place: newPlace(t, "")}
	r.alice()
	r.sim, r.srv = newCreatio(t)
	return r
}

// tie links a collection, and starts the server where it is the first.
func (r *row) tie(collection, interval, rules string) {
	r.t.Helper()
	r.must("", append(creatioFlags(r.place, r.srv), "--collection", collection, "--name", collection, "--interval", interval, "--rules", rules)...)
}

func (r *row) running() {
	r.t.Helper()
	r.t.Cleanup(r.serve().stop)
}

// put writes an object as a client does.
func (r *row) put(path, text string) {
	r.t.Helper()
	if status, body := r.request("PUT", "/dav/"+path, text, nil); status != http.StatusCreated && status != http.StatusNoContent {
		r.t.Fatalf("PUT %s: %d %s", path, status, body)
	}
}

// text is all that a collection has, as a client downloads it.
func (r *row) text(collection string) string {
	r.t.Helper()
	ns, home, report, data := "urn:ietf:params:xml:ns:caldav", "calendars", "calendar-query", `<X:calendar-data/>`
	filter := `<X:filter><X:comp-filter name="VCALENDAR"/></X:filter>`
	if collection == "contacts" {
		ns, home, report, data, filter = "urn:ietf:params:xml:ns:carddav", "addressbooks", "addressbook-query", `<X:address-data/>`, `<X:filter/>`
	}
	body := `<X:` + report + ` xmlns:X="` + ns + `" xmlns:D="DAV:"><D:prop><D:getetag/>` + data + `</D:prop>` + filter + `</X:` + report + `>`
	status, text := r.request("REPORT", "/dav/"+home+"/alice/"+collection+"/", body, map[string]string{"Depth": "1", "Content-Type": "application/xml"})
	if status != http.StatusMultiStatus {
		r.t.Fatalf("REPORT: %d %s", status, text)
	}
	return text
}

// shows waits until a client sees a text in a collection.
func (r *row) shows(collection, want string) {
	r.t.Helper()
	r.within(want+" in "+collection, func() bool { return strings.Contains(r.text(collection), want) })
}

// record waits until the CRM has one record of that name, and returns it.
func (r *row) record(entity, name string) (rec creatiosim.Record) {
	r.t.Helper()
	r.within(name+" in the CRM", func() bool {
		rs := r.sim.Find(entity, name)
		if len(rs) == 1 {
			rec = rs[0]
		}
		return len(rs) == 1
	})
	return rec
}

// inStep waits until the links have nothing to do, nor half done.
func (r *row) inStep() {
	r.t.Helper()
	r.within("the end of the runs", func() bool {
		return !slices.ContainsFunc(list[manage.Status](r.place, "sync", "status"), func(s manage.Status) bool { return s.Waiting > 0 || s.Running || s.Items == 0 })
	})
}

func (r *row) add(entity string, f creatiosim.Fields) string {
	r.t.Helper()
	f["OwnerId"] = r.sim.ContactOf("owner")
	id, err := r.sim.Add(entity, f)
	if err != nil {
		r.t.Fatal(err)
	}
	return id
}

func (r *row) edit(entity, id string, f creatiosim.Fields) {
	r.t.Helper()
	if err := r.sim.Edit(entity, id, f); err != nil {
		r.t.Fatal(err)
	}
}

func (r *row) sync(link string) { r.must("", "sync", "run", link) }

func card(uid, name, rest string) string {
	given, family, _ := strings.Cut(name, " ")
	return "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:" + uid + "\r\nFN:" + name + "\r\nN:" + family + ";" + given + ";;;\r\n" + rest + "END:VCARD\r\n"
}
