package tryton

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"crmbridge/crm/crmtest"
	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/remote/remotetest"
)

// Of the module sample_fields.
const modelRegion = "sample.region"

func areas() []string { return []string{"North", "South", "Åland"} }

// offered are the columns that records have.
func offered(t testing.TB, c remote.Remote, k pim.Kind) map[string]remote.Column {
	t.Helper()
	m, ok := remote.As[remote.FieldMapper](c)
	if !ok {
		t.Fatal("the map cannot be changed")
	}
	all, err := m.Columns(t.Context(), k)
	if err != nil {
		t.Fatalf("%v: %s", err, pim.PublicText(err))
	}
	out := map[string]remote.Column{}
	for _, col := range all {
		out[col.Name] = col
	}
	return out
}

// mapOf is a map with columns by name; custom columns have keys like those of rules.
func mapOf(t testing.TB, c remote.Remote, k pim.Kind, set map[pim.FieldID]string, without []pim.FieldID, custom ...string) remote.FieldMap {
	t.Helper()
	all := offered(t, c, k)
	m := remote.FieldMap{Without: without}
	for id, name := range set {
		m.Set = append(m.Set, remote.FieldColumn{Field: id, Column: all[name]})
	}
	for _, name := range custom {
		m.Custom = append(m.Custom, remote.CustomColumn{Key: name + "=X-TEST", Name: name, Column: all[name]})
	}
	var columns []remote.Column
	for _, col := range all {
		columns = append(columns, col)
	}
	own, _ := remote.As[remote.FieldMapper](c)
	if faults := remote.CheckFieldMap(own.FieldMap(k), m, columns, false); len(faults) > 0 {
		t.Fatalf("%ss: %v", k, faults)
	}
	return m
}

// withMaps is a connection with another map.
func withMaps(t testing.TB, c remote.Remote, m remote.FieldMaps) *connector {
	t.Helper()
	mapper, _ := remote.As[remote.FieldMapper](c)
	out, err := mapper.Mapped(m)
	if err != nil {
		t.Fatalf("%v: %s", err, pim.PublicText(err))
	}
	return out.(*connector)
}

// allMoved is a map with columns of every kind.
func allMoved(t testing.TB, c remote.Remote) remote.FieldMaps {
	t.Helper()
	return remote.FieldMaps{
		pim.KindContact: mapOf(t, c, pim.KindContact, map[pim.FieldID]string{
			pim.FieldNotes: "remarks", pim.FieldNickname: "nickname", pim.FieldJobTitle: "position", pim.FieldBirthday: "birth",
			pim.FieldAnniversary: "seen", pim.FieldDepartment: "area", pim.FieldSalutation: "segment",
		}, []pim.FieldID{pim.FieldIMs}, "vip", "score", "members", "rating", "credit", "travel", "shift"),
		pim.KindTask: mapOf(t, c, pim.KindTask, map[pim.FieldID]string{
			pim.FieldDue: "deadline", pim.FieldCompleted: "done_at", pim.FieldReport: "report", pim.FieldNumber: "number",
			pim.FieldSpent: "minutes", pim.FieldResult: "phase",
		}, []pim.FieldID{pim.FieldEffort}, "billable", "price", "area", "due"),
	}
}

// sampleCustoms gives sample number n values for the columns of allMoved.
func sampleCustoms(it pim.Item, n int) {
	pick := func(of ...string) string { return of[n%len(of)] }
	flag := pick("yes", "")
	var all map[string]string
	switch v := it.(type) {
	case *pim.Task:
		v.CRM.Result = pick("Planning", "Building")
		// At the user's midnight they would be days.
		v.Due.Time, v.Completed.Time = v.Due.Time.Add(5*time.Minute), v.Completed.Time.Add(5*time.Minute)
		all = map[string]string{"billable": flag, "price": fmt.Sprintf("%d.25", n+1), "area": areas()[n%3], "due": pim.On(2026, time.July, 1+n%28).String()}
	case *pim.Contact:
		v.Department, v.Salutation = areas()[n%3], pick("Small", "Large", "Public sector")
		all = map[string]string{
			"vip": flag, "score": fmt.Sprint(n - 3), "members": fmt.Sprint(9_000_000_000 + n), "rating": fmt.Sprintf("%d.125", n), "credit": fmt.Sprintf("-%d.5", n+1),
			"travel": (time.Duration(n+1) * 15 * time.Minute).String(), "shift": pick("By day", "By night"),
		}
	}
	var out []pim.Custom
	for name, v := range all {
		out = append(out, pim.Custom{Key: name + "=X-TEST", Name: name, Value: v})
	}
	pim.SetCustom(it, out)
}

// TestConformanceOfAChangedMap: a connection with a changed map is a remote like any other.
func TestConformanceOfAChangedMap(t *testing.T) {
	t.Parallel()
	l := startLive(t)
	// What the map has nothing to do with is judged once, by TestConformance.
	about := []string{"traits", "create_and_fetch", "find_by_key", "not_carried", "texts", "update_each", "clear_each", "stale_update", "/changes", "edit_at_the_remote", "lost_answers"}
	open := func(t *testing.T) remotetest.Account {
		if !slices.ContainsFunc(about, func(s string) bool { return strings.Contains(t.Name(), s) }) {
			t.Skip("left out: judged with the map as it is (TestConformance)")
		}
		a := l.account(t)
		b := a.Behind.(behind)
		m := allMoved(t, a.Remote)
		a.Remote, a.Behind = withMaps(t, a.Remote, m), behind{withMaps(t, b.connector, m)}
		return a
	}
	h := remotetest.Harness{
		Open: func(t *testing.T) remotetest.Account { return judged(t, open) }, Renews: true, Many: 121,
		Fix:     func(it pim.Item, n int) { fix(it, n); sampleCustoms(it, n) },
		Coupled: []pim.FieldSet{pim.Set(pim.FieldName, pim.FieldPrefix, pim.FieldSuffix, pim.FieldFullName), pim.Set(pim.FieldStatus, pim.FieldPercent)},
	}
	crmtest.Run(t, crmtest.Harness{Harness: h, Wrong: l.wrong})
}

