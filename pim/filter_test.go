package pim

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func filterOf(t testing.TB, text string) Filter {
	t.Helper()
	var f Filter
	if err := json.Unmarshal([]byte(text), &f); err != nil {
		t.Fatal(err)
	}
	return f
}

var filterNow = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

func filtered() map[string]Item {
	return map[string]Item{
		"ann": &Contact{FullName: "Ann Example", Family: "Example", Company: "Åland Ölbryggeri AB", Type: "Customer", DoNotUse: []string{"call", "sms"},
			Phones:    []Labeled{{Label: "work", Value: "+47 22 33", Preferred: true}, {Value: "900"}},
			Addresses: []Address{{Label: "work", City: "Oslo", Country: "Norge"}}, Birthday: On(1980, 2, 29), Photo: []byte{1}},
		"meeting": &Event{Activity: Activity{Title: "Meet", Attendees: []Attendee{{Person: Person{Name: "Bo", Email: "bo@example.org"}}}, Priority: 3},
			Start: At(filterNow.Add(-48*time.Hour), ""), End: At(filterNow, ""), Free: true},
		"task": &Task{Activity: Activity{Title: "Call back"}, Effort: 90 * time.Minute, Percent: 40},
	}
}

func TestFilters(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{}`: "ann meeting task",
		`{"field":"company","op":"contains","value":"ÖLBRYGGERI"}`:                                           "ann",
		`{"field":"company","op":"is","value":"åland ölbryggeri ab"}`:                                        "ann",
		`{"field":"company","op":"is not","value":"x"}`:                                                      "ann meeting task",
		`{"field":"company","op":"is empty"}`:                                                                "meeting task",
		`{"field":"company","op":"begins with","value":"öl"}`:                                                "",
		`{"field":"contactType","op":"is","value":"customer"}`:                                               "ann",
		`{"field":"phones","op":"is","value":"900"}`:                                                         "ann",
		`{"field":"phones","op":"contains","value":"work"}`:                                                  "",
		`{"field":"phones","op":"does not contain","value":"900"}`:                                           "meeting task",
		`{"field":"addresses","op":"is","value":"oslo"}`:                                                     "ann",
		`{"field":"doNotUse","op":"is","value":"sms"}`:                                                       "ann",
		`{"field":"photo","op":"is not empty"}`:                                                              "ann",
		`{"field":"birthday","op":"before","value":"1980-03-01"}`:                                            "ann",
		`{"field":"birthday","op":"after","value":"1980-02-29"}`:                                             "",
		`{"field":"attendees","op":"is","value":"BO@example.org"}`:                                           "meeting",
		`{"field":"time","op":"after","value":"-3d"}`:                                                        "meeting",
		`{"field":"time","op":"after","value":"today"}`:                                                      "",
		`{"field":"time","op":"before","value":"2026-11-22T10:00:00Z"}`:                                      "meeting",
		`{"field":"free","op":"is","value":"yes"}`:                                                           "meeting",
		`{"field":"free","op":"is","value":"no"}`:                                                            "ann task",
		`{"field":"priority","op":"at least","value":"3"}`:                                                   "meeting",
		`{"field":"priority","op":"at most","value":"2"}`:                                                    "",
		`{"field":"percent","op":"is","value":"40"}`:                                                         "task",
		`{"field":"effort","op":"at most","value":"1h30m"}`:                                                  "task",
		`{"or":[{"field":"percent","op":"is","value":"40"},{"field":"company","op":"is not empty"}]}`:        "ann task",
		`{"and":[{"field":"title","op":"is not empty"},{"not":{"field":"title","op":"is","value":"meet"}}]}`: "task",
	} {
		f := filterOf(t, text)
		if err := f.Validate(0); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		var got []string
		for _, name := range []string{"ann", "meeting", "task"} {
			if f.Matches(filtered()[name], filterNow) {
				got = append(got, name)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s (%s): %v, want %s", text, f, got, want)
		}
	}
}

func TestFilterFaultsAreToldTogether(t *testing.T) {
	t.Parallel()
	f := filterOf(t, `{"and":[{"field":"cty","op":"is","value":"x"},{"field":"photo","op":"is","value":"x"},{"field":"title","op":"is"},
		{"field":"birthday","op":"before","value":"soon"},{"field":"percent","op":"is","value":"x"},{"field":"effort","op":"is","value":"2"},
		{"field":"free","op":"is","value":"maybe"},{"field":"notes","op":"is empty","value":"x"},{"and":[{"field":"title","op":"is empty"}],"field":"notes"},
		{"op":"is"},{"field":"title","op":"is","value":"`+strings.Repeat("x", 501)+`"}]}`)
	err := f.Validate(0)
	for _, want := range []string{`no field "cty"`, `"is" cannot be asked of photo`, `"is" of title needs a value`, `"soon" is no date`, `"x" is no number for percent`,
		`"2" is no duration`, `free is yes or no`, `"is empty" of notes takes no value`, `one of and, or, not`, `no field ""`, "longer than 500"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not told: %v", want, err)
		}
	}
	if err := filterOf(t, `{"field":"birthday","op":"is empty"}`).Validate(Kinds(KindEvent)); err == nil || !strings.Contains(err.Error(), "there are title") {
		t.Errorf("a field of another kind: %v", err)
	}
	deep := Filter{Field: FieldTitle, Op: Empty}
	for range 9 {
		deep = Filter{Not: &deep}
	}
	if err := deep.Validate(0); err == nil || !strings.Contains(err.Error(), "deep") {
		t.Errorf("deep: %v", err)
	}
	if err := (Filter{Or: make([]Filter, 300)}).Validate(0); err == nil || !strings.Contains(err.Error(), "more than 200") {
		t.Errorf("many: %v", err)
	}
}

func TestFilterInWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{}`: "",
		`{"and":[{"field":"company","op":"is","value":"Acme"},{"or":[{"field":"contactType","op":"is","value":"Customer"},{"field":"owner","op":"is empty"}]}]}`: `company is "Acme" and (contact type is "Customer" or owner is empty)`,
		`{"not":{"field":"birthday","op":"before","value":"-30d"}}`: `not (birthday before "-30d")`,
	} {
		if got := filterOf(t, text).String(); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}

