package rule

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"crmbridge/pim"
)

const marked = "hunter2"

// mark puts a name into everything of v that takes any text: strings without a type of
// their own, which Validate leaves as they are, wherever they are.
func mark(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() {
			v.SetString(marked)
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.String {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			mark(v.Index(0))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			mark(v.Field(i))
		}
	}
}

func TestAnonymousRulesNameNothing(t *testing.T) {
	t.Parallel()
	var r Rules
	mark(reflect.ValueOf(&r).Elem())
	leaf := pim.Filter{Field: "company", Op: pim.Is, Value: marked}
	r.Filter = pim.Filter{And: []pim.Filter{leaf, {Not: &leaf}, {Or: []pim.Filter{leaf}}}}
	r.Out.Create = Types{NoType, marked}
	before, err := json.Marshal(r)
	if err != nil || strings.Count(string(before), marked) < 11 {
		t.Fatalf("%v: hardly marked: %s", err, before)
	}
	b, err := json.Marshal(r.Anonymous())
	if err != nil || strings.Contains(string(b), marked) {
		t.Errorf("%v: %s", err, b)
	}
	for _, want := range []string{`"field":"company","op":"is","value":"…"`, `"create":["-","…"]`} {
		if !strings.Contains(string(b), want) {
			t.Errorf("no %s in %s", want, b)
		}
	}
	if after, _ := json.Marshal(r); string(after) != string(before) {
		t.Errorf("the rules themselves changed: %s", after)
	}
	if empty := (Rules{In: Flow{Create: Types{}}}).Anonymous(); empty.Types != nil || empty.In.Create == nil {
		t.Errorf("all and none are confused: %+v", empty)
	}
}
