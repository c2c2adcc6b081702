package rule

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"crmbridge/pim"
)

func TestRules(t *testing.T) {
	t.Parallel()
	r, err := Parse([]byte(`{"direction":"sideways","policy":"best","brakeShare":2,"reconcileEvery":"10s","remove":{"task":"burn"},"pastDays":-2,"futureDays":-30}`))
	if err == nil {
		t.Fatal("wrong rules were accepted")
	}
	for _, want := range []string{"sideways", "best", "brakeShare", "burn", "pastDays -2 is neither a number of days nor -1, which means no bound", "futureDays -30 is"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("missing %q in %v", want, err)
		}
	}
	if time.Duration(r.ReconcileEvery) != 10*time.Second {
		t.Errorf("reconcileEvery is %v", r.ReconcileEvery)
	}
	r, err = Parse(nil)
	if err != nil || r.Policy != Ask || r.PastDays != 60 || r.Removal(pim.KindContact) != RemoveUnassign || r.Removal(pim.KindEvent) != RemoveDelete {
		t.Errorf("%+v, %v", r, err)
	}
	now := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	s := r.Scope(now, pim.Kinds(pim.KindEvent))
	if !s.From.Equal(now.AddDate(0, 0, -60)) || !s.Until.Equal(now.AddDate(0, 0, 365)) {
		t.Errorf("window %v to %v", s.From, s.Until)
	}
	r, err = Parse([]byte(`{"pastDays":-1,"futureDays":-1}`))
	if s := r.Scope(now, pim.Kinds(pim.KindEvent)); err != nil || !s.From.IsZero() || !s.Until.IsZero() {
		t.Errorf("without bounds: %v, window %v to %v", err, s.From, s.Until)
	}
}

