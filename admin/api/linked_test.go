package api

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"crmbridge/crm/mem"
	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/relay"
	"crmbridge/remote"
	"crmbridge/review"
	"crmbridge/secret"
	"crmbridge/store"
)

// linked is a world in which Ann's calendar is linked to a CRM.
type linked struct {
	*world
	crm  *mem.CRM
	link store.Link
}

func newLinked(t *testing.T) *linked {
	t.Helper()
	w := &linked{world: newWorld(t)}
	var err error
	w.crm, err = mem.New(mem.Options{Now: w.clock.Now})
	w.must(err)
	o := w.office
	o.Drivers = manage.Drivers{{Driver: w.crm.Driver(), Side: store.CRM}}
	o.Keeper, err = secret.Create(t.TempDir() + "/key")
	w.must(err)
	o.Connections = &relay.Connections{Drivers: o.Drivers.Map(), Unseal: o.Keeper.Open, Now: w.clock.Now,
		Env: func(store.Link, store.User, remote.Settings) (remote.Env, error) {
			return remote.Env{Now: w.clock.Now}, nil
		}}
	t.Cleanup(func() { _ = o.Connections.Close() })
	o.Engine = &relay.Engine{Store: w.store, Remotes: o.Connections, Now: w.clock.Now, Owner: "test", Log: slog.New(slog.DiscardHandler), Alive: func(string) bool { return false }}
	w.must(relay.MigrateJobs(t.Context(), w.store))
	o.Jobs, err = relay.NewJobs(o.Engine, relay.JobsOptions{})
	w.must(err)
	o.Interval = time.Minute
	settings, err := o.Drivers.Complete("mem", remote.Settings{})
	w.must(err)
	w.link, err = o.AddLink(t.Context(), manage.NewLink{Connection: manage.Connection{User: "ann", Driver: "mem", Settings: settings}, Name: "crm", Collection: "calendar",
		Rules: `{"policy":"ask","pastDays":-1,"futureDays":-1,"kinds":["event"],"approve":true}`})
	w.must(err)
	return w
}

// event is one that the CRM has.
func (w *linked) event(title string) remote.ItemID {
	at := time.Date(2026, 1, 8, 9, 0, 0, 0, time.UTC)
	return w.crm.Add(&pim.Event{Activity: pim.Activity{Title: title}, Start: pim.At(at, ""), End: pim.At(at.Add(time.Hour), "")}, "")
}

func (w *linked) run() {
	w.Helper()
	w.clock.Advance(time.Minute)
	_, err := w.office.RunNow(w.Context(), w.link, relay.RunOptions{Trigger: "manual", Retry: true})
	w.must(err)
}

// edit changes what is here, as a device does.
func (w *linked) edit(from, to string) (uid string) {
	w.Helper()
	w.clock.Advance(time.Minute)
	w.must(w.store.Update(w.Context(), func(tx *store.Tx) error {
		found := false
		_, _, err := tx.ObjectChanges(w.link.CollectionID, 0, 100, func(o store.Object) error {
			whole, err := tx.ObjectByID(o.ID)
			if err != nil || whole.Deleted || found || !bytes.Contains(whole.Text, []byte(from)) {
				return err
			}
			uid, found = o.UID, true
			_, err = tx.PutObject(store.Put{Collection: w.link.CollectionID, Name: o.Name, UID: o.UID, Kind: o.Kind, Component: whole.Component,
				Text: bytes.Replace(whole.Text, []byte(from), []byte(to), 1), Start: whole.Start, End: whole.End, By: "dav:ann/user:1/phone"})
			return err
		})
		return err
	}))
	if uid == "" {
		w.Fatalf("there is no %q here", from)
	}
	return uid
}

// hers asks for Ann's things as Ann, and as an administrator; bo is told that there is nothing, in the same words as of what there is not.
func hers[T any](w *world, method, path string, body any) T {
	w.Helper()
	if s := w.as("bo", method, "/me"+path, body); s.status != http.StatusNotFound {
		w.Errorf("%s %s by bo: %d %s", method, path, s.status, s.text)
	}
	if s := w.as("boss", method, path+"?user=bo", body); s.status != http.StatusNotFound {
		w.Errorf("%s %s of bo: %d %s", method, path, s.status, s.text)
	}
	if s := w.as("boss", method, "/me"+path, body); s.status != http.StatusNotFound {
		w.Errorf("%s %s of the administrator's own: %d %s", method, path, s.status, s.text)
	}
	if method == http.MethodGet {
		told[T](w, "boss", method, path+"?user=ann", body)
		told[T](w, "boss", method, path, body)
	}
	return told[T](w, "ann", method, "/me"+path, body)
}

