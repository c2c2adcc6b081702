package creatiosim

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

func titles(rows []map[string]any) []string {
	out := []string{}
	for _, r := range rows {
		out = append(out, r["Title"].(string))
	}
	return out
}

func TestOrder(t *testing.T) {
	t.Parallel()
	r, ids := filterRig(t, nil)
	made := []string{"Alpha", "beta", "Gamma (x)", "Дельта"}
	for _, c := range []struct {
		order string
		want  []string
	}{
		{"Title", []string{"Alpha", "beta", "Gamma (x)", "Дельта"}},
		{"Title desc", []string{"Дельта", "Gamma (x)", "beta", "Alpha"}},
		{"ModifiedOn asc", made},
		{"ModifiedOn asc,Id asc", made},
		{"ModifiedOn desc, Id desc", []string{"Дельта", "Gamma (x)", "beta", "Alpha"}},
		{"ModifiedOn desc,Id", []string{"Дельта", "Gamma (x)", "beta", "Alpha"}},
		{"StartDate", made},
		{"RemindToOwner desc,Title desc", []string{"Gamma (x)", "Дельта", "beta", "Alpha"}},
		{"ShowInScheduler,DurationInMinutes desc", []string{"Дельта", "Gamma (x)", "beta", "Alpha"}},
		{"RemindToOwnerDate desc,Title", []string{"Gamma (x)", "Alpha", "beta", "Дельта"}}, // NULL is least
	} {
		if got := titles(r.c.query("Activity", "$orderby", c.order).value(t)); !slices.Equal(got, c.want) {
			t.Errorf("$orderby=%s: %q, want %q", c.order, got, c.want)
		}
	}
	for order, status := range map[string]int{"Foo": 400, "Title up": 400, "Title asc desc": 400, "": 400, "Title,": 400,
		"Title,Title desc": 400, "Owner/Name": 500, "tolower(Title)": 400} {
		if res := r.c.query("Activity", "$orderby", order); res.status != status {
			t.Errorf("$orderby=%s: %d %s", order, res.status, res.text())
		}
	}
	if res := r.c.query("SysImage", "$orderby", "Data"); res.status != 400 {
		t.Errorf("order by stream: %d", res.status)
	}
	// Without an order rows come as the database has them, which is by id and not by age.
	var want []guid
	for _, title := range made {
		g, _ := parseGUID(ids[title])
		want = append(want, g)
	}
	slices.SortFunc(want, func(a, b guid) int { return a.sortKey(false).compare(b.sortKey(false)) })
	for i, row := range r.c.query("Activity", "$select", "Id").value(t) {
		if row["Id"] != want[i].String() {
			t.Errorf("row %d: %v, want %s", i, row["Id"], want[i])
		}
	}
}

// SQL Server compares ids from their last group, PostgreSQL from their first.
func TestIDOrder(t *testing.T) {
	t.Parallel()
	low, high := "ffffffff-ffff-4fff-bfff-000000000001", "00000000-0000-4000-8000-000000000fff"
	for _, postgres := range []bool{false, true} {
		r := newRig(t, func(o *Options) { o.Postgres = postgres })
		for _, id := range []string{low, high} {
			r.add("Contact", Fields{"Id": id, "Name": "x"})
		}
		rows := r.c.query("Contact", "$orderby", "Id", "$filter", "Name eq 'x'").value(t)
		first := rows[0]["Id"].(string)
		if (first == low) == postgres {
			t.Errorf("postgres %v: first is %s", postgres, first)
		}
		after := r.c.query("Contact", "$filter", "Name eq 'x' and Id gt "+first).value(t)
		if len(after) != 1 || after[0]["Id"] == first {
			t.Errorf("postgres %v: Id gt first gives %v", postgres, after)
		}
	}
}

func TestSelectAndExpand(t *testing.T) {
	t.Parallel()
	r, ids := filterRig(t, nil)
	res := r.c.query("Activity", "$filter", "Title eq 'Alpha'", "$select", "Title,Id,Title",
		"$expand", "Owner($select=Name),Contact($select=Id,Email;$expand=Owner($select=Name),Account),Result,"+
			"ActivityParticipantCollectionByActivity($select=Id;$expand=Role($select=Name),Participant($select=Name))")
	row := res.value(t)[0]
	got := fmt.Sprint(row)
	delete(row, "ActivityParticipantCollectionByActivity")
	want := map[string]any{"Id": ids["Alpha"], "Title": "Alpha", "Owner": map[string]any{"Name": "Sue Pervisor"},
		"Contact": map[string]any{"Id": ids["ada"], "Email": "ada@example.org", "Account": nil,
			"Owner": map[string]any{"Name": "Sue Pervisor"}}, "Result": nil}
	if fmt.Sprint(row) != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", row, want)
	}
	for _, part := range []string{"Participant:map[Name:Sue Pervisor]", "Role:map[Name:Responsible]"} {
		if !strings.Contains(got, part) {
			t.Errorf("no %s in %s", part, got)
		}
	}
	if ctx := res.object(t)["@odata.context"]; !strings.Contains(ctx.(string), "$metadata#Activity(Id,Title,Owner(Name),Contact(Id,Email,Owner(Name),Account()),") {
		t.Errorf("context %v", ctx)
	}
	coll := r.c.query("Contact", "$select", "Name,Id", "$filter", "Name eq 'Ada Exampleton'", "$expand",
		"ActivityCollectionByContact($select=Title;$filter=ShowInScheduler eq true;$orderby=Title desc;$top=1)")
	if res := coll; res.status != 200 || !strings.Contains(res.text(), `"ActivityCollectionByContact":[{"Title":"Alpha"}]`) {
		t.Errorf("%d %s", res.status, res.text())
	}
	for expand, status := range map[string]int{"OwnerId": 400, "Foo": 400, "Owner/Account": 400, "Owner(": 400, "Owner($select=Foo)": 400,
		"Owner($select=)": 400, "Owner($filter=true)": 400, "Owner,Owner": 400, "": 400, "Owner)": 400, "Owner($foo=1)": 400,
		"Owner($select=Id;$select=Name)": 400, "Owner($levels=2)": 400, "Owner ( $select=Id )": 200, "Owner()": 200,
		"Owner($expand=Owner($expand=Owner($expand=Owner)))":                          200,
		"Owner($expand=Owner($expand=Owner($expand=Owner($expand=Owner))))":           400,
		"ActivityParticipantCollectionByActivity($filter=contains(Description,');'))": 200} {
		if res := r.c.query("Activity", "$expand", expand); res.status != status {
			t.Errorf("$expand=%s: %d %s", expand, res.status, res.text())
		}
	}
	for sel, status := range map[string]int{"Foo": 400, "Owner/Name": 400, "": 400, "Id,": 400, "id": 400, "Owner": 400, "*": 200, " Id , Title": 200} {
		if res := r.c.query("Activity", "$select", sel); res.status != status {
			t.Errorf("$select=%s: %d %s", sel, res.status, res.text())
		}
	}
}

