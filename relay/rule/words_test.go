package rule

import (
	"encoding/json"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"crmbridge/internal/golden"
	"crmbridge/pim"
)

// everything has a value in every rule.
const everything = `{"direction":"both","kinds":["event","task"],"pastDays":30,"futureDays":-1,"since":"2026-03-01","groups":["Key accounts","Fairs"],"types":["Meeting","Call"],"allOwners":true,
	"filter":{"or":[{"field":"company","op":"is","value":"Acme"},{"field":"owner","op":"is empty"}]},"onlyLinked":true,"category":"CRM","relatedContacts":true,"activityContacts":true,"contactsLink":"people","relate":"never",
	"mail":"allow","in":{"since":"2026-02-01","futureDays":14,"create":["Meeting"],"carry":[],"private":"mask","attendees":"keep"},"out":{"pastDays":-1,"futureDays":90,"create":["-","Call"],"carry":["Call"],"private":"none"},
	"defaultType":"Call","typeNames":["Visit"],"holdUntyped":false,"policy":"newest","remove":{"event":"keep","contact":"delete"},
	"archiveDays":90,"series":"expand","approve":false,"brakeAbsolute":3,"brakeShare":0.125,"createsPerHour":500,"mailsPerHour":20,"reconcileEvery":"1h","annotateAfter":"90s","fileMegabytes":10,"filesMegabytes":20,
	"fields":{"task":{"set":[{"field":"number","column":{"column":"UsrNumber","kind":"text"}}],"without":["result"],"custom":[{"column":{"column":"UsrRegionId","label":"Region","kind":"reference","of":"Region"},"as":"X-REGION"},{"column":{"column":"UsrKey","kind":"yes/no"},"as":"category","label":"Key account"},{"column":{"column":"UsrHint","kind":"text"},"as":"notes"},{"column":{"column":"UsrLevel","kind":"list"},"as":"category"}]}}}`

func TestDescribe(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"defaults": `{}`, "everything": everything, "inward": `{"direction":"in","policy":"crm"}`, "held": `{"direction":"out","holdUntyped":true,"policy":"client"}`,
		"mailbox": `{"kinds":["message"],"direction":"in","groups":["Customers"],"since":"2026-01-01","in":{"private":"none"}}`,
		"mail":    `{"kinds":["message"],"direction":"out","relate":"never","fileMegabytes":5}`} {
		r, err := Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		golden.Compare(t, filepath.Join("testdata", "words-"+name+".txt"), strings.Join(r.Describe("the CRM"), "\n")+"\n")
	}
}

// TestEveryRuleIsTold changes one rule after the other: the words change with it, but for
// those that are about times of the machinery.
func TestEveryRuleIsTold(t *testing.T) {
	t.Parallel()
	silent := map[string]bool{"reconcileEvery": true, "annotateAfter": true, "typeNames": true, "holdUntyped": true, "approve": true, "contactsLink": true}
	var all map[string]json.RawMessage
	if err := json.Unmarshal([]byte(everything), &all); err != nil {
		t.Fatal(err)
	}
	words := func(m map[string]json.RawMessage) string {
		b, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(r.Describe("the CRM"), "\n")
	}
	for i := range reflect.TypeFor[Rules]().NumField() {
		name, _, _ := strings.Cut(reflect.TypeFor[Rules]().Field(i).Tag.Get("json"), ",")
		one := map[string]json.RawMessage{"direction": json.RawMessage(`"in"`)}
		if name == "out" || name == "mail" || name == "remove" || name == "defaultType" || name == "series" || name == "relate" || strings.HasSuffix(name, "PerHour") {
			one["direction"] = json.RawMessage(`"out"`)
		}
		if name == "mailsPerHour" {
			one["mail"] = json.RawMessage(`"allow"`)
		}
		if strings.HasPrefix(name, "file") && name != "filter" {
			one["kinds"], one["direction"] = json.RawMessage(`["message"]`), json.RawMessage(`"out"`)
		}
		plain := words(one)
		if _, ok := all[name]; !ok {
			t.Errorf("everything lacks %s", name)
		}
		one[name] = all[name]
		if told := words(one) != plain; told == silent[name] {
			t.Errorf("%s is told: %v", name, told)
		}
	}
}

func TestTouches(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Touch{
		`{}`:                                           {},
		`{"policy":"ask","pastDays":60}`:               {}, // the defaults, said
		`{"policy":"crm"}`:                             {Conflicts: true},
		`{"brakeShare":0.5,"brakeAbsolute":1}`:         {},
		`{"createsPerHour":5,"mailsPerHour":-1}`:       {},
		`{"mail":"allow"}`:                             {Pairs: true},
		`{"out":{"attendees":"keep"}}`:                 {Pairs: true},
		`{"since":"2026-01-01"}`:                       {Listing: true, Pairs: true},
		`{"groups":["Fairs"]}`:                         {Listing: true, Pairs: true},
		`{"remove":{"event":"keep"}}`:                  {},
		`{"out":{"private":"mask"}}`:                   {Pairs: true},
		`{"in":{"private":"mask"}}`:                    {Listing: true, Pairs: true},
		`{"filter":{"field":"title","op":"is empty"}}`: {Listing: true, Pairs: true},
		`{"pastDays":10,"policy":"crm"}`:               {Listing: true, Pairs: true, Conflicts: true},
		`{"direction":"in"}`:                           {Listing: true, Pairs: true},
		`{"holdUntyped":true}`:                         {Pairs: true},
		`{"relate":"never"}`:                           {},
		`{"fields":{"task":{"without":["notes"]}}}`:    {Pairs: true, Fields: true},
	} {
		now, err := Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got := Touches(Rules{}.Defaults(), now); got != want {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
		if got := Touches(now, Rules{}.Defaults()); got != want {
			t.Errorf("%s taken back: %+v, want %+v", text, got, want)
		}
	}
	along, err := Parse([]byte(`{"relatedContacts":true}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := Touches(Rules{}.Defaults(), along); got != (Touch{Relations: true}) {
		t.Errorf("related contacts: %+v", got)
	}
	if got := Touches(along, Rules{}.Defaults()); got != (Touch{}) {
		t.Errorf("no related contacts: %+v", got)
	}
}

func TestTyped(t *testing.T) {
	t.Parallel()
	r := Rules{DefaultType: "Call", TypeNames: []string{"Visit"}, Out: Flow{Create: Types{"-", "Meeting"}}}
	for want, e := range map[string]*pim.Event{
		"Own":     meeting("Own"),
		"Call":    meeting(""),
		"Visit":   {Activity: pim.Activity{Categories: []string{"Holiday", " visit"}}},
		"Meeting": {Activity: pim.Activity{Categories: []string{"-", "MEETING"}}},
	} {
		before := TypeOf(e)
		if got := TypeOf(r.Typed(e)); got != want || TypeOf(e) != before {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := r.Typed(&pim.Contact{}); TypeOf(got) != "" {
		t.Errorf("a contact became a %s", TypeOf(got))
	}
}

func TestDurationsAreShort(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{time.Hour: "1h", 90 * time.Second: "1m30s", 10 * time.Minute: "10m", 0: "0s", time.Hour + time.Second: "1h0m1s"} {
		if got := Duration(d).String(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
