package tryton

import (
	"fmt"
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

// withMaps is a connection with another map.
func withMaps(t testing.TB, c remote.Remote, m remote.FieldMaps) *connector {
	t.Helper()
	return crmtest.Mapped(t, c, m).(*connector)
}

// allMoved is a map with columns of every kind.
func allMoved(t testing.TB, c remote.Remote) remote.FieldMaps {
	t.Helper()
	return remote.FieldMaps{
		pim.KindContact: crmtest.MapOf(t, c, pim.KindContact, map[pim.FieldID]string{
			pim.FieldNotes: "remarks", pim.FieldNickname: "nickname", pim.FieldJobTitle: "position", pim.FieldBirthday: "birth",
			pim.FieldAnniversary: "seen", pim.FieldDepartment: "area", pim.FieldSalutation: "segment",
		}, []pim.FieldID{pim.FieldIMs}, "vip", "score", "members", "rating", "credit", "travel", "shift"),
		pim.KindTask: crmtest.MapOf(t, c, pim.KindTask, map[pim.FieldID]string{
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
	pim.SetCustom(it, crmtest.Customs(all))
}

// TestConformanceOfAChangedMap: a connection with a changed map is a remote like any other.
func TestConformanceOfAChangedMap(t *testing.T) {
	t.Parallel()
	l := startLive(t)
	open := func(t *testing.T) remotetest.Account {
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
		// The rest has nothing to do with the map, and a live server is slow.
		Only: []string{"traits", "create and fetch", "find by key", "what is not carried is ignored", "texts", "update each field", "clear each field",
			"an edit at the remote shows"},
	}
	remotetest.Run(t, h)
}

// TestRowX13DefaultMapOfTryton: the map that people see is what is carried, and names the
// columns of the product.
func TestRowX13DefaultMapOfTryton(t *testing.T) {
	t.Parallel()
	for _, hires := range []string{"", "Employee of"} {
		c := openScenario(t, serve(t, &fake{}), map[string]string{"employer_relation": hires})
		crmtest.OwnMap(t, c, map[pim.Kind]map[pim.FieldID]string{
			pim.KindTask:    {pim.FieldTitle: "name", pim.FieldStatus: "status", pim.FieldPercent: "progress", pim.FieldProject: "parent", pim.FieldNotes: "comment"},
			pim.KindContact: {pim.FieldFullName: "name", pim.FieldPhones: "contact_mechanisms", pim.FieldAddresses: "addresses", pim.FieldCompany: "relations"},
		})
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