func TestQueryOptions(t *testing.T) {
	t.Parallel()
	r, ids := filterRig(t, nil)
	for query, status := range map[string]int{
		"$top=-1": 400, "$top=x": 400, "$top=99999999999": 400, "$skip=-1": 400, "$count=1": 400, "$count=True": 400,
		"$foo=1": 400, "$search=x": 400, "$apply=x": 400, "$skiptoken=x": 400, "$top=1&$top=2": 400, "$filter=%zz": 400,
		"$format=json": 200, "$format=xml": 400, "foo=1": 200, "top=1": 200, "": 200, "&&": 200, "$top=0&$count=true": 200,
	} {
		if res := r.c.get("Activity?" + query); res.status != status {
			t.Errorf("?%s: %d %s", query, res.status, res.text())
		}
	}
	if res := r.c.get("Activity(" + ids["beta"] + ")?$filter=true"); res.status != 400 {
		t.Errorf("$filter on one row: %d", res.status)
	}
	count := r.c.get("Activity?$top=1&$skip=1&$count=true&$orderby=Title")
	if v := count.object(t); v["@odata.count"] != 4.0 || !slices.Equal(titles(count.value(t)), []string{"beta"}) {
		t.Errorf("%s", count.text())
	}
	if got := len(r.c.get("Activity?$skip=100").value(t)); got != 0 {
		t.Errorf("skip past the end: %d rows", got)
	}
	long := r.c.get("Activity?$filter=" + url.QueryEscape("Title eq '"+strings.Repeat("x", 20_000)+"'"))
	if long.status != 414 {
		t.Errorf("long URL: %d", long.status)
	}
	none := r.c.get("Activity?$top=1", "Accept: application/json;odata.metadata=none")
	if !strings.Contains(none.header.Get("Content-Type"), "odata.metadata=none") {
		t.Errorf("content type %s", none.header.Get("Content-Type"))
	}
}

func TestRowLimits(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.MaxRows, o.PageSize = 7, 3 })
	var rows []Fields
	for i := range 20 {
		rows = append(rows, Fields{"Name": fmt.Sprintf("C%02d", i), "ModifiedOn": r.clock.Now().Add(time.Duration(i) * time.Second)})
	}
	must(t, r.sim.Import("Contact", rows))
	walk := func(next string) (names []string, pages int) {
		for next != "" {
			res := r.c.get(next)
			for _, row := range res.value(t) {
				names = append(names, row["Name"].(string))
			}
			pages++
			link, _ := res.object(t)["@odata.nextLink"].(string)
			next = strings.TrimPrefix(link, r.srv.URL)
		}
		return names, pages
	}
	q := "Contact?$orderby=ModifiedOn%20desc&$select=Name&$filter=" + url.QueryEscape("contains(Name,'C')") + "&$top="
	if names, pages := walk(q + "5"); len(names) != 5 || pages != 2 || names[0] != "C19" || names[4] != "C15" {
		t.Errorf("top 5: %v in %d pages", names, pages)
	}
	if names, pages := walk(q + "3"); len(names) != 3 || pages != 1 {
		t.Errorf("top 3: %v in %d pages", names, pages)
	}
	names, _ := walk(strings.TrimSuffix(q, "&$top="))
	if !slices.Contains(names, "C19") || !slices.Contains(names, "C00") || len(slices.Compact(slices.Sorted(slices.Values(names)))) != len(names) {
		t.Errorf("paging lost or repeated rows: %v", names)
	}
	// Without server paging the limit cuts the list and says nothing.
	flat := newRig(t, func(o *Options) { o.MaxRows = 7 })
	must(t, flat.sim.Import("Contact", rows))
	res := flat.c.get("Contact?$count=true&$top=50")
	if v := res.object(t); len(res.value(t)) != 7 || v["@odata.nextLink"] != nil || v["@odata.count"] != 22.0 {
		t.Errorf("MaxRows: %d rows, count %v, next %v", len(res.value(t)), v["@odata.count"], v["@odata.nextLink"])
	}
}