// rowsOf reads a list of Ann's, sees that the administrator's has it, and that bo's has none of it.
func rowsOf[T any](w *world, path string) []T {
	w.Helper()
	if others := told[review.Page[T]](w, "bo", http.MethodGet, "/me"+path, nil); len(others.Rows) != 0 {
		w.Errorf("%s: bo sees %+v", path, others.Rows)
	}
	rows := told[review.Page[T]](w, "ann", http.MethodGet, "/me"+path, nil).Rows
	if whole := told[review.Page[T]](w, "boss", http.MethodGet, path, nil); len(whole.Rows) < len(rows) {
		w.Errorf("%s: %d for all, %d of ann", path, len(whole.Rows), len(rows))
	}
	if own := told[review.Page[T]](w, "boss", http.MethodGet, path+"?user=ann", nil); len(own.Rows) != len(rows) {
		w.Errorf("%s: %d of ann for the administrator, %d for her", path, len(own.Rows), len(rows))
	}
	return rows
}

func TestLinksAndRuns(t *testing.T) {
	t.Parallel()
	w := newLinked(t)
	w.event("Review of the budget")
	w.run()
	if rows := rowsOf[manage.Link](w.world, "/links"); len(rows) != 1 || rows[0].Name != "crm" || rows[0].Items != 1 {
		t.Fatalf("%+v", rows)
	}
	d := hers[manage.LinkDetail](w.world, http.MethodGet, "/links/crm", nil)
	if d.ID != w.link.ID || len(d.Words) == 0 || d.Rules.Policy != "ask" || len(d.Settings) != 0 {
		t.Errorf("%+v", d)
	}
	if d := told[manage.LinkDetail](w.world, "boss", http.MethodGet, "/links/crm", nil); d.Settings["proxy"] != "…" {
		t.Errorf("for an administrator: %+v", d.Settings)
	}
	if l := hers[manage.Link](w.world, http.MethodPost, "/links/crm/pause", nil); l.State != "paused" {
		t.Errorf("%+v", l)
	}
	if s := w.as("ann", http.MethodPost, "/me/links/crm/run", nil); s.status != http.StatusForbidden || !strings.Contains(s.text, "urn:bridge:held") {
		t.Errorf("a run of a paused link: %d %s", s.status, s.text)
	}
	if l := hers[manage.Link](w.world, http.MethodPost, "/links/crm/resume", nil); l.Paused {
		t.Errorf("%+v", l)
	}
	if s := w.as("ann", http.MethodPost, "/me/links/crm/run", nil); s.status != http.StatusAccepted {
		t.Errorf("a run: %d %s", s.status, s.text)
	}
	if s := told[allowed](w.world, "boss", http.MethodPost, "/links/crm/allow-many", nil); !s.Until.After(w.clock.Now()) {
		t.Errorf("%+v", s)
	}
	if l := told[manage.LinkDetail](w.world, "boss", http.MethodGet, "/links/crm", nil); l.ManyUntil == nil {
		t.Error("nobody sees that the link may make many")
	}
	if s := w.as("ann", http.MethodPost, "/me/links/crm/allow-many", nil); s.status != http.StatusNotFound {
		t.Errorf("a person lets their own link make many: %d", s.status)
	}
	if s := hers[manage.Stopping](w.world, http.MethodPost, "/links/crm/stop", nil); s.Running || s.Link != w.link.ID {
		t.Errorf("%+v", s)
	}
	known := told[review.Page[review.Known]](w.world, "ann", http.MethodGet, "/me/links/crm/items?text=budget", nil).Rows
	if len(known) != 1 || known[0].Summary != "Review of the budget" || known[0].Origin.Side != "crm" {
		t.Fatalf("%+v", known)
	}

	runs := rowsOf[review.Run](w.world, "/runs")
	if len(runs) != 1 || runs[0].Counts.CreatedLocal != 1 {
		t.Fatalf("%+v", runs)
	}
	path := "/runs/" + number(int64(runs[0].ID))
	if run := hers[manage.RunDetail](w.world, http.MethodGet, path, nil); len(run.Steps) != 1 || run.Steps[0].Title != "Review of the budget" {
		t.Errorf("%+v", run)
	}
	if u := hers[manage.RunUndone](w.world, http.MethodPost, path+"/undo", nil); u.Items != 1 || !u.Paused {
		t.Errorf("%+v", u)
	}
}

