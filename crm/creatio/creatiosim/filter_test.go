package creatiosim

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// filterRig holds a few activities that the filter table tells apart.
func filterRig(t *testing.T, change func(*Options)) (*rig, map[string]string) {
	r := newRig(t, change)
	ada := r.add("Contact", Fields{"Name": "Ada Exampleton", "Email": "ada@example.org"})
	day := func(d, h int) time.Time { return time.Date(2026, 11, d, h, 0, 0, 0, time.UTC) }
	ids := map[string]string{"ada": ada}
	for _, a := range []struct {
		title string
		f     Fields
	}{
		{"Alpha", Fields{"StartDate": day(20, 9), "DueDate": day(20, 10), "ActivityCategory": "Meeting", "ShowInScheduler": true,
			"Notes": "it's 100% fine", "ContactId": ada}},
		{"beta", Fields{"StartDate": day(21, 9), "DueDate": day(21, 9).Add(15 * time.Minute), "ActivityCategory": "Call",
			"Type": "Call", "Status": "Completed", "OwnerId": ada}},
		{"Gamma (x)", Fields{"StartDate": day(22, 9), "DueDate": day(22, 12), "ActivityCategory": "To do", "Location": "Äänekoski",
			"RemindToOwner": true, "RemindToOwnerDate": day(22, 8)}},
		{"Дельта", Fields{"StartDate": time.Date(2027, 2, 3, 4, 5, 6, 0, time.UTC), "DueDate": day(23, 9).AddDate(1, 0, 0),
			"ActivityCategory": "Email", "Type": "Email", "OwnerId": nil, "AuthorId": nil}},
	} {
		a.f["Title"] = a.title
		r.clock.Advance(time.Second)
		ids[a.title] = r.add("Activity", a.f)
	}
	return r, ids
}

