package graphsim

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// told is what a round of a delta told: subjects or titles by id, "removed" for what is gone, and the link of the next.
type told struct {
	names map[string]string
	rows  []object
	pages int
	next  string
}

// round reads all pages of a round.
func (b *bench) round(url string, headers ...string) told {
	b.t.Helper()
	got := told{names: map[string]string{}}
	for got.next == "" {
		o := b.want(200, "GET", url, nil, headers...)
		got.pages++
		for _, v := range list(o, "value") {
			row := v.(object)
			got.rows = append(got.rows, row)
			name := orText(text(row["subject"]), orText(text(row["title"]), orText(text(row["displayName"]), text(row["type"]))))
			if row["@removed"] != nil {
				name = "removed"
			}
			got.names[text(row["id"])] = name
		}
		url, got.next = text(o["@odata.nextLink"]), text(o["@odata.deltaLink"])
		if got.pages > 100 || url == "" == (got.next == "") {
			b.t.Fatalf("page %d has %q and %q", got.pages, url, got.next)
		}
	}
	return got
}

const october = "?startDateTime=2026-10-01T00:00:00Z&endDateTime=2026-11-01T00:00:00Z"

func onDay2(day string) object {
	return object{"start": at2(day, "10:00:00"), "end": at2(day, "11:00:00")}
}

