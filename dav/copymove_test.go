package dav_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"crmbridge/dav"
	"crmbridge/store"
)

func TestMoveAndCopyObjects(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		s.call("MKCALENDAR", calHome+"work/", "").want(201)
		work := calHome + "work/"
		text := event("a", "Meeting")
		tag := s.put(annCal+"a.ics", text)
		token := s.propfind(annCal, 0, "D:sync-token").text(annCal, "sync-token")

		s.call("MOVE", annCal+"a.ics", "", "Destination: http://dav.test"+annCal+"b.ics").want(201)
		s.call("GET", annCal+"a.ics", "").want(404)
		if got := s.call("GET", annCal+"b.ics", "").want(200); string(got.Body) != text || got.etag() != tag {
			t.Errorf("%s", got.Body)
		}
		m := s.call("REPORT", annCal, syncBody(token, "D:getetag")).multi()
		if m.at(annCal+"a.ics").status != "HTTP/1.1 404 Not Found" || m.at(annCal + "b.ics").found["getetag"] == nil {
			t.Errorf("%v", m.order)
		}
		// A copy beside it would have the same UID.
		uid := s.call("COPY", annCal+"b.ics", "", "Destination: "+annCal+"c.ics").want(403).condition(nsC, "no-uid-conflict")
		if href := uid.child(nsD, "href"); href == nil || href.Text != annCal+"b.ics" {
			t.Errorf("%v", href)
		}
		s.call("COPY", annCal+"b.ics", "", "Destination: https://dav.example.org"+work+"b.ics").want(201)
		s.call("COPY", annCal+"b.ics", "", "Destination: "+work+"b.ics").want(204)
		s.call("COPY", annCal+"b.ics", "", "Destination: "+work+"b.ics", "Overwrite: F").want(412)
		s.put(work+"z.ics", event("z", "Other"))
		s.call("MOVE", annCal+"b.ics", "", "Destination: "+work+"z.ics", "Overwrite: F").want(412)
		s.call("MOVE", annCal+"b.ics", "", "Destination: "+work+"b.ics", "If-Match: \"x\"").want(412)
		s.call("MOVE", annCal+"b.ics", "", "Destination: "+work+"b.ics", "If-Match: "+tag).want(204)
		if m := s.propfind(work, 1, "D:getetag"); !slices.Equal(m.order[1:], []string{work + "z.ics", work + "b.ics"}) {
			t.Errorf("%v", m.order)
		}
	})
}

func TestRefusedTransfers(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.put(annCal+"a.ics", event("a", "Meeting"))
	s.put(annTasks+"t.ics", todo("t", "Task"))
	for _, c := range []struct {
		method, from, to, more string
		status                 int
	}{
		{"MOVE", annCal + "a.ics", "", "", 400},
		{"MOVE", annCal + "a.ics", "%zz", "", 400},
		{"MOVE", annCal + "a.ics", "http://elsewhere.example.org" + annCal + "b.ics", "", 502},
		{"MOVE", annCal + "a.ics", annCal + "a.ics", "", 403},
		{"MOVE", annCal + "a.ics", "/somewhere/else", "", 403},
		{"MOVE", annCal + "a.ics", "/dav/", "", 403},
		{"MOVE", annCal + "a.ics", annBook + "a.ics", "", 403},
		{"MOVE", annCal + "a.ics", calHome + "a/", "", 403},
		{"MOVE", annCal + "a.ics", calHome + "none/a.ics", "", 409},
		{"MOVE", annCal + "a.ics", annTasks + "a.ics", "", 403}, // supported-calendar-component
		{"MOVE", annCal + "none.ics", annCal + "b.ics", "", 404},
		{"COPY", annCal + "a.ics", annCal + "b.ics", "Overwrite: maybe", 400},
		{"COPY", annCal + "a.ics", annCal + "b.ics", "Depth: 1", 400},
		{"MOVE", annCal, calHome + "x/", "Depth: 0", 400},
		{"MOVE", annCal, bookHome + "x/", "", 403},
		{"MOVE", annCal, annCal + "x.ics", "", 403},
		{"MOVE", calHome, "/dav/calendars/ann2/", "", 405},
	} {
		headers := []string{"X: x"}
		if c.to != "" {
			headers = append(headers, "Destination: "+c.to)
		}
		if c.more != "" {
			headers = append(headers, c.more)
		}
		if r := s.call(c.method, c.from, "", headers...); r.Status != c.status {
			t.Errorf("%s %s to %s: %d, want %d: %s", c.method, c.from, c.to, r.Status, c.status, r.Body)
		}
	}
	s.setReadOnly(annTasks)
	s.call("MOVE", annTasks+"t.ics", "", "Destination: "+annTasks+"u.ics").want(403).condition(nsD, "need-privileges")
	s.call("MOVE", annCal+"a.ics", "", "Destination: "+annTasks+"u.ics").want(403).condition(nsD, "need-privileges")
	s.call("GET", annCal+"a.ics", "").want(200)
}

