package ews_test

import (
	"strings"
	"testing"

	"crmbridge/pim"
	"crmbridge/remote"
)

// A group is refused with the reason, not made a person of, and distribution lists are not told.
func TestGroupsOfContacts(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	m := r.open(nil)
	c := home(t, m, pim.KindContact)
	group := &pim.Contact{FullName: "Board", Group: true, Members: []string{"urn:uuid:1"}}
	_, err := m.Create(t.Context(), c, remote.Entry{Item: group}, "key-group")
	if pim.ReasonOf(err) != pim.ErrUnsupported || !strings.Contains(pim.PublicText(err), "group") {
		t.Errorf("%v", err)
	}
	d, err := m.Changes(t.Context(), c, remote.Scope{}, "")
	if err != nil || len(d.Changed) != 0 {
		t.Errorf("%d records, %v", len(d.Changed), err)
	}
	checks := probe(t, m)
	if last := checks[len(checks)-1]; !strings.Contains(last.Note, "distribution lists") {
		t.Errorf("the test says %+v", last)
	}
}