func names(got told) []string {
	var out []string
	for _, n := range got.names {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

func TestCalendarViewDelta(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	in := b.event(overlay(onDay2("2026-10-05"), object{"subject": "in"}), immutable)
	out := b.event(overlay(onDay2("2026-12-05"), object{"subject": "out"}), immutable)
	series := b.event(overlay(recurrence(weekly("monday"), numbered("2026-10-05", 8)), object{"subject": "series"}), immutable)
	first := b.round(ann+"/calendarView/delta"+october, immutable)
	if got := names(first); !reflect.DeepEqual(got, []string{"in", "occurrence", "occurrence", "occurrence", "occurrence", "series"}) {
		t.Fatalf("first round: %v", got)
	}
	for _, row := range first.rows {
		if row["type"] == "occurrence" {
			keys := []string{}
			for name := range row {
				keys = append(keys, name)
			}
			slices.Sort(keys)
			if want := []string{"@odata.etag", "@odata.type", "end", "id", "seriesMasterId", "start", "type"}; !slices.Equal(keys, want) {
				t.Errorf("an occurrence has %v, want %v", keys, want)
			}
		}
	}
	if quiet := b.round(first.next, immutable); len(quiet.rows) != 0 || quiet.pages != 1 {
		t.Errorf("quiet round: %v", quiet.rows)
	}

	// A change, something that leaves the window, something that comes into it, and something made outside of it.
	b.want(200, "PATCH", eventPath(in), object{"subject": "in, changed"}, immutable)
	b.want(200, "PATCH", eventPath(out), overlay(onDay2("2026-10-06"), nil), immutable)
	away := b.event(overlay(onDay2("2027-01-05"), object{"subject": "never in"}), immutable)
	second := b.round(first.next, immutable)
	if want := map[string]string{text(in["id"]): "in, changed", text(out["id"]): "out", text(away["id"]): "removed"}; !reflect.DeepEqual(second.names, want) {
		t.Errorf("second round: %v\nwant %v", second.names, want)
	}
	b.want(200, "PATCH", eventPath(in), onDay2("2026-12-24"), immutable)
	third := b.round(second.next, immutable)
	if want := map[string]string{text(in["id"]): "removed"}; !reflect.DeepEqual(third.names, want) {
		t.Errorf("left the window: %v", third.names)
	}
	b.want(200, "GET", eventPath(in), nil, immutable) // and is still there

	// One occurrence changed, one deleted: the master is told of, the exception whole, the deleted one as removed.
	_, rows := b.instances(series, "2026-10-01", "2026-11-01", immutable)
	b.want(200, "PATCH", eventPath(rows[1]), object{"subject": "exception"}, immutable)
	b.want(204, "DELETE", eventPath(rows[2]), nil, immutable)
	fourth := b.round(third.next, immutable)
	if want := map[string]string{text(series["id"]): "series", text(rows[1]["id"]): "exception", text(rows[2]["id"]): "removed"}; !reflect.DeepEqual(fourth.names, want) {
		t.Errorf("occurrences: %v\nwant %v", fourth.names, want)
	}
	// A changed series tells of all its occurrences, a deleted one removes them.
	b.want(200, "PATCH", eventPath(series), object{"subject": "series 2"}, immutable)
	fifth := b.round(fourth.next, immutable)
	if got := names(fifth); !reflect.DeepEqual(got, []string{"exception", "occurrence", "occurrence", "series 2"}) {
		t.Errorf("changed series: %v", got)
	}
	b.want(204, "DELETE", eventPath(series), nil, immutable)
	if got := names(b.round(fifth.next, immutable)); !reflect.DeepEqual(got, []string{"removed", "removed", "removed", "removed"}) {
		t.Errorf("deleted series: %v", got)
	}
	// An old token tells again from where it stood.
	if again := b.round(first.next, immutable); again.names[text(in["id"])] != "removed" || again.names[text(series["id"])] != "removed" {
		t.Errorf("an old token: %v", again.names)
	}
}

func TestDeltaPagesAreUnkind(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *Options) { o.Calm = false })
	for i := range 7 {
		b.event(overlay(onDay2(fmt.Sprintf("2026-10-%02d", i+5)), object{"subject": fmt.Sprint("e", i)}))
	}
	got := b.round(ann+"/calendarView/delta"+october, "Prefer: odata.maxpagesize=3")
	if got.pages != 4 || len(got.names) != 7 || len(got.rows) != 9 {
		t.Errorf("%d pages, %d rows of %d events: want an empty page, and the last of a page again on the next", got.pages, len(got.rows), len(got.names))
	}
	first := b.want(200, "GET", ann+"/calendarView/delta"+october, nil)
	if len(list(first, "value")) != 0 || first["@odata.nextLink"] == nil {
		t.Error("the first page is not empty")
	}
	for range 2 { // a token can be used again
		if n := len(values(b.want(200, "GET", text(first["@odata.nextLink"]), nil, "Prefer: odata.maxpagesize=4"))); n != 4 {
			t.Errorf("%d rows", n)
		}
	}
	// What is deleted between two pages is told as removed.
	page := b.want(200, "GET", text(first["@odata.nextLink"]), nil, "Prefer: odata.maxpagesize=6")
	all := b.want(200, "GET", ann+"/events", nil)
	b.want(204, "DELETE", eventPath(list(all, "value")[6].(object)), nil)
	rest := b.round(text(page["@odata.nextLink"]))
	if got := names(rest); !reflect.DeepEqual(got, []string{"e5", "removed"}) {
		t.Errorf("%v", got)
	}
	next := b.round(rest.next)
	if got := names(next); !reflect.DeepEqual(got, []string{"e0", "removed"}) {
		t.Errorf("next round: %v: the deletion again, and something that has not changed", got)
	}
	if got := names(b.round(next.next)); len(got) != 0 {
		t.Errorf("quiet round: %v", got)
	}
}

