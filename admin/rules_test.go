package admin

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"crmbridge/admin/words"
	"crmbridge/relay/rule"
)

// The form has every rule there is, and says what it is.
func TestTheFormHasEveryRule(t *testing.T) {
	t.Parallel()
	book, err := words.Open()
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	for _, s := range ruleTable() {
		for _, r := range s.fields {
			have[r.path] = true
			if p := book.For("sv", ""); p.Word("rules.names", r.path) == r.path || p.Word("rules.sections", s.name) == s.name {
				t.Errorf("%s in %s has no text", r.path, s.name)
			}
		}
	}
	want := 0
	var walk func(prefix string, kind reflect.Type)
	walk = func(prefix string, kind reflect.Type) {
		for i := range kind.NumField() {
			name, _, _ := strings.Cut(kind.Field(i).Tag.Get("json"), ",")
			if kind.Field(i).Type == reflect.TypeFor[rule.Flow]() {
				walk(name+".", kind.Field(i).Type)
				continue
			}
			if want++; !have[prefix+name] {
				t.Errorf("the form has no %s", prefix+name)
			}
		}
	}
	walk("", reflect.TypeFor[rule.Rules]())
	if len(have) != want {
		t.Errorf("the form has %d rules, there are %d", len(have), want)
	}
}

// What a form shows for a value is taken for that value again.
func TestRulesThroughTheForm(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ kind, json string }{
		{ruleNumber, `60`}, {ruleNumber, `-1`}, {ruleCheck, `true`}, {ruleText, `"2030-01-01"`}, {ruleText, `0.25`}, {ruleText, `"10m"`}, {ruleList, `["event","task"]`},
		{ruleTypes, `["Meeting"]`}, {ruleTypes, `[]`}, {ruleChoice, `"mask"`}, {ruleJSON, `{"contact":"keep"}`}, {ruleText, `null`}, {ruleList, `null`},
	} {
		var v any
		if err := json.Unmarshal([]byte(c.json), &v); err != nil {
			t.Fatal(err)
		}
		if got := ruleJSONOf(c.kind, ruleWord(c.kind, v)); got != c.json {
			t.Errorf("%s %s comes back as %s", c.kind, c.json, got)
		}
	}
}
