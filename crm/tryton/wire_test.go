package tryton

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"crmbridge/pim"
	"crmbridge/upstream"
)

func TestValues(t *testing.T) {
	t.Parallel()
	var s struct {
		A, B stamp
		D, E span
		F, G truth
	}
	text := `{"A":{"__class__":"datetime","year":2026,"month":11,"day":21,"hour":21,"minute":38,"second":14,"microsecond":702556},"B":null,
		"D":{"__class__":"timedelta","seconds":5400.5},"E":null,"F":1,"G":null}`
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		t.Fatal(err)
	}
	want := time.Date(2026, 11, 21, 21, 38, 14, 702556000, time.UTC)
	if !s.A.time().Equal(want) || !s.B.time().IsZero() || time.Duration(s.D) != 90*time.Minute+500*time.Millisecond || s.E != 0 || !bool(s.F) || bool(s.G) {
		t.Errorf("%+v", s)
	}
	again, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	before := s
	s.A, s.D = 0, 0
	if err := json.Unmarshal([]byte(`{"A":`+string(field(t, again, "A"))+`,"D":`+string(field(t, again, "D"))+`}`), &s); err != nil || s.A != before.A || s.D != before.D {
		t.Errorf("%s: %+v %v", again, s, err)
	}
	for _, bad := range []string{`{"A":"2026-11-21"}`, `{"A":{"__class__":"date","year":2026}}`, `{"A":{"__class__":"datetime"}}`, `{"D":{"__class__":"timedelta","seconds":1e300}}`, `{"D":3}`, `{"F":"yes"}`, `{"F":2}`} {
		if err := json.Unmarshal([]byte(bad), &s); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
}

func field(t *testing.T, object []byte, name string) json.RawMessage {
	t.Helper()
	var m map[string]json.RawMessage
	if err := json.Unmarshal(object, &m); err != nil {
		t.Fatal(err)
	}
	return m[name]
}

func TestTranslate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		raw    string
		reads  bool
		kind   pim.Reason
		public string
	}{
		{`["UserError",["The name is bad.","Think again.",null]]`, false, pim.ErrRefused, "Tryton says: The name is bad. Think again."},
		{`["UserError",["You are not allowed to access \"Party\".","",null]]`, true, pim.ErrForbidden, `Tryton says: You are not allowed to access "Party".`},
		{`["UserError",["",""]]`, false, pim.ErrRefused, "Tryton refused this without saying why"},
		{`["UserWarning",["party_1","Are you sure?",""]]`, false, pim.ErrRefused, "Tryton says: Are you sure?"},
		{`["ConcurrencyException","Records were modified in the meanwhile"]`, false, pim.ErrConflict, "it was changed in Tryton in the meantime"},
		{`["LoginException",["sms_code","SMS code","char"]]`, true, pim.ErrAuth, "Tryton asks for more than a password; give the bridge a user who logs in by password alone"},
		{`["'nofield'",""]`, false, pim.ErrProtocol, "Tryton met an error of its own; its log has the details"},
		{`["database is locked",""]`, false, pim.ErrUnavailable, "Tryton's database is busy"},
		{`"just a text"`, false, pim.ErrProtocol, "Tryton met an error of its own; its log has the details"},
		{`[]`, false, pim.ErrProtocol, "Tryton met an error of its own; its log has the details"},
		{`[{"a":1}]`, false, pim.ErrProtocol, "Tryton met an error of its own; its log has the details"},
	} {
		e := translate("test", parseFault(json.RawMessage(c.raw)), c.reads)
		if e.Kind != c.kind || e.Public != c.public || e.Err == nil {
			t.Errorf("%s: %s %q", c.raw, e.Kind, e.Public)
		}
	}
}

// No status says that an item does not exist: the relay would take that for a deletion.
func TestStatusesAreNoMissingItems(t *testing.T) {
	t.Parallel()
	for status := 100; status < 600; status++ {
		if status == 200 {
			continue
		}
		if e := statusFault("test", &upstream.Response{Status: status}); e.Kind == pim.ErrNotFound || e.Kind == "" {
			t.Errorf("%d is %s", status, e.Kind)
		}
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	if got := cut("Østlandet", 1); got != "…" {
		t.Errorf("%q", got)
	}
	if got := cut("Østlandet", 4); got != "Øst…" {
		t.Errorf("%q", got)
	}
}

// FuzzAnswer feeds bodies to everything that reads answers.
func FuzzAnswer(f *testing.F) {
	for _, s := range []string{
		`{"id":1,"result":[{"id":2,"name":"Ann Example","active":1,"write_date":null,"create_date":{"__class__":"datetime","year":2026,"month":11,"day":21,"hour":21,"minute":38,"second":14,"microsecond":702556},"contact_mechanisms.":[{"id":1,"type":"phone","value":"+47","name":null,"sequence":1,"active":true}],"addresses.":[{"id":1,"street":"S1","active":1,"country.":{"name":"Norway","id":1},"subdivision.":null}],"categories.":[{"id":1,"rec_name":"A / B"}],"relations.":[{"id":2,"type":1,"to.":{"id":3,"name":"Example Works"}}]}]}`,
		`{"id":1,"result":[{"id":2,"name":"T","comment":null,"effort_duration":{"__class__":"timedelta","seconds":5400.0},"progress":0.5,"status":1,"parent.":{"id":1,"rec_name":"Proj"}}]}`,
		`{"id":1,"error":["UserError",["text","",null]]}`, `{"error":["KeyError",""]}`, `{"result":null}`, `{`, `[]`, `<html>`, `{"id":1,"result":[7,"token"]}`,
	} {
		f.Add([]byte(s))
	}
	f.Add([]byte(`{"id":1,"result":[{"id":2,"name":"N","c":"x\u2060","n":1.50,"d":{"__class__":"Decimal","decimal":"1E+2"},"y":1,"day":{"__class__":"date","year":2026,"month":2,"day":30},"t":{"__class__":"datetime","year":2026,"month":11,"day":21},"s":{"__class__":"timedelta","seconds":-5},"l":"a","r.":{"id":1,"rec_name":"North"}}]}`))
	known := &facts{employer: 1, statuses: []status{{ID: 1}}}
	c := newConnector(newClient(nil, settings{employer: "Employee of"}), clockNow, slog.New(slog.DiscardHandler), time.UTC)
	columns := columnsOfEveryKind()
	f.Fuzz(func(t *testing.T, body []byte) {
		r := &upstream.Response{Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: body}
		var raw json.RawMessage
		if err := decode(call{op: "fuzz", reads: true}, r, &raw); err != nil {
			var e *pim.Error
			if pim.ReasonOf(err) == pim.ErrInternal || !errors.As(err, &e) || len(e.Public) > 600 {
				t.Errorf("%v", err)
			}
			return
		}
		for _, read := range []func(*facts, json.RawMessage, bool, []cells) ([]row, error){c.readParties, c.readTasks} {
			held, err := columns.read(raw, time.UTC)
			if err != nil {
				continue
			}
			full, err1 := read(known, raw, false, held)
			brief, err2 := read(known, raw, true, held)
			if (err1 == nil) != (err2 == nil) || len(full) != len(brief) {
				t.Fatalf("%d %v, brief %d %v", len(full), err1, len(brief), err2)
			}
			for i := range full {
				if full[i].version != brief[i].version || full[i].item == nil {
					t.Errorf("row %d: version %q, brief %q", i, full[i].version, brief[i].version)
				}
			}
		}
	})
}