func TestFaultsOfNewRulesAreToldTogether(t *testing.T) {
	t.Parallel()
	_, err := Parse([]byte(`{"in":{"private":"hide","pastDays":-7},"out":{"private":"secret"},"defaultType":"Call","holdUntyped":true,
		"kinds":["event"],"filter":{"and":[{"field":"city","op":"is","value":"x"},{"field":"birthday","op":"is empty"}]}}`))
	for _, want := range []string{`in.private "hide"`, `out.private "secret"`, "in.pastDays -7", "choose one of the two", `no field "city"`, `no field "birthday"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not told: %v", want, err)
		}
	}
}

// An absent list means all, an empty one nothing; storing must not make one of the other.
func TestNoneIsNotAll(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{`{}`: true, `{"in":{"create":null}}`: true, `{"in":{"create":[]}}`: false, `{"in":{"create":["meeting"]}}`: true, `{"in":{"create":["Call"]}}`: false} {
		r, err := Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		stored, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if r, err = Parse(stored); err != nil {
			t.Fatal(err)
		}
		if got := r.Judge(Question{Item: meeting("Meeting")}).Create; got != want {
			t.Errorf("%s, stored as %s: %v", text, stored, got)
		}
	}
}

func meeting(typ string) *pim.Event {
	e := &pim.Event{Activity: pim.Activity{Title: "secret plan"}}
	e.CRM.Type = typ
	return e
}

func private(class pim.Class) *pim.Event {
	e := meeting("Meeting")
	e.Class = class
	return e
}

func TestJudge(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	day := func(n int) time.Time { return now.AddDate(0, 0, n) }
	for name, c := range map[string]struct {
		rules string
		q     Question
		want  Verdict
		rule  string // that decided
	}{
		"all":                   {`{}`, Question{Item: meeting("")}, Verdict{Create: true, Carry: true}, ""},
		"against the stream":    {`{"direction":"in"}`, Question{Way: Outward, Item: meeting("")}, Verdict{}, "direction"},
		"with the stream":       {`{"direction":"in"}`, Question{Item: meeting("")}, Verdict{Create: true, Carry: true}, ""},
		"kind":                  {`{"kinds":["task"]}`, Question{Item: meeting("")}, Verdict{}, "kinds"},
		"created type":          {`{"out":{"create":["call"]}}`, Question{Way: Outward, Item: meeting("Call")}, Verdict{Create: true, Carry: true}, ""},
		"other type":            {`{"out":{"create":["call"]}}`, Question{Way: Outward, Item: meeting("Visit")}, Verdict{Carry: true}, "out.create"},
		"no type":               {`{"out":{"create":["call"]}}`, Question{Way: Outward, Item: meeting("")}, Verdict{Carry: true}, "out.create"},
		"no type is named":      {`{"in":{"create":["-"]}}`, Question{Item: meeting("")}, Verdict{Create: true, Carry: true}, ""},
		"default type counts":   {`{"out":{"create":["call"]},"defaultType":"Call"}`, Question{Way: Outward, Item: meeting("")}, Verdict{Create: true, Carry: true}, ""},
		"other direction":       {`{"out":{"create":[]}}`, Question{Item: meeting("Visit")}, Verdict{Create: true, Carry: true}, ""},
		"not carried":           {`{"in":{"carry":["Call"]}}`, Question{Item: meeting("Visit")}, Verdict{Create: true}, "in.carry"},
		"private in full":       {`{}`, Question{Way: Outward, Item: private(pim.Private)}, Verdict{Create: true, Carry: true}, ""},
		"masked":                {`{"out":{"private":"mask"}}`, Question{Way: Outward, Item: private(pim.Confidential)}, Verdict{Create: true, Carry: true, Masked: true}, ""},
		"not masked inward":     {`{"out":{"private":"mask"}}`, Question{Item: private(pim.Private)}, Verdict{Create: true, Carry: true}, ""},
		"away":                  {`{"in":{"private":"none"}}`, Question{Item: private(pim.Private)}, Verdict{Carry: true, Away: true}, "in.private"},
		"public":                {`{"in":{"private":"none"}}`, Question{Item: meeting("")}, Verdict{Create: true, Carry: true}, ""},
		"too old":               {`{}`, Question{Item: meeting(""), Start: day(-62), End: day(-61)}, Verdict{Carry: true}, "in.pastDays"},
		"just in":               {`{}`, Question{Item: meeting(""), Start: day(-62), End: day(-60)}, Verdict{Create: true, Carry: true}, ""},
		"too far":               {`{"out":{"futureDays":7}}`, Question{Way: Outward, Item: meeting(""), Start: day(7), End: day(8)}, Verdict{Carry: true}, "out.futureDays"},
		"far the other way":     {`{"out":{"futureDays":7}}`, Question{Item: meeting(""), Start: day(7), End: day(8)}, Verdict{Create: true, Carry: true}, ""},
		"no bound":              {`{"pastDays":-1}`, Question{Item: meeting(""), Start: day(-4000), End: day(-3999)}, Verdict{Create: true, Carry: true}, ""},
		"without end":           {`{}`, Question{Item: meeting(""), Start: day(-4000)}, Verdict{Create: true, Carry: true}, ""},
		"contacts are timeless": {`{}`, Question{Item: &pim.Contact{}, Start: day(-4000), End: day(-3999)}, Verdict{Create: true, Carry: true}, ""},
		"fits":                  {`{"filter":{"field":"type","op":"is","value":"call"}}`, Question{Item: meeting("Call")}, Verdict{Create: true, Carry: true}, ""},
		"does not fit":          {`{"filter":{"field":"type","op":"is","value":"call"}}`, Question{Item: meeting("Visit")}, Verdict{Carry: true}, "filter"},
		"filters look inward":   {`{"filter":{"field":"type","op":"is","value":"call"}}`, Question{Way: Outward, Item: meeting("Visit")}, Verdict{Create: true, Carry: true}, ""},
		"type of the link":      {`{"types":["Call"]}`, Question{Item: meeting("Visit")}, Verdict{Carry: true}, "types"},
		"held":                  {`{"holdUntyped":true}`, Question{Way: Outward, Item: meeting("")}, Verdict{Carry: true, Hold: HoldType}, "holdUntyped"},
		"typed":                 {`{"holdUntyped":true}`, Question{Way: Outward, Item: meeting("Call")}, Verdict{Create: true, Carry: true}, ""},
		"contacts have none":    {`{"holdUntyped":true}`, Question{Way: Outward, Item: &pim.Contact{}}, Verdict{Create: true, Carry: true}, ""},
		"only linked":           {`{"onlyLinked":true}`, Question{Item: meeting("")}, Verdict{Carry: true}, "onlyLinked"},
		"linked":                {`{"onlyLinked":true,"filter":{"field":"type","op":"is","value":"x"},"in":{"create":[]}}`, Question{Item: meeting(""), Tie: Linked, Start: day(-400), End: day(-399)}, Verdict{Create: true, Carry: true}, ""},
		"linked but private":    {`{"in":{"private":"none"}}`, Question{Item: private(pim.Private), Tie: Linked}, Verdict{Carry: true, Away: true}, "in.private"},
		"unlinked":              {`{}`, Question{Item: meeting(""), Tie: Apart}, Verdict{}, "tie"},
		"moved out":             {`{}`, Question{Item: meeting(""), Tie: Moved}, Verdict{}, "tie"},
		"switched off":          {`{"category":"CRM"}`, Question{Item: meeting(""), Off: true, OffSays: "it is off"}, Verdict{}, "category"},
		"switched on":           {`{"category":"CRM","onlyLinked":true}`, Question{Item: meeting("")}, Verdict{Create: true, Carry: true}, ""},
		"linked, though off":    {`{"category":"CRM","onlyLinked":true}`, Question{Item: meeting(""), Tie: Linked, Off: true}, Verdict{Create: true, Carry: true}, ""},
	} {
		r, err := Parse([]byte(c.rules))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		c.q.Now = now
		got := r.Judge(c.q)
		reasons := got.Reasons
		got.Reasons = nil
		if got.Create != c.want.Create || got.Carry != c.want.Carry || got.Masked != c.want.Masked || got.Away != c.want.Away || got.Hold != c.want.Hold {
			t.Errorf("%s: %+v, want %+v (%+v)", name, got, c.want, reasons)
		}
		against := slices.IndexFunc(reasons, func(r Reason) bool { return !r.Holds })
		if c.rule == "" && against >= 0 || c.rule != "" && (against < 0 || reasons[against].Rule != c.rule) {
			t.Errorf("%s: reasons %+v, want %q to decide", name, reasons, c.rule)
		}
	}
}

// TestEveryRefusalHasItsReason, and none of them tells what is in an item.
func TestEveryRefusalHasItsReason(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := Rules{
			Direction: rapid.SampledFrom([]Direction{Both, In, Out}).Draw(t, "direction"), OnlyLinked: rapid.Bool().Draw(t, "onlyLinked"), HoldUntyped: rapid.Bool().Draw(t, "hold"),
			Kinds:  rapid.SampledFrom([][]pim.Kind{nil, {pim.KindEvent}, {pim.KindTask}}).Draw(t, "kinds"),
			Filter: rapid.SampledFrom([]pim.Filter{{}, {Field: pim.FieldTitle, Op: pim.Contains, Value: "x"}}).Draw(t, "filter"),
		}.Defaults()
		for _, f := range []*Flow{&r.In, &r.Out} {
			f.Create = rapid.SampledFrom([]Types{nil, {}, {"Call"}, {"-"}}).Draw(t, "create")
			f.Carry = rapid.SampledFrom([]Types{nil, {}, {"Call"}}).Draw(t, "carry")
			f.Private = rapid.SampledFrom([]Private{"", PrivateMask, PrivateNone}).Draw(t, "private")
		}
		if err := r.Validate(); err != nil {
			t.Fatal(err)
		}
		e := private(rapid.SampledFrom([]pim.Class{pim.Public, pim.Private}).Draw(t, "class"))
		e.CRM.Type = rapid.SampledFrom([]string{"", "Call", "Visit"}).Draw(t, "type")
		v := r.Judge(Question{Way: rapid.SampledFrom([]Way{Inward, Outward}).Draw(t, "way"), Item: e, Tie: rapid.SampledFrom([]Tie{TieNone, Linked, Apart}).Draw(t, "tie")})
		against := slices.ContainsFunc(v.Reasons, func(r Reason) bool { return !r.Holds })
		if against != (!v.Create || !v.Carry) {
			t.Errorf("%+v", v)
		}
		for _, reason := range v.Reasons {
			if reason.Rule == "" || reason.Says == "" || strings.Contains(reason.Says, "secret") {
				t.Errorf("%+v", reason)
			}
		}
	})
}
