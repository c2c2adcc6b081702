package graph

import (
	"strings"
	"testing"

	"crmbridge/pim"
	"crmbridge/upstream/login"
)

// A token that can be read tells what the application was granted.
func TestRolesInATokenAreNamed(t *testing.T) {
	t.Parallel()
	claims, err := segment(map[string]any{"aud": "https://graph.example.org", "roles": []string{"Calendars.Read", "Contacts.ReadWrite"}})
	if err != nil {
		t.Fatal(err)
	}
	roles, _, ok := rightsOf("e30." + claims + ".c2ln")
	if !ok || len(roles) != 2 {
		t.Fatalf("roles %v, %v", roles, ok)
	}
	for _, opaque := range []string{"", "abc", "a.b.c", "a." + b64([]byte("[]")) + ".c", "a.b"} {
		if _, _, ok := rightsOf(opaque); ok {
			t.Errorf("%q has roles", opaque)
		}
	}
	c := &connector{mailbox: "ann@example.org"}
	err = c.reach(t.Context(), permissions()[0], roles, true)
	if public := pim.PublicText(err); pim.ReasonOf(err) != pim.ErrForbidden || !strings.Contains(public, "Calendars.ReadWrite is missing") || !strings.Contains(public, "it has Calendars.Read, Contacts.ReadWrite") {
		t.Errorf("%v: %q", pim.ReasonOf(err), public)
	}
}

// What keeps the application out is told by Exchange's words alone: a policy or a scope.
func TestWhatKeepsTheApplicationOut(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		"Access is denied. Check credentials and try again.": "management scope",
		"Access to OData is disabled.":                       "application access policy",
		"Access to OData is disabled: [RAOP] : Blocked by tenant configured AppOnly AccessPolicy settings.": "application access policy",
	} {
		err := error(&pim.Error{Op: "test", Kind: pim.ErrForbidden, Err: &refusal{403, "ErrorAccessDenied", message}})
		got := denial(permissions()[0], err, true)
		if text := pim.PublicText(got); pim.ReasonOf(got) != pim.ErrForbidden || !strings.Contains(text, want) {
			t.Errorf("%s: %q", message, text)
		}
	}
}

// Every refusal of a login that people can do something about is named.
func TestDenialsAreNamed(t *testing.T) {
	t.Parallel()
	for description, want := range map[string]string{
		"AADSTS7000222: The provided client secret keys for app 'x' are expired.": "secret has expired",
		"AADSTS7000215: Invalid client secret provided.":                          "secret is wrong",
		"AADSTS90002: Tenant 'x' not found.":                                      "no such tenant",
		"AADSTS900023: Specified tenant identifier 'x' is neither a valid DNS":    "no such tenant",
		"AADSTS700016: Application with identifier 'x' was not found":             "no such application",
		"AADSTS700027: The certificate with identifier used":                      "certificate is not one",
		"AADSTS999999: Something new.":                                            "refused application ID",
	} {
		if got := deniedText(&login.Denied{Code: "invalid_client", Description: description}, "Microsoft 365 refused application ID and secret"); !strings.Contains(got, want) {
			t.Errorf("%s: %q", description, got)
		}
	}
}
