package tryton

import (
	"net/http/httptest"
	"strings"
	"testing"

	"crmbridge/remote"
)

// TestRowS6LanguageOfTheConnection: names come in the language of the connection, whatever the user's own is.
func TestRowS6LanguageOfTheConnection(t *testing.T) {
	t.Parallel()
	for setting, want := range map[string]string{"": `"language":"en"`, "de": `"language":"de"`} {
		f := &fake{}
		srv := httptest.NewServer(f)
		t.Cleanup(srv.Close)
		c := openScenario(t, srv.URL, remote.Settings{"language": setting})
		must(c.Changes(t.Context(), Parties, remote.Scope{}, ""))(t)
		calls := f.made("model.party.party.search_read")
		if len(calls) == 0 {
			t.Fatal("no parties were asked for")
		}
		for _, call := range calls {
			if !strings.Contains(strings.ReplaceAll(call, " ", ""), want) {
				t.Errorf("%q: %s", setting, call)
			}
		}
	}
}