// A collection that is linked does not go by a tap on a phone, nor by being written over.
func TestALinkedCollectionIsNotDeleted(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	err := s.store.Update(t.Context(), func(tx *store.Tx) error {
		u := s.auth.users["ann"].ID
		c, err := tx.CollectionBySlug(u, store.Calendars, "calendar")
		if err == nil {
			_, err = tx.CreateLink(store.Link{UserID: u, CollectionID: c.ID, Side: store.CRM, Name: "crm", Driver: "mem"})
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s.call("MKCALENDAR", calHome+"own/", "").want(201)
	s.call("DELETE", annCal, "").want(403)
	s.call("COPY", calHome+"own/", "", "Destination: "+annCal).want(403)
	s.call("PROPFIND", annCal, "", "Depth: 0").want(207)
	s.call("DELETE", calHome+"own/", "").want(204)
}

// Nor does it vanish from its address by being moved, for the other programs that read it there. A copy leaves it where it is.
func TestALinkedCollectionIsNotMoved(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	err := s.store.Update(t.Context(), func(tx *store.Tx) error {
		u := s.auth.users["ann"].ID
		for home, slug := range map[store.Home]string{store.Calendars: "calendar", store.AddressBooks: "contacts"} {
			c, err := tx.CollectionBySlug(u, home, slug)
			if err != nil {
				return err
			}
			if _, err := tx.CreateLink(store.Link{UserID: u, CollectionID: c.ID, Side: store.CRM, Name: "crm " + slug, Driver: "mem"}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s.call("MKCALENDAR", calHome+"other/", "").want(201)
	for linked, to := range map[string][]string{annCal: {calHome + "new/", calHome + "other/"}, annBook: {bookHome + "new/"}} {
		deleted := s.call("DELETE", linked, "").want(403)
		deleted.condition(nsD, "need-privileges")
		for _, dest := range to {
			moved := s.call("MOVE", linked, "", "Destination: "+dest).want(403)
			if !bytes.Equal(moved.Body, deleted.Body) {
				t.Errorf("MOVE to %s: %s, want as at DELETE: %s", dest, moved.Body, deleted.Body)
			}
			s.call("PROPFIND", linked, "", "Depth: 0").want(207)
		}
		s.call("COPY", linked, "", "Destination: "+to[0]).want(201)
		s.call("MOVE", to[0], "", "Destination: "+strings.Replace(to[0], "new", "newer", 1)).want(201) // the copy is not linked
	}
	s.call("PROPFIND", calHome+"other/", "", "Depth: 0").want(207)
}

// A COPY is bounded as MKCALENDAR is.
func TestCopiesOfCollectionsAreBounded(t *testing.T) {
	t.Parallel()
	s := newServer(t, dav.Limits{Collections: 4})
	full := 0
	for i := range 6 {
		r := s.call("COPY", annCal, "", fmt.Sprintf("Destination: /dav/calendars/ann/copy%d/", i))
		if r.Status == 507 {
			full++
		} else {
			r.want(201)
		}
	}
	if full == 0 {
		t.Error("copies are made without end")
	}
	s.call("COPY", annCal, "", "Destination: /dav/calendars/ann/copy0/").want(204) // takes no room
}

func TestMoveAndCopyCollections(t *testing.T) {
	each(t, func(t *testing.T, s *server) {
		s.put(annCal+"a.ics", event("a", "A"))
		s.put(annCal+"b.ics", event("b", "B"))
		s.call("PROPPATCH", annCal, proppatch("<X:own>kept</X:own><D:displayname>Mine</D:displayname>")).want(207)
		copied := calHome + "copy/"
		s.call("COPY", annCal, "", "Destination: "+copied).want(201)
		m := s.propfind(copied, 1, "D:displayname", "X:own", "D:getetag")
		if len(m.order) != 3 || m.text(copied, "displayname") != "Mine" || m.text(copied, "own") != "kept" {
			t.Errorf("%v", m.order)
		}
		s.call("COPY", annCal, "", "Destination: "+calHome+"bare", "Depth: 0").want(201)
		if m := s.propfind(calHome+"bare/", 1, "D:getetag"); len(m.order) != 1 {
			t.Errorf("%v", m.order)
		}
		s.call("MOVE", annCal, "", "Destination: "+calHome+"bare/", "Overwrite: F").want(412)
		s.call("MOVE", annCal, "", "Destination: "+calHome+"bare/").want(204)
		s.call("PROPFIND", annCal, "", "Depth: 0").want(404)
		if got := s.call("GET", calHome+"bare/a.ics", "").want(200); string(got.Body) != event("a", "A") {
			t.Errorf("%s", got.Body)
		}
		s.call("DELETE", calHome+"bare/", "", "If-Match: \"x\"").want(412)
		s.call("DELETE", calHome+"bare/", "", "Depth: 0").want(400)
		s.call("DELETE", calHome+"bare/", "", "Depth: infinity").want(204)
		s.call("GET", calHome+"bare/a.ics", "").want(404)
	})
}
