package rule

import (
	"slices"
	"strings"
	"testing"
)

// Rules that are set have to pass more than stored ones, which must go on being read.
func TestNewRules(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text   string
		remote Policy
		want   string
	}{
		{`{"reconcileEvery":"1ns"}`, PreferCRM, "reconcileEvery 1ns is less than 1s"},
		{`{"reconcileEvery":"1s"}`, PreferCRM, ""},
		{`{}`, PreferCRM, ""},
		{`{"policy":"crm"}`, PreferCRM, ""},
		{`{"policy":"exchange"}`, PreferMail, ""},
		{`{"policy":"exchange"}`, PreferCRM, `policy "exchange" is of other links; on this one, "crm" is`},
		{`{"policy":"crm"}`, PreferMail, `policy "crm" is of other links; on this one, "exchange" is`},
	} {
		r, err := Parse([]byte(c.text))
		if err != nil {
			t.Errorf("%s, stored: %v", c.text, err)
		}
		err = r.CheckNew(c.remote)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.text, err, c.want)
		}
	}
	if err := (Rules{Direction: "up", ReconcileEvery: 1}).CheckNew(PreferCRM); err == nil || strings.Count(err.Error(), "\n") < 1 {
		t.Errorf("not all is told: %v", err)
	}
}

func TestRepeated(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		`{"policy":"ask","policy":"crm","policy":"ask"}`:               {"policy"},
		`{"in":{"create":["a","a"],"Create":[]},"out":{"create":1}}`:   {"in.Create"},
		`{"filter":{"and":[{"field":"a"},{"field":"b","field":"c"}]}}`: {"filter.and.field"},
		`{"a":{"b":1},"b":{"b":2}}`:                                    nil,
		`{"a":1,"a"`:                                                   {"a"},
		`x`:                                                            nil,
		``:                                                             nil,
	} {
		if got := Repeated([]byte(text)); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}

// docs/sync.md: since stands instead of pastDays; who gives both is told.
func TestUnusedDaysAreTold(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"since":"2026-01-01","pastDays":30}`:         "pastDays (30) is not used: since (2026-01-01) stands instead.",
		`{"out":{"since":"2026-01-01","pastDays":60}}`: "out.pastDays (60) is not used: since (2026-01-01) stands instead.",
		`{"since":"2026-01-01","in":{"pastDays":30}}`:  "",
		`{"since":"2026-01-01"}`:                       "",
		`{"pastDays":30}`:                              "",
	} {
		r, err := Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		words := strings.Join(r.Describe("CRM"), "\n")
		if want != "" && !strings.Contains(words, want) || want == "" && strings.Contains(words, "not used") {
			t.Errorf("%s: %s", text, words)
		}
	}
}
