package admin

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"crmbridge/internal/sheet"
	"crmbridge/store"
)

// longRun makes a link that ran, with many steps whose titles somebody else wrote.
func (w *world) longRun(t *testing.T, steps int, done bool) (link store.Link, run store.Run) {
	t.Helper()
	err := w.store.Update(t.Context(), func(tx *store.Tx) error {
		ann, err := tx.UserByName("ann")
		if err != nil {
			return err
		}
		c, err := tx.CollectionBySlug(ann.ID, store.Calendars, "calendar")
		if err != nil {
			return err
		}
		if link, err = tx.CreateLink(store.Link{UserID: ann.ID, CollectionID: c.ID, Side: store.CRM, Name: "sales", Driver: "mem", Interval: time.Minute}); err != nil {
			return err
		}
		if run, err = tx.StartRun(store.Run{LinkID: link.ID, Trigger: "poll"}); err != nil {
			return err
		}
		for n := range steps {
			if err := tx.AddStep(&store.Step{RunID: run.ID, UID: fmt.Sprintf("u%d", n), Title: "=cmd|'/c calc'!A1", Action: "create", Outcome: "done"}); err != nil {
				return err
			}
		}
		if !done {
			return nil
		}
		run.Outcome = "ok"
		return tx.FinishRun(run, nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	return link, run
}

// A list leaves whole, however many pages it has, with the filter of the page, and without formulas.
func TestListsLeaveAsFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn(t, "boss", bossPassword)
	const steps = 2*exportRows + 3
	_, run := w.longRun(t, steps, true)
	at := fmt.Sprintf("/web/runs/%d", run.ID)
	s := b.get(t, at+"?as=csv&after=7")
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(s.text, sheet.Mark))).ReadAll()
	if err != nil || len(rows) != steps+1 || rows[1][1] != "'=cmd|'/c calc'!A1" {
		t.Fatalf("%d rows, %v, begins %.200q", len(rows), err, s.text)
	}
	want := fmt.Sprintf("attachment; filename=bridge-2026-05-20-0930-run-%d.csv", run.ID)
	if got := s.header.Get("Content-Disposition"); got != want || s.header.Get("Content-Type") != sheet.ContentType || s.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%q %v", got, s.header)
	}
	var found []struct{ UID string }
	if err := json.Unmarshal([]byte(b.get(t, at+"?as=json").text), &found); err != nil || len(found) != steps {
		t.Errorf("%d of JSON, %v", len(found), err)
	}
	if err := json.Unmarshal([]byte(b.get(t, at+"?as=json&text=u1002").text), &found); err != nil || len(found) != 1 {
		t.Errorf("with a filter: %v, %v", found, err)
	}
	for _, list := range []string{"conflicts", "errors", "holds", "duplicates", "items?link=sales", "runs?state=failed", "audit?act=link.pause"} {
		sep := "?"
		if strings.Contains(list, "?") {
			sep = "&"
		}
		if s := b.get(t, "/web/"+list+sep+"as=json"); s.status != http.StatusOK || s.text != "[]\n" {
			t.Errorf("%s: %d %q", list, s.status, s.text)
		}
		if s := b.get(t, "/web/"+list+sep+"as=csv"); s.status != http.StatusOK || strings.Count(s.text, "\n") != 1 {
			t.Errorf("%s: %d %q", list, s.status, s.text)
		}
	}
	if s := b.get(t, "/web/runs?as=exe"); s.status != http.StatusBadRequest {
		t.Errorf("as nothing that there is: %d", s.status)
	}
	if s := b.get(t, "/web/runs?as=csv&link=none"); s.status != http.StatusNotFound {
		t.Errorf("of a link that is not there: %d", s.status)
	}
	page := b.get(t, at).text
	if !strings.Contains(page, fmt.Sprintf("%s?as=csv", at)) || !strings.Contains(page, "1\t=cmd|&#39;/c calc&#39;!A1\tu0\t") {
		t.Errorf("the page of a run has nothing to copy: %s", page)
	}
}
