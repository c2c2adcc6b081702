package api

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"crmbridge/manage"
	"crmbridge/review"
)

func number(n int64) string { return strconv.FormatInt(n, 10) }

func TestAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := told[manage.Account](w, "boss", http.MethodPost, "/accounts", map[string]any{"name": "cy", "password": password, "zone": "Europe/Helsinki", "displayName": "Cy"})
	if made.Name != "cy" || made.Admin || made.DisplayName != "Cy" {
		t.Errorf("%+v", made)
	}
	if rows := told[review.Page[manage.Account]](w, "boss", http.MethodGet, "/accounts", nil).Rows; len(rows) != 4 {
		t.Errorf("%+v", rows)
	}
	if a := told[manage.Account](w, "boss", http.MethodGet, "/accounts/cy", nil); a != made {
		t.Errorf("%+v", a)
	}
	if s := w.as("boss", http.MethodPost, "/accounts/cy/password", map[string]any{"password": "short"}); s.status != http.StatusBadRequest || strings.Contains(s.text, `"short"`) {
		t.Errorf("a short password: %d %s", s.status, s.text)
	}
	told[manage.Account](w, "boss", http.MethodPost, "/accounts/cy/password", map[string]any{"password": "another horse battery"})
	if _, err := w.office.Auth.Authenticate(t.Context(), "cy", "another horse battery", "192.0.2.7", "test"); err != nil {
		t.Error(err)
	}
	if a := told[manage.Account](w, "boss", http.MethodPost, "/accounts/ann/disable", nil); !a.Disabled {
		t.Errorf("%+v", a)
	}
	if s := w.as("ann", http.MethodGet, "/me", nil); s.status != http.StatusUnauthorized {
		t.Errorf("who is disabled: %d", s.status)
	}
	if a := told[manage.Account](w, "boss", http.MethodPost, "/accounts/ann/enable", nil); a.Disabled {
		t.Errorf("%+v", a)
	}
	for _, c := range []struct {
		body   any
		status int
		says   string
	}{
		{map[string]any{"name": "../x", "password": password}, http.StatusBadRequest, `"location":"body.name"`},
		{map[string]any{"name": "ann", "password": password}, http.StatusConflict, "urn:bridge:exists"},
		{map[string]any{"name": "dora", "password": password, "zone": "Mars"}, http.StatusBadRequest, `"location":"body.zone"`},
		{map[string]any{"name": "dora", "password": 1234567890123}, http.StatusUnprocessableEntity, `"location":"body.password"`},
		{map[string]any{"name": "dora", "password": password, "root": true}, http.StatusUnprocessableEntity, "root"},
		{"{", http.StatusBadRequest, "urn:bridge:invalid"},
		{nil, http.StatusBadRequest, "urn:bridge:invalid"},
	} {
		s := w.as("boss", http.MethodPost, "/accounts", c.body)
		if s.status != c.status || !strings.Contains(s.text, c.says) || strings.Contains(s.text, "1234567890123") || s.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%v: %d %s", c.body, s.status, s.text)
		}
	}
	if s := w.as("boss", http.MethodPost, "/accounts", map[string]any{"name": strings.Repeat("x", 70_000), "password": password}); s.status != http.StatusRequestEntityTooLarge {
		t.Errorf("a long body: %d %s", s.status, s.text)
	}
}

func TestDevices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	phone := told[manage.Device](w, "ann", http.MethodPost, "/me/devices", map[string]any{"name": "phone", "days": 30})
	if phone.Secret == "" || phone.API || phone.Expires == nil || phone.User != "ann" {
		t.Errorf("%+v", phone)
	}
	if s := w.ask(phone.Secret, http.MethodGet, "/me", nil); s.status != http.StatusUnauthorized {
		t.Errorf("what was made opens the API: %d", s.status)
	}
	rows := told[review.Page[manage.Device]](w, "ann", http.MethodGet, "/me/devices", nil).Rows
	if len(rows) != 2 || !rows[0].API || rows[1].Secret != "" || rows[1].Name != "phone" {
		t.Errorf("%+v", rows)
	}
	if s := w.as("boss", http.MethodPost, "/devices", map[string]any{"name": "desk"}); s.status != http.StatusBadRequest || !strings.Contains(s.text, "?user=") {
		t.Errorf("of nobody: %d %s", s.status, s.text)
	}
	if d := told[manage.Device](w, "boss", http.MethodPost, "/devices?user=bo", map[string]any{"name": "desk", "readOnly": true}); d.User != "bo" || !d.ReadOnly {
		t.Errorf("%+v", d)
	}
	if s := w.as("ann", http.MethodPost, "/me/devices", map[string]any{"name": ""}); s.status != http.StatusBadRequest || !strings.Contains(s.text, `"location":"body.name"`) {
		t.Errorf("without a name: %d %s", s.status, s.text)
	}
	if all := told[review.Page[manage.Device]](w, "boss", http.MethodGet, "/devices", nil).Rows; len(all) != 5 {
		t.Errorf("%d", len(all))
	}
	path := "/devices/" + number(int64(phone.ID)) + "/revoke"
	if d := hers[manage.Device](w, http.MethodPost, path, nil); d.Revoked == nil {
		t.Errorf("%+v", d)
	}
}

func TestFeeds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := told[manage.Feed](w, "ann", http.MethodPost, "/me/feeds", map[string]any{"collection": "calendar", "detail": "busy", "expires": "90d"})
	if made.Address == "" || made.Webcal == "" || made.Expires == nil {
		t.Errorf("%+v", made)
	}
	for _, body := range []map[string]any{{"collection": "calendar", "detail": "some"}, {"collection": "calendar", "name": "x", "pastDays": -1}, {"collection": "nothing"}} {
		if s := w.as("ann", http.MethodPost, "/me/feeds", body); s.status < 400 || s.status > 499 {
			t.Errorf("%v: %d %s", body, s.status, s.text)
		}
	}
	if rows := rowsOf[manage.Feed](w, "/feeds"); len(rows) != 1 || rows[0].Address != "" {
		t.Errorf("%+v", rows)
	}
	path := "/feeds/" + number(int64(made.ID))
	if f := hers[manage.Feed](w, http.MethodPost, path+"/rotate", map[string]any{"expires": "never"}); f.Address == made.Address || f.Expires != nil {
		t.Errorf("%+v", f)
	}
	if f := hers[manage.Feed](w, http.MethodPost, path+"/rotate", nil); f.Address == "" {
		t.Errorf("%+v", f)
	}
	if f := hers[manage.Feed](w, http.MethodPost, path+"/revoke", nil); f.Revoked == nil {
		t.Errorf("%+v", f)
	}
}

func TestDrivers(t *testing.T) {
	t.Parallel()
	w := newLinked(t)
	if rows := told[review.Page[manage.DriverRow]](w.world, "boss", http.MethodGet, "/drivers", nil).Rows; len(rows) != 1 || rows[0].Name != "mem" {
		t.Errorf("%+v", rows)
	}
	if rows := told[review.Page[manage.DriverOption]](w.world, "boss", http.MethodGet, "/drivers/mem", nil).Rows; len(rows) == 0 || !rows[len(rows)-1].Secret {
		t.Errorf("%+v", rows)
	}
}