func TestErrorsAndHolds(t *testing.T) {
	t.Parallel()
	w := newLinked(t)
	id := w.event("Review of the budget")
	w.run()
	w.crm.SetFaults(func(c mem.Call) mem.Fault {
		if c.Op == "update" {
			return mem.Fault{Err: pim.Errorf("mem", pim.ErrRefused, "the room is closed")}
		}
		return mem.Fault{}
	})
	uid := w.edit("Review of", "Talk about")
	w.run()
	rows := rowsOf[review.Item](w.world, "/errors")
	if len(rows) != 1 || rows[0].UID != uid || !strings.Contains(rows[0].Reason, "the room is closed") {
		t.Fatalf("%+v", rows)
	}
	if len(rowsOf[review.Item](w.world, "/errors")) != 1 {
		t.Error("without a state both are listed")
	}
	body := map[string]any{"uid": uid}
	if d := hers[done](w.world, http.MethodPost, "/links/crm/ignore", body); d.Done != "set aside" {
		t.Errorf("%+v", d)
	}
	if p := told[review.Page[review.Item]](w.world, "ann", http.MethodGet, "/me/errors?state=ignored&link=crm", nil); len(p.Rows) != 1 {
		t.Errorf("%+v", p)
	}
	if d := hers[done](w.world, http.MethodPost, "/links/crm/retry", body); d.Done != "queued" {
		t.Errorf("%+v", d)
	}
	if rows := rowsOf[review.Item](w.world, "/holds"); len(rows) != 0 {
		t.Errorf("%+v", rows)
	}
	w.crm.SetFaults(nil)
	w.run()
	w.crm.Remove(mem.Activities, id)
	w.run()
	if rows := rowsOf[review.Item](w.world, "/holds"); len(rows) != 1 || rows[0].UID != uid || rows[0].State != "deletion" {
		t.Errorf("%+v", rows)
	}
	if s := w.as("ann", http.MethodPost, "/me/links/crm/reject", map[string]any{"uid": "another"}); s.status != http.StatusNotFound {
		t.Errorf("of an item that there is not: %d %s", s.status, s.text)
	}
	if a := hers[answered](w.world, http.MethodPost, "/links/crm/reject", map[string]any{"uid": uid}); a.Deletions != 1 || a.Done != "rejected" {
		t.Errorf("%+v", a)
	}
	w.run() // it is there again
	known := told[review.Page[review.Known]](w.world, "ann", http.MethodGet, "/me/links/crm/items", nil).Rows
	if len(known) != 1 || known[0].RemoteID == string(id) {
		t.Fatalf("%+v", known)
	}
	w.crm.Remove(mem.Activities, remote.ItemID(known[0].RemoteID))
	w.run()
	if a := hers[answered](w.world, http.MethodPost, "/links/crm/approve", map[string]any{"all": true}); a.Deletions != 1 || a.Done != "approved" {
		t.Errorf("%+v", a)
	}
	if s := w.as("ann", http.MethodPost, "/me/links/crm/reject", map[string]any{}); s.status != http.StatusBadRequest {
		t.Errorf("neither one nor all: %d %s", s.status, s.text)
	}
	for path, says := range map[string]string{"/me/errors?state=odd": "odd", "/me/errors?since=soon": `"location":"query.since"`, "/me/errors?link=odd": "there is no link", "/me/runs?limit=2000": "query.limit"} {
		if s := w.as("ann", http.MethodGet, path, nil); s.status < 400 || s.status > 499 || !strings.Contains(s.text, says) {
			t.Errorf("%s: %d %s", path, s.status, s.text)
		}
	}
}

func TestConflictsAreSettled(t *testing.T) {
	t.Parallel()
	w := newLinked(t)
	id := w.event("Review of the budget")
	w.run()
	uid := w.edit("Review of the budget", "Review here")
	w.crm.Edit(mem.Activities, id, func(it pim.Item) { it.(*pim.Event).Title = "Review there" })
	w.run()
	rows := rowsOf[manage.Conflict](w.world, "/conflicts")
	if len(rows) != 1 || rows[0].State != "open" || rows[0].UID != uid {
		t.Fatalf("%+v", rows)
	}
	path := "/conflicts/" + number(int64(rows[0].ID))
	if d := hers[manage.ConflictDetail](w.world, http.MethodGet, path, nil); len(d.Differences) != 1 || d.Differences[0].Mine != "Review here" || d.Differences[0].Theirs != "Review there" {
		t.Errorf("%+v", d)
	}
	if s := w.as("ann", http.MethodPost, "/me"+path+"/settle", map[string]any{"take": "ours"}); s.status != http.StatusBadRequest {
		t.Errorf("a side that there is not: %d %s", s.status, s.text)
	}
	if d := hers[manage.ConflictDetail](w.world, http.MethodPost, path+"/settle", map[string]any{"take": "theirs"}); d.State != "theirs" || d.ResolvedBy != "ann (API)" {
		t.Errorf("%+v", d)
	}
	if d := hers[manage.ConflictDetail](w.world, http.MethodPost, path+"/undo", nil); d.State != "open" {
		t.Errorf("%+v", d)
	}
}