func TestFilterLanguage(t *testing.T) {
	t.Parallel()
	r, ids := filterRig(t, nil)
	stamp := func(title string) string {
		return r.record("Activity", ids[title]).Time("ModifiedOn").Format("2006-01-02T15:04:05.999Z")
	}
	me := r.sim.ContactOf("Supervisor")
	all := []string{"Alpha", "Gamma (x)", "beta", "Дельта"}
	for _, c := range []struct {
		filter string
		want   []string
	}{
		{"Title eq 'Alpha'", []string{"Alpha"}},
		{"Title eq 'ALPHA'", []string{"Alpha"}}, // the default collation
		{"title eq 'x'", nil},
		{"'Alpha' eq Title", []string{"Alpha"}},
		{"Title ne 'Alpha'", []string{"Gamma (x)", "beta", "Дельта"}},
		{"Title gt 'beta'", []string{"Gamma (x)", "Дельта"}},
		{"Notes eq 'it''s 100% fine'", []string{"Alpha"}},
		{"contains(Title,'ET')", []string{"beta"}},
		{"contains(Title,'ельт')", []string{"Дельта"}},
		{"contains(Title,'(x)')", []string{"Gamma (x)"}},
		{"contains(Title,'')", all},
		{"startswith(Title,'gam')", []string{"Gamma (x)"}},
		{"endswith(Title,'a')", []string{"Alpha", "beta"}},
		{"endswith(Title,'a') eq true", []string{"Alpha", "beta"}},
		{"tolower(Title) eq 'alpha'", []string{"Alpha"}},
		{"contains(tolower(Location),'ääne')", []string{"Gamma (x)"}},
		{"startswith(toupper(Title),'BE')", []string{"beta"}},
		{"year(StartDate) eq 2027", []string{"Дельта"}},
		{"month(StartDate) eq 11 and day(StartDate) gt 20", []string{"Gamma (x)", "beta"}},
		{"hour(StartDate) eq 4 and minute(StartDate) eq 5", []string{"Дельта"}},
		{"Id eq " + ids["beta"], []string{"beta"}},
		{"Id eq " + strings.ToUpper(ids["beta"]), []string{"beta"}},
		{"Id eq " + ids["beta"] + " or Id eq " + ids["Alpha"], []string{"Alpha", "beta"}},
		{"Id eq " + ids["beta"] + " and Title eq 'Alpha'", []string{}},
		{"Owner/Id eq " + me, []string{"Alpha", "Gamma (x)"}},
		{"Owner/Id ne " + me, []string{"beta"}}, // SQL: the one without an owner is neither equal nor unequal
		{"not (Owner/Id eq " + me + ")", []string{"beta"}},
		{"Owner/Id eq null", []string{"Дельта"}},
		{"Owner/Id ne null", []string{"Alpha", "Gamma (x)", "beta"}},
		{"Owner eq null", []string{"Дельта"}},
		{"Owner/Id eq 00000000-0000-0000-0000-000000000000", []string{}}, // shown as zeros, but NULL in the database
		{"Owner/Name eq 'ada exampleton'", []string{"beta"}},
		{"Contact/Owner/Id eq " + me, []string{"Alpha"}},
		{"Status/Finish", []string{"beta"}},
		{"Status/Finish eq false", []string{"Alpha", "Gamma (x)", "Дельта"}},
		{"Type/Name ne 'Email' and Type/Name ne 'Call'", []string{"Alpha", "Gamma (x)"}},
		{"ShowInScheduler eq true", []string{"Alpha"}},
		{"ShowInScheduler", []string{"Alpha"}},
		{"not ShowInScheduler", []string{"Gamma (x)", "beta", "Дельта"}},
		{"not not ShowInScheduler", []string{"Alpha"}},
		{"DurationInMinutes eq 15", []string{"beta"}},
		{"DurationInMinutes ge 60 and DurationInMinutes lt 180.5", []string{"Alpha", "Gamma (x)"}},
		{"60 le DurationInMinutes and 61 gt DurationInMinutes", []string{"Alpha"}},
		{"DurationInMinutes gt -1", all},
		{"StartDate ge 2026-11-21T00:00:00Z and StartDate lt 2026-11-22T00:00:00Z", []string{"beta"}},
		{"StartDate eq 2026-11-20T11:00:00+02:00", []string{"Alpha"}},
		{"StartDate lt 2026-11-21", []string{"Alpha"}},
		{"StartDate eq null", []string{}},
		{"RemindToOwnerDate ne null", []string{"Gamma (x)"}},
		{"RemindToOwnerDate lt 2030-01-01T00:00:00Z", []string{"Gamma (x)"}},
		{"not (RemindToOwnerDate lt 2030-01-01T00:00:00Z)", []string{}},
		{"Location eq null", []string{"Alpha", "beta", "Дельта"}},
		{"Location eq ''", []string{"Alpha", "beta", "Дельта"}},
		{"StartDate gt DueDate", []string{}},
		{"ModifiedOn eq CreatedOn", all},
		{"ModifiedOn ge " + stamp("Gamma (x)"), []string{"Gamma (x)", "Дельта"}},
		{"ModifiedOn gt " + stamp("Gamma (x)"), []string{"Дельта"}},
		{"ModifiedOn le " + stamp("beta"), []string{"Alpha", "beta"}},
		{"ModifiedOn lt " + stamp("beta"), []string{"Alpha"}},
		{"ModifiedOn eq " + stamp("beta"), []string{"beta"}},
		{"ModifiedOn gt " + stamp("beta") + " or (ModifiedOn eq " + stamp("beta") + " and Id gt 00000000-0000-0000-0000-000000000000)",
			[]string{"Gamma (x)", "beta", "Дельта"}},
		{"Title eq 'Alpha' or Title eq 'beta' and ShowInScheduler", []string{"Alpha"}}, // and binds tighter
		{"(Title eq 'Alpha' or Title eq 'beta') and not ShowInScheduler", []string{"beta"}},
		{"((((Title eq 'Alpha'))))", []string{"Alpha"}},
		{"true", all},
		{"1 eq 1 and null eq null", all},
		{"1 gt 2", []string{}},
		{" Title  eq\t'Alpha' ", []string{"Alpha"}},
	} {
		res := r.c.query("Activity", "$filter", c.filter, "$orderby", "Title")
		if c.want == nil {
			if res.status != 400 {
				t.Errorf("%s: status %d %s", c.filter, res.status, res.text())
			}
			continue
		}
		got := []string{}
		for _, row := range res.value(t) {
			got = append(got, row["Title"].(string))
		}
		slices.Sort(got)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", c.filter, got, c.want)
		}
	}
}

