package main

import (
	"net/http"
	"strings"
	"testing"

	"crmbridge/manage"
	"crmbridge/store"
)

// The account of somebody who signs in elsewhere reads with app passwords only, until it is untied.
func TestUserUntie(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	if out, code := p.cmd("", "user", "untie", "alice"); code == 0 || !strings.Contains(out, "tied to nobody") {
		t.Errorf("who is not tied: %s", out)
	}
	err := p.inStore(func(tx *store.Tx) error {
		u, err := tx.UserByName("alice")
		if err != nil {
			return err
		}
		return tx.AddTie(store.Tie{UserID: u.ID, Issuer: "https://id.example.org", Subject: "1"})
	})
	if err != nil {
		t.Fatal(err)
	}
	s := p.serve()
	defer s.stop()
	if status, _ := p.get("/dav/calendars/alice/"); status != http.StatusUnauthorized {
		t.Errorf("the password alone reads the calendars: %d", status)
	}
	if row, code := jsonOf[manage.Account](p, "user", "untie", "alice"); code != 0 || row.Name != "alice" {
		t.Errorf("%+v", row)
	}
	if status, _ := p.get("/dav/calendars/alice/"); status == http.StatusUnauthorized {
		t.Errorf("untied: %d", status)
	}
}

// The pages offer the service that the configuration names.
func TestTheServiceOfTheConfiguration(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "admin:\n  oidc_issuer: https://id.example.org\n  oidc_client_id: bridge\n  oidc_label: Example Ltd\n")
	p.alice()
	s := p.serve()
	defer s.stop()
	if status, text := p.get("/web/sign-in"); status != http.StatusOK || !strings.Contains(text, "Sign in with Example Ltd") {
		t.Errorf("%d", status)
	}
	if out, code := newPlace(t, "admin:\n  oidc_issuer: http://id.example.org\n").cmd("", "user", "list"); code == 0 || !strings.Contains(out, "admin.oidc_issuer") {
		t.Errorf("without TLS: %s", out)
	}
}
