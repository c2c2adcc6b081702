package api

import (
	"net/http"
	"testing"

	"crmbridge/manage"
	"crmbridge/review"
)

func TestAudit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	told[manage.Device](w, "ann", http.MethodPost, "/me/devices", map[string]any{"name": "phone"})
	rows := told[review.Page[manage.Deed]](w, "boss", http.MethodGet, "/audit?account=ann&act=device.add", nil).Rows
	if len(rows) != 1 || rows[0].Via != manage.ViaAPI || rows[0].Subject != "ann: phone" || rows[0].Outcome != manage.OutcomeDone || rows[0].Address != "192.0.2.1" || rows[0].Agent == "" {
		t.Errorf("%+v", rows)
	}
	if s := w.as("ann", http.MethodGet, "/audit", nil); s.status != http.StatusForbidden {
		t.Errorf("a person: %d", s.status)
	}
	if s := w.as("boss", http.MethodGet, "/audit?act=link.puase", nil); s.status != http.StatusBadRequest {
		t.Errorf("a word that there is not: %d %s", s.status, s.text)
	}
}

func TestSystem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := told[manage.System](w, "boss", http.MethodGet, "/system", nil)
	if s.Version != "1.2.3" || s.Schema != s.Wanted || s.Keys != 1 || s.Rows["users"] != 3 || s.Jobs == nil {
		t.Errorf("%+v", s)
	}
	if r := told[resealed](w, "boss", http.MethodPost, "/system/rotate-key", nil); r.Connections != 0 {
		t.Errorf("%+v", r)
	}
	if got := told[manage.System](w, "boss", http.MethodGet, "/system", nil); got.Keys != 1 {
		t.Errorf("the old key is there still: %+v", got)
	}
}