func TestFilterRefusals(t *testing.T) {
	t.Parallel()
	r, ids := filterRig(t, nil)
	id := ids["Alpha"]
	for _, c := range []struct {
		filter string
		status int
		text   string
	}{
		{"Id eq '" + id + "'", 400, "Found operand types 'Edm.Guid' and 'Edm.String'"},
		{"Id eq guid'" + id + "'", 400, "Unrecognized literal"},
		{"StartDate ge datetime'2026-01-01T00:00:00'", 400, "Unrecognized literal"},
		{"StartDate ge '2026-01-01T00:00:00Z'", 400, "'Edm.DateTimeOffset' and 'Edm.String'"},
		{"StartDate ge 2026-01-01T00:00:00", 400, "Unrecognized literal"}, // no zone
		{"StartDate eq 2026-02-30T00:00:00Z", 400, "Unrecognized literal"},
		{"StartDate ge 2026-11-20T11:00:00 02:00", 400, ""}, // a + that was not escaped
		{"Foo eq 1", 400, "Could not find a property named 'Foo' on type 'Terrasoft.Configuration.OData.Activity'"},
		{"Owner/Foo eq 1", 400, "on type 'Terrasoft.Configuration.OData.Contact'"},
		{"Title/Foo eq 1", 400, ""},
		{"Owner/Id/Name eq 1", 400, ""},
		{"OwnerId eq " + id, 500, "Column by path OwnerId not found in schema Activity"},
		{"Owner/AccountId eq " + id, 500, "Column by path Owner.AccountId not found in schema Activity"},
		{"OwnerId eq '" + id + "'", 400, "incompatible types"}, // the parser speaks before the query engine
		{"Title eq", 400, "Syntax error"},
		{"Title eq 'x' and", 400, "Syntax error"},
		{"Title eq 'x", 400, "unterminated string literal"},
		{"(Title eq 'x'", 400, "Syntax error"},
		{"Title eq 'x')", 400, "Syntax error"},
		{"Title eq \"x\"", 400, "not valid at position"},
		{"Title = 'x'", 400, "not valid at position"},
		{"Title EQ 'x'", 400, "Syntax error"},
		{"Title eq 1", 400, "'Edm.String' and 'Edm.Decimal'"},
		{"ShowInScheduler eq 1", 400, "'Edm.Boolean' and 'Edm.Decimal'"},
		{"ShowInScheduler eq 'true'", 400, "incompatible"},
		{"ShowInScheduler gt false", 400, "incompatible"},
		{"not Title eq 'x'", 400, "unary operator"},
		{"Title", 400, "must evaluate to a single boolean"},
		{"Title and ShowInScheduler", 400, "incompatible"},
		{"contains(Title)", 400, "No function signature"},
		{"contains(Title,1)", 400, "No function signature"},
		{"contains()", 400, "No function signature"},
		{"contains(Title,'x'", 400, "Syntax error"},
		{"substringof('x',Title)", 400, "An unknown function with name 'substringof'"},
		{"Title in ('a','b')", 400, "Syntax error"},
		{"DurationInMinutes add 5 gt 3", 400, "Syntax error"},
		{"DurationInMinutes eq 0x10", 400, "Unrecognized literal"},
		{"Title gt null", 400, "incompatible"},
		{"Owner eq " + id, 400, "'Entity' and 'Edm.Guid'"},
		{"ActivityParticipantCollectionByActivity/any(p:p/Role/Name eq 'x')", 400, ""},
		{"ActivityParticipantCollectionByActivity eq null", 400, "collection"},
		{"", 400, "Syntax error"},
		{strings.Repeat("(", 60) + "true" + strings.Repeat(")", 60), 400, "Recursion limit"},
		{strings.Repeat("not ", 200) + "true", 400, "Recursion limit"},
	} {
		res := r.c.query("Activity", "$filter", c.filter)
		if res.status != c.status || !strings.Contains(res.errorText(), c.text) {
			t.Errorf("%s: %d %s\nwant %d %s", c.filter, res.status, res.errorText(), c.status, c.text)
		}
	}
	if res := r.c.query("SysImage", "$filter", "Data eq null"); res.status != 400 {
		t.Errorf("stream in filter: %d", res.status)
	}
}

