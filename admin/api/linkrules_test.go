package api

import (
	"maps"
	"net/http"
	"strings"
	"testing"

	"crmbridge/crm/mem"
	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/review"
)

func TestLinksAreChanged(t *testing.T) {
	t.Parallel()
	w := newLinked(t)
	id := w.event("Review of the budget")
	if p := told[manage.Preview](w.world, "boss", http.MethodPost, "/links/crm/preview", map[string]any{}); p.Counts.CreatedLocal != 1 || len(p.Changes) != 1 || p.Changes[0].Title != "Review of the budget" || p.Outcome != "ok" {
		t.Errorf("%+v", p)
	}
	if p := told[manage.Preview](w.world, "boss", http.MethodPost, "/links/crm/preview", map[string]any{"rules": map[string]any{"direction": "out"}}); p.Counts.CreatedLocal != 0 {
		t.Errorf("by other rules: %+v", p)
	}
	if rows := told[review.Page[manage.Link]](w.world, "boss", http.MethodGet, "/links", nil).Rows; rows[0].Items != 0 {
		t.Errorf("a look made something: %+v", rows)
	}
	w.run()
	if rows := told[review.Page[manage.Check]](w.world, "boss", http.MethodPost, "/links/crm/test", nil).Rows; len(rows) == 0 || manage.Failed(rows) {
		t.Errorf("%+v", rows)
	}
	if rows := told[review.Page[manage.Folder]](w.world, "boss", http.MethodGet, "/links/crm/folders?user=ann", nil).Rows; len(rows) == 0 || len(rows[0].Kinds) == 0 {
		t.Errorf("%+v", rows)
	}
	if c := told[manage.RulesChanged](w.world, "boss", http.MethodPatch, "/links/crm/rules", map[string]any{"policy": "crm", "futureDays": 30}); c.Rules.Policy != "crm" || c.Rules.FutureDays != 30 || !c.Rules.Approve || len(c.Touches) == 0 {
		t.Errorf("%+v", c)
	}
	if s := w.as("boss", http.MethodPatch, "/links/crm/rules", map[string]any{"policy": "nobody", "colour": "red"}); s.status != http.StatusBadRequest || !strings.Contains(s.text, "colour") {
		t.Errorf("rules that there are not: %d %s", s.status, s.text)
	}
	told[manage.RulesChanged](w.world, "boss", http.MethodPatch, "/links/crm/rules", map[string]any{"policy": "ask", "futureDays": -1})

	known := told[review.Page[review.Known]](w.world, "ann", http.MethodGet, "/me/links/crm/items", nil).Rows
	if len(known) != 1 {
		t.Fatalf("%+v", known)
	}
	body := map[string]any{"uid": known[0].UID}
	for path, word := range map[string]string{"/unlink": "unlinked", "/relink": "left to the rules", "/link": "linked"} {
		if d := hers[done](w.world, http.MethodPost, "/links/crm"+path, body); d.Done != word {
			t.Errorf("%s: %+v", path, d)
		}
	}
	if b := told[broughtIn](w.world, "boss", http.MethodPost, "/links/crm/bring", map[string]any{"record": string(id)}); b.UID == "" {
		t.Errorf("%+v", b)
	}

	// What a CRM refuses us is no fault of the token.
	w.crm.SetFaults(func(mem.Call) mem.Fault {
		return mem.Fault{Err: pim.Errorf("mem", pim.ErrAuth, "the password is wrong")}
	})
	if s := w.as("boss", http.MethodGet, "/links/crm/folders", nil); s.status != http.StatusBadGateway || !strings.Contains(s.text, "urn:bridge:login-refused") {
		t.Errorf("%d %s", s.status, s.text)
	}
	w.crm.SetFaults(nil)
	if r := told[removed](w.world, "boss", http.MethodDelete, "/links/crm?force=true", nil); !r.Removed || r.ID != w.link.ID {
		t.Errorf("%+v", r)
	}
	if s := w.as("ann", http.MethodGet, "/me/links/crm", nil); s.status != http.StatusNotFound {
		t.Errorf("a link that is no more: %d %s", s.status, s.text)
	}
}

func TestLinksAreAdded(t *testing.T) {
	t.Parallel()
	w := newLinked(t)
	body := map[string]any{"driver": "mem", "collection": "calendar", "name": "of bo", "rules": map[string]any{"policy": "crm", "kinds": []string{"event"}}, "settings": map[string]any{"proxy": "direct"}}
	w.crm.SetFaults(func(mem.Call) mem.Fault {
		return mem.Fault{Err: pim.Errorf("mem", pim.ErrAuth, "the password is wrong")}
	})
	if s := w.as("boss", http.MethodPost, "/links?user=bo", body); s.status != http.StatusBadRequest || !strings.Contains(s.text, "the password is wrong") {
		t.Errorf("a connection that does not work: %d %s", s.status, s.text)
	}
	w.crm.SetFaults(nil)
	if l := told[added](w.world, "boss", http.MethodPost, "/links?user=bo", body); l.ID == 0 || l.Name != "of bo" || l.User != "bo" || len(l.Checks) == 0 {
		t.Errorf("%+v", l)
	}
	if rows := told[review.Page[manage.Link]](w.world, "bo", http.MethodGet, "/me/links", nil).Rows; len(rows) != 1 || rows[0].Policy != "crm" {
		t.Errorf("%+v", rows)
	}
	for what, change := range map[string][2]any{"driver": {"driver", "nothing"}, "collection": {"collection", "nothing"}, "policy": {"rules", map[string]any{"policy": "nobody"}},
		"password": {"settings", map[string]any{"password": "sesame open"}}, "several": {"name", "of bo"}} {
		other := maps.Clone(body)
		other[change[0].(string)] = change[1]
		if s := w.as("boss", http.MethodPost, "/links?user=bo", other); s.status < 400 || s.status > 499 || strings.Contains(s.text, "sesame") {
			t.Errorf("%s: %d %s", what, s.status, s.text)
		}
	}
}