// TestFiltersObeyLogic holds for any valid filter and item.
func TestFiltersObeyLogic(t *testing.T) {
	t.Parallel()
	items := filtered()
	leaf := rapid.Custom(func(t *rapid.T) Filter {
		field := rapid.SampledFrom(table).Draw(t, "field")
		f := Filter{Field: field.ID, Op: rapid.SampledFrom(field.Ops()).Draw(t, "op")}
		if f.Op != Empty && f.Op != NotEmpty {
			f.Value = rapid.SampledFrom(map[ValueType][]string{
				TextValue: {"Oslo", "e", "meet"}, NumberValue: {"0", "3", "40"}, DurationValue: {"1h", "90m"}, FlagValue: {"yes", "no"},
				TimeValue: {"today", "-3d", "1980-02-29", "2026-11-22T10:00:00Z"},
			}[field.Values]).Draw(t, "value")
		}
		return f
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := leaf.Draw(t, "a"), leaf.Draw(t, "b")
		it := items[rapid.SampledFrom([]string{"ann", "meeting", "task"}).Draw(t, "item")]
		holds := func(f Filter) bool {
			if err := f.Validate(0); err != nil {
				t.Fatalf("%s: %v", f, err)
			}
			return f.Matches(it, filterNow)
		}
		if holds(Filter{Not: &a}) == holds(a) {
			t.Errorf("not: %s", a)
		}
		both := Filter{And: []Filter{a, b}}
		either := Filter{Or: []Filter{{Not: &a}, {Not: &b}}}
		if holds(both) != (holds(a) && holds(b)) || holds(Filter{Not: &both}) != holds(either) {
			t.Errorf("and, or: %s, %s", a, b)
		}
		var again Filter
		text, err := json.Marshal(both)
		if err != nil || json.Unmarshal(text, &again) != nil || again.String() != both.String() {
			t.Errorf("%s comes back as %s", both, again)
		}
	})
}

func FuzzFilter(f *testing.F) {
	f.Add(`{"and":[{"field":"time","op":"after","value":"+1d"},{"not":{"field":"phones","op":"contains","value":"9"}}]}`)
	f.Add(`{"field":"birthday","op":"before","value":"d"}`)
	items := filtered()
	f.Fuzz(func(t *testing.T, text string) {
		var filter Filter
		if json.Unmarshal([]byte(text), &filter) != nil || filter.Validate(0) != nil {
			return
		}
		for _, it := range items {
			filter.Matches(it, filterNow)
		}
		_ = filter.String()
	})
}