func TestDeltaExpires(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *Options) { o.DeltaStates = 3 })
	b.event(nil)
	first := b.round(ann + "/calendarView/delta" + october)
	b.sim.ExpireDelta("ann@example.org", http.StatusGone)
	resp := b.send("GET", first.next, nil)
	if o := b.read(resp.Body); resp.StatusCode != 410 || sub(o, "error")["code"] != "SyncStateNotFound" {
		t.Errorf("%d %v", resp.StatusCode, o)
	}
	where := resp.Header.Get("Location")
	if anew := b.round(where); len(anew.rows) != 1 {
		t.Errorf("from %s: %v", where, anew.rows)
	}
	second := b.round(ann + "/contacts/delta")
	b.sim.ExpireDelta("ann@example.org", http.StatusBadRequest)
	b.refused(400, "syncStateNotFound", "GET", second.next, nil)
	third := b.round(ann + "/contacts/delta")
	b.refused(400, "BadRequest", "GET", strings.Replace(third.next, "/contacts/", "/calendarView/", 1), nil)
	for range 3 {
		b.round(ann + "/todo/lists/delta")
	}
	b.refused(410, "SyncStateNotFound", "GET", third.next, nil)
	b.refused(410, "SyncStateNotFound", "GET", ann+"/contacts/delta?$deltatoken=nonsense", nil)
	for _, q := range []string{"&$select=subject", "&$expand=x", "&$filter=x", "&$orderby=x", "&$search=x"} {
		b.refused(400, "ErrorInvalidUrlQuery", "GET", ann+"/calendarView/delta"+october+q, nil)
	}
	b.refused(400, "ErrorInvalidParameter", "GET", ann+"/calendarView/delta", nil)
	b.refused(400, "ErrorInvalidUrlQuery", "GET", ann+"/events/delta", nil)
	resp = b.send("GET", ann+"/calendarView/delta"+october, nil, `Prefer: outlook.timezone="UTC"`)
	if got := resp.Header.Get("Preference-Applied"); got != `odata.track-changes, outlook.timezone="UTC"` {
		t.Errorf("Preference-Applied: %s", got)
	}
}

func TestContactAndTaskDelta(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	folder := b.want(201, "POST", ann+"/contactFolders", object{"displayName": "Other"})
	ada := b.want(201, "POST", ann+"/contacts", object{"displayName": "Ada"}, immutable)
	ben := b.want(201, "POST", ann+"/contacts", object{"displayName": "Ben"}, immutable)
	first := b.round(ann+"/contacts/delta?$select=displayName", immutable)
	if want := map[string]string{text(ada["id"]): "Ada", text(ben["id"]): "Ben"}; !reflect.DeepEqual(first.names, want) {
		t.Errorf("%v", first.names)
	}
	b.want(200, "PATCH", ann+"/contacts/"+text(ada["id"]), object{"parentFolderId": folder["id"]}, immutable)
	b.want(200, "PATCH", ann+"/contacts/"+text(ben["id"]), object{"jobTitle": "Baker"}, immutable)
	second := b.round(first.next, immutable)
	if want := map[string]string{text(ada["id"]): "removed", text(ben["id"]): "Ben"}; !reflect.DeepEqual(second.names, want) {
		t.Errorf("%v", second.names)
	}
	if _, shown := second.rows[0]["jobTitle"]; shown {
		t.Error("$select is not kept in the token")
	}
	if got := b.round(ann+"/contactFolders/"+text(folder["id"])+"/contacts/delta", immutable); got.names[text(ada["id"])] != "Ada" {
		t.Errorf("%v", got.names)
	}

	lists := b.round(ann + "/todo/lists/delta")
	l := b.want(201, "POST", ann+"/todo/lists", object{"displayName": "Calls"})
	more := b.round(lists.next)
	if len(lists.rows) != 2 || !reflect.DeepEqual(names(more), []string{"Calls"}) {
		t.Errorf("lists %v, then %v", names(lists), names(more))
	}
	path := ann + "/todo/lists/" + text(l["id"]) + "/tasks"
	task := b.want(201, "POST", path, object{"title": "Call", "linkedResources": []any{object{"externalId": "k"}}})
	tasks := b.round(path + "/delta?$expand=linkedResources")
	if len(tasks.rows) != 1 || len(list(tasks.rows[0], "linkedResources")) != 1 {
		t.Errorf("%v", tasks.rows)
	}
	b.want(201, "POST", path+"/"+text(task["id"])+"/linkedResources", object{"externalId": "k2"})
	changed := b.round(tasks.next)
	if len(changed.rows) != 1 || len(list(changed.rows[0], "linkedResources")) != 2 {
		t.Errorf("%v", changed.rows)
	}
	b.want(204, "DELETE", path+"/"+text(task["id"]), nil)
	if got := b.round(changed.next); got.names[text(task["id"])] != "removed" {
		t.Errorf("%v", got.names)
	}
	b.want(204, "DELETE", ann+"/todo/lists/"+text(l["id"]), nil)
	if got := names(b.round(more.next)); !reflect.DeepEqual(got, []string{"removed"}) {
		t.Errorf("%v", got)
	}
}
