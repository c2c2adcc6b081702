package creatio_test

import (
	"errors"
	"testing"
	"time"

	"crmbridge/crm"
	"crmbridge/crm/creatio"
	"crmbridge/crm/creatio/creatiosim"
	"crmbridge/pim"
	"crmbridge/remote"
)

func (r *rig) fault(f creatiosim.Fault) (clear func()) {
	r.t.Helper()
	id, err := r.sim.AddFault(f)
	if err != nil {
		r.t.Fatal(err)
	}
	return func() { r.sim.RemoveFault(id) }
}

func find(t *testing.T, c crm.Connector, col remote.CollectionID, it pim.Item, key string) (remote.Record, bool) {
	t.Helper()
	rec, found, err := c.(remote.Finder).Find(t.Context(), col, key, remote.Entry{Item: it})
	if err != nil {
		t.Fatalf("find: %v", err)
	}
	return rec, found
}

// partialCases are items of which the record itself is made and a part refused.
func partialCases() map[string]struct {
	col          remote.CollectionID
	entity, part string
	item         pim.Item
	whole        func(pim.Item) bool
} {
	e := meeting("With guests")
	e.Attendees = []pim.Attendee{{Person: pim.Person{Email: "anna1@example.org"}}, {Person: pim.Person{Email: "anna2@example.org"}}}
	p := &pim.Contact{FullName: "Kim Numbers", Phones: []pim.Labeled{{Label: "cell", Value: "+358 40 1"}, {Label: "cell", Value: "+358 40 2"}}}
	return map[string]struct {
		col          remote.CollectionID
		entity, part string
		item         pim.Item
		whole        func(pim.Item) bool
	}{
		"participants": {creatio.Events, "Activity", "ActivityParticipant", e, func(it pim.Item) bool { return len(it.(*pim.Event).Attendees) == 2 }},
		"numbers":      {creatio.Contacts, "Contact", "ContactCommunication", p, func(it pim.Item) bool { return len(it.(*pim.Contact).Phones) == 2 }},
	}
}

// Of a create that was refused in part the record is found, and the same key
// completes it.
func TestPartialCreate(t *testing.T) {
	t.Parallel()
	for name, c := range partialCases() {
		for _, status := range []int{400, 401, 403, 404, 429, 500, 503} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				r := newRig(t, nil)
				r.populate()
				conn := r.open(nil)
				had := r.sim.Len(c.entity)
				if _, found := find(t, conn, c.col, c.item, "key"); found {
					t.Fatal("found before it was made")
				}
				clear := r.fault(creatiosim.Fault{Kind: creatiosim.FaultStatus, Status: status, Message: "No rights", Entity: c.part, Method: "POST"})
				if _, err := conn.Create(t.Context(), c.col, remote.Entry{Item: c.item}, "key"); err == nil || errors.Is(err, pim.ErrNotFound) {
					t.Fatalf("%d: %v", status, err)
				}
				clear()
				part, found := find(t, conn, c.col, c.item, "key")
				if !found || part.ID == "" || part.Item == nil || c.whole(part.Item) || !part.Untouched {
					t.Fatalf("%d: found %v: %+v", status, found, part)
				}
				rec, err := conn.Create(t.Context(), c.col, remote.Entry{Item: c.item}, "key")
				if err != nil || rec.ID != part.ID || !c.whole(rec.Item) {
					t.Errorf("%d: create again: %v %+v", status, err, rec)
				}
				if n := r.sim.Len(c.entity) - had; n != 1 {
					t.Errorf("%d: %d records", status, n)
				}
			})
		}
	}
}

// A record that somebody changed is told from one that was only made.
func TestFindTellsTouched(t *testing.T) {
	t.Parallel()
	for name, c := range partialCases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, nil)
			r.populate()
			conn := r.open(nil)
			rec, err := conn.Create(t.Context(), c.col, remote.Entry{Item: c.item}, "key")
			if err != nil {
				t.Fatal(err)
			}
			r.clock.Advance(5 * time.Minute)
			if got, _ := find(t, conn, c.col, c.item, "key"); !got.Untouched {
				t.Error("nobody touched it")
			}
			if err := r.sim.Edit(c.entity, string(rec.ID), creatiosim.Fields{"Notes": "changed by a person"}); err != nil {
				t.Fatal(err)
			}
			if got, _ := find(t, conn, c.col, c.item, "key"); got.Untouched {
				t.Error("a changed record counts as untouched")
			}
		})
	}
}

// Not to find the entity, or what was just made, must not look like a deletion:
// neither to Create nor to Find.
func TestCreateNeverSaysGone(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"POST", "GET"} {
		r := newRig(t, nil)
		c := r.open(nil)
		create(t, c, creatio.Events, meeting("So that lists are loaded"))
		clear := r.fault(creatiosim.Fault{Kind: creatiosim.FaultStatus, Status: 404, Message: "Not found", Entity: "Activity", Method: method})
		_, err := c.Create(t.Context(), creatio.Events, remote.Entry{Item: meeting("One")}, "key")
		if err == nil || errors.Is(err, pim.ErrNotFound) {
			t.Errorf("%s: create: %v", method, err)
		}
		if method == "GET" && pim.ReasonOf(err) != pim.ErrUnavailable {
			t.Errorf("create, not read back: %v", err)
		}
		if _, _, err := c.(remote.Finder).Find(t.Context(), creatio.Events, "key", remote.Entry{Item: meeting("One")}); errors.Is(err, pim.ErrNotFound) || method == "GET" && err == nil {
			t.Errorf("%s: find: %v", method, err)
		}
		clear()
	}
}

// "Already there" is answered to a repeated insert; when that cannot be checked, it
// is not known whether the record is there.
func TestExistsThatCannotBeChecked(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	c := r.open(nil)
	made := create(t, c, creatio.Events, meeting("One"))
	defer r.fault(creatiosim.Fault{Kind: creatiosim.FaultStatus, Status: 403, Message: "No rights", Entity: "Activity", Method: "GET"})()
	_, err := c.Create(t.Context(), creatio.Events, remote.Entry{Item: meeting("One")}, t.Name()+"One")
	if pim.ReasonOf(err) != pim.ErrUnavailable {
		t.Errorf("%s is there and it was answered: %v", made.ID, err)
	}
}
