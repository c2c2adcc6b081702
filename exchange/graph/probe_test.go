package graph

import (
	"strings"
	"testing"

	"crmbridge/pim"
)

// A token that can be read tells what the application was granted.
func TestRolesInATokenAreNamed(t *testing.T) {
	t.Parallel()
	claims, err := segment(map[string]any{"aud": "https://graph.example.org", "roles": []string{"Calendars.Read", "Contacts.ReadWrite"}})
	if err != nil {
		t.Fatal(err)
	}
	roles, ok := rolesOf("e30." + claims + ".c2ln")
	if !ok || len(roles) != 2 {
		t.Fatalf("roles %v, %v", roles, ok)
	}
	for _, opaque := range []string{"", "abc", "a.b.c", "a." + b64([]byte("[]")) + ".c", "a.b"} {
		if _, ok := rolesOf(opaque); ok {
			t.Errorf("%q has roles", opaque)
		}
	}
	c := &connector{mailbox: "ann@example.org"}
	err = c.reach(t.Context(), permissions()[0], roles, true)
	if public := pim.PublicText(err); pim.ReasonOf(err) != pim.ErrForbidden || !strings.Contains(public, "Calendars.ReadWrite is missing") || !strings.Contains(public, "it has Calendars.Read, Contacts.ReadWrite") {
		t.Errorf("%v: %q", pim.ReasonOf(err), public)
	}
}