func TestDuplicatesAreMerged(t *testing.T) {
	t.Parallel()
	w := newLinked(t)
	w.event("Review of the budget")
	w.run()
	w.event("Review of budget")
	w.run()
	_, err := w.office.Engine.FindDuplicates(t.Context(), w.link.CollectionID)
	w.must(err)
	rows := rowsOf[manage.Duplicate](w.world, "/duplicates")
	if len(rows) != 1 || len(rows[0].Reasons) == 0 {
		t.Fatalf("%+v", rows)
	}
	path := "/duplicates/" + number(int64(rows[0].ID))
	if d := hers[manage.DuplicateDetail](w.world, http.MethodGet, path, nil); len(d.Fields) == 0 || d.Fields[0].A == "" {
		t.Errorf("%+v", d)
	}
	if d := hers[manage.DuplicateDetail](w.world, http.MethodPost, path+"/ignore", nil); d.State != store.DuplicateIgnored {
		t.Errorf("%+v", d)
	}
	if d := hers[manage.DuplicateDetail](w.world, http.MethodPost, path+"/undo", nil); d.State != store.DuplicateOpen {
		t.Errorf("%+v", d)
	}
	if s := w.as("ann", http.MethodPost, "/me"+path+"/merge", map[string]any{"fields": map[string]any{"title": "c"}}); s.status != http.StatusBadRequest {
		t.Errorf("a third item: %d %s", s.status, s.text)
	}
	if m := hers[manage.Merged](w.world, http.MethodPost, path+"/merge", map[string]any{"fields": map[string]any{"title": "b"}}); m.ID != rows[0].ID || len(m.Left) == 0 {
		t.Errorf("%+v", m)
	}
}

func TestItemsAreExplainedAndRestored(t *testing.T) {
	t.Parallel()
	w := newLinked(t)
	w.event("Review of the budget")
	w.run()
	uid := w.edit("Review of the budget", "Review")
	of := "?uid=" + url.QueryEscape(uid)
	if s := w.as("bo", http.MethodGet, "/me/items/explain"+of, nil); s.status != http.StatusNotFound {
		t.Errorf("by bo: %d %s", s.status, s.text)
	}
	if s := w.as("bo", http.MethodGet, "/me/items/history"+of, nil); s.status != http.StatusNotFound {
		t.Errorf("by bo: %d %s", s.status, s.text)
	}
	if s := w.as("ann", http.MethodGet, "/me/items/history", nil); s.status != http.StatusUnprocessableEntity {
		t.Errorf("no item: %d %s", s.status, s.text)
	}
	if x := told[review.Page[manage.Explained]](w.world, "ann", http.MethodGet, "/me/items/explain"+of+"&link=crm", nil); len(x.Rows) != 1 || x.Rows[0].Summary != "Review" || len(x.Rows[0].Words) == 0 {
		t.Errorf("%+v", x)
	}
	h := told[review.Page[manage.History]](w.world, "boss", http.MethodGet, "/items/history"+of, nil)
	if len(h.Rows) != 1 || len(h.Rows[0].Events) < 2 || h.Rows[0].User != "ann" {
		t.Fatalf("%+v", h)
	}
	body := map[string]any{"uid": uid, "version": h.Rows[0].Events[0].Version}
	if r := hers[manage.Restored](w.world, http.MethodPost, "/items/restore", body); r.Unchanged || r.Version == 0 {
		t.Errorf("%+v", r)
	}
	h = told[review.Page[manage.History]](w.world, "ann", http.MethodGet, "/me/items/history"+of, nil)
	if last := h.Rows[0].Events[len(h.Rows[0].Events)-1]; last.By.Name != "ann (API)" {
		t.Errorf("%+v", last)
	}
}