// TestRowX13DefaultMapOfTryton: the map that people see is what is carried, and names the
// columns of the product.
func TestRowX13DefaultMapOfTryton(t *testing.T) {
	t.Parallel()
	for _, hires := range []string{"", "Employee of"} {
		c := openScenario(t, serve(t, &fake{}), map[string]string{"employer_relation": hires})
		for kind, want := range map[pim.Kind]map[pim.FieldID]string{
			pim.KindTask:    {pim.FieldTitle: "name", pim.FieldStatus: "status", pim.FieldPercent: "progress", pim.FieldProject: "parent", pim.FieldNotes: "comment"},
			pim.KindContact: {pim.FieldFullName: "name", pim.FieldPhones: "contact_mechanisms", pim.FieldAddresses: "addresses", pim.FieldCompany: "relations"},
		} {
			var shown pim.FieldSet
			for _, m := range c.FieldMap(kind) {
				shown = shown.Or(pim.Set(m.Field))
				if col := want[m.Field]; col != "" && !slices.Contains(m.Columns, col) {
					t.Errorf("%s of %ss is kept in %q, want %s", m.Field, kind, m.Columns, col)
				}
				delete(want, m.Field)
			}
			if shown != c.Traits().Carries[kind] || len(want) > 0 {
				t.Errorf("the map of %ss shows %s, carried are %s; missing %v", kind, shown, c.Traits().Carries[kind], want)
			}
		}
		if rows := c.FieldMap(pim.KindEvent); rows != nil {
			t.Errorf("events have a map: %+v", rows)
		}
	}
}

// TestRowX18FaultsInTryton: a map that cannot be kept is refused when the connection is
// opened.
func TestRowX18FaultsInTryton(t *testing.T) {
	t.Parallel()
	c := openFake(t, &fake{})
	text := func(name string) remote.Column { return remote.Column{Name: name, Kind: remote.TextColumn} }
	number := remote.Column{Name: "score", Kind: remote.NumberColumn}
	for name, m := range map[string]remote.FieldMaps{
		"a name in parts":          {pim.KindContact: {Set: []remote.FieldColumn{{Field: pim.FieldPrefix, Column: text("title")}}}},
		"progress with a status":   {pim.KindTask: {Set: []remote.FieldColumn{{Field: pim.FieldPercent, Column: number}}}},
		"required":                 {pim.KindTask: {Without: []pim.FieldID{pim.FieldTitle}}},
		"rows":                     {pim.KindContact: {Set: []remote.FieldColumn{{Field: pim.FieldPhones, Column: text("phone")}}}},
		"a kind that does not fit": {pim.KindTask: {Set: []remote.FieldColumn{{Field: pim.FieldDue, Column: number}}}},
		"twice":                    {pim.KindTask: {Custom: []remote.CustomColumn{{Key: "a", Column: text("comment")}}}},
		"events":                   {pim.KindEvent: {Without: []pim.FieldID{pim.FieldNotes}}},
	} {
		if _, err := c.Mapped(m); pim.ReasonOf(err) != pim.ErrInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRowX18ColumnThatIsGone: a mapped column that Tryton has no more, or in another kind,
// stops the link and deletes nothing, and is used again when it is back.
func TestRowX18ColumnThatIsGone(t *testing.T) {
	t.Parallel()
	typ := `"char"`
	f := &fake{}
	f.answer = func(_ int, method, _ string) string {
		switch {
		case method == "model.party.party.fields_get" && typ == "":
			return `{"id":1,"result":{}}`
		case method == "model.party.party.fields_get":
			return `{"id":1,"result":{"nickname":{"type":` + typ + `,"string":"Nickname","readonly":false,"required":false,"searchable":true,"sortable":true}}}`
		}
		return ""
	}
	clock := &passingClock{}
	c := openRemote(t, clock.now, serve(t, f), map[string]string{"username": "u", "password": "p", "lookup_age": "15m"}).(*connector)
	m := withMaps(t, c, remote.FieldMaps{pim.KindContact: {Set: []remote.FieldColumn{{Field: pim.FieldNickname, Column: remote.Column{Name: "nickname", Kind: remote.TextColumn}}}}})
	for _, want := range []struct {
		typ  string
		kind pim.Reason
	}{{`"char"`, ""}, {"", pim.ErrUnsupported}, {`"integer"`, pim.ErrUnsupported}, {`"text"`, ""}} {
		typ = want.typ
		_, err := m.List(t.Context(), Parties, remote.Scope{})
		wantReason(t, "a column of type "+typ, err, want.kind)
		if want.kind != "" && !strings.Contains(pim.PublicText(err), "no column nickname of party.party any more that holds a text") {
			t.Errorf("%q", pim.PublicText(err))
		}
		clock.pass(time.Hour)
	}
	if _, err := c.List(t.Context(), Parties, remote.Scope{}); err != nil {
		t.Errorf("without the map: %v", err)
	}
}