func TestLookupFilterModes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mode            LookupFilter
		byNav, byColumn int
	}{{ByNavigation, 200, 500}, {ByColumn, 500, 200}, {ByEither, 200, 200}} {
		r, ids := filterRig(t, func(o *Options) { o.LookupFilter = c.mode })
		nav := r.c.query("Activity", "$filter", "Owner/Id eq "+ids["ada"])
		col := r.c.query("Activity", "$filter", "OwnerId eq "+ids["ada"])
		if nav.status != c.byNav || col.status != c.byColumn {
			t.Errorf("mode %d: Owner/Id %d, OwnerId %d", c.mode, nav.status, col.status)
		}
		for _, res := range []response{nav, col} {
			if res.status == 200 && len(res.value(t)) != 1 {
				t.Errorf("mode %d: %s", c.mode, res.text())
			}
		}
	}
}

// A column may be filtered on only when it is selected too; navigation paths need not be.
func TestFilteredColumnMustBeSelected(t *testing.T) {
	t.Parallel()
	r, _ := filterRig(t, nil)
	me := r.sim.ContactOf("Supervisor")
	for _, c := range []struct {
		sel, filter string
		status      int
	}{
		{"Id,Title", "Title eq 'Alpha'", 200},
		{"Id", "Title eq 'Alpha'", 500},
		{"Id,Title", "Owner/Id eq " + me, 200},
		{"Title", "Id eq " + me, 500},
		{"Id,ModifiedOn", "ModifiedOn ge 2026-01-01T00:00:00Z and year(StartDate) eq 2026", 500},
		{"*", "Title eq 'Alpha'", 200},
	} {
		res := r.c.query("Activity", "$select", c.sel, "$filter", c.filter)
		if res.status != c.status {
			t.Errorf("$select=%s $filter=%s: %d %s", c.sel, c.filter, res.status, res.text())
		}
	}
	loose, _ := filterRig(t, func(o *Options) { o.SelectNotNeeded = true })
	if res := loose.c.query("Activity", "$select", "Id", "$filter", "Title eq 'Alpha'"); res.status != 200 {
		t.Errorf("SelectNotNeeded: %d", res.status)
	}
}

// A stamp with more digits than are stored lies between two rows' stamps; comparing with it must not lose or repeat rows.
func TestFilterBelowMilliseconds(t *testing.T) {
	t.Parallel()
	r, ids := filterRig(t, nil)
	s := r.record("Activity", ids["beta"]).Time("ModifiedOn").Format("2006-01-02T15:04:05.000")
	for filter, want := range map[string]int{
		"ModifiedOn ge " + s + "4567Z": 2, "ModifiedOn gt " + s + "4567Z": 2, "ModifiedOn le " + s + "4567Z": 2,
		"ModifiedOn lt " + s + "4567Z": 2, "ModifiedOn eq " + s + "4567Z": 0, "ModifiedOn ne " + s + "4567Z": 4,
		"ModifiedOn ge " + s + "0000Z": 3,
	} {
		if got := len(r.c.query("Activity", "$filter", filter).value(t)); got != want {
			t.Errorf("%s: %d rows, want %d", filter, got, want)
		}
	}
}
