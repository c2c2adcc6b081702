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
	if text := w.signedIn(t, "ann", annPassword).get(t, "/web/me").text; strings.Count(text, "for the API") != 1 {
		t.Errorf("the page says it %d times", strings.Count(text, "for the API"))
	}
}
