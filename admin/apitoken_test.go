package admin

import (
	"strings"
	"testing"

	"crmbridge/manage"
)

// A token for the API stands among the app passwords, told apart from those of devices.
func TestAPITokensAreToldApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, n := range []manage.NewDevice{{User: "ann", Name: "phone"}, {User: "ann", Name: "report", API: true}} {
		if _, err := w.office.AddDevice(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	b := w.signedIn(t, "ann", annPassword)
	if text := b.get(t, "/web/me").text; strings.Count(text, "<small>for the API</small>") != 1 {
		t.Errorf("the page says it %d times", strings.Count(text, "<small>for the API</small>"))
	}
	b.post(t, "/web/me", "/web/me/devices", "name", "another report", "api", "on", "readOnly", "on")
	all, err := w.office.Devices(t.Context(), "ann")
	if err != nil || len(all) != 3 || !all[2].API || !all[2].ReadOnly {
		t.Errorf("%+v, %v", all, err)
	}
}
