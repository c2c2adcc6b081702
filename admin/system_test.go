package admin

import (
	"bytes"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"crmbridge/store"
)

func TestKeyIsChangedFromThePage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn(t, "boss", bossPassword)
	before, err := os.ReadFile(w.office.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	if s := b.post(t, "/web/system", "/web/system/key"); s.to != "/web/system" {
		t.Fatalf("%d %s", s.status, s.text)
	}
	after, err := os.ReadFile(w.office.KeyFile)
	if err != nil || bytes.Equal(before, after) || w.office.Keeper.Keys() != 1 {
		t.Errorf("the key is as it was, or there are %d: %v", w.office.Keeper.Keys(), err)
	}
	if s := b.get(t, "/web/system"); !strings.Contains(s.text, "A new key seals 0 connections") {
		t.Errorf("nothing is told: %s", s.text)
	}
	w.clock.Advance(freshFor + 1)
	if s := b.post(t, "/web/system", "/web/system/key"); s.to != "/web/confirm" {
		t.Errorf("later: %d to %q", s.status, s.to)
	}
}

func TestSupportFromThePage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn(t, "boss", bossPassword)
	s := b.post(t, "/web/system", "/web/system/support")
	if s.status != http.StatusOK || s.header.Get("Content-Disposition") != "attachment; filename=bridge-2026-05-20-0930-support.zip" || s.text != "a bundle" {
		t.Errorf("%d %v %q", s.status, s.header, s.text)
	}
}

func TestRunsThatWaitAreOnThePage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn(t, "boss", bossPassword)
	if s := b.get(t, "/web/system"); !strings.Contains(s.text, "No run is under way") {
		t.Errorf("nothing is told: %s", s.text)
	}
	err := w.store.Update(t.Context(), func(tx *store.Tx) error {
		ann, err := tx.UserByName("ann")
		if err != nil {
			return err
		}
		c, err := tx.CollectionBySlug(ann.ID, store.Calendars, "calendar")
		if err != nil {
			return err
		}
		l, err := tx.CreateLink(store.Link{UserID: ann.ID, CollectionID: c.ID, Side: store.CRM, Name: "<b>CRM</b>", Driver: "mem", Interval: time.Minute})
		if err != nil {
			return err
		}
		if _, err := tx.SetWanted(l.ID); err != nil {
			return err
		}
		_, err = tx.AcquireLease(l.ID, "crm.example.org|boot|ns/12/34", tx.Now().Add(time.Minute), nil)
		if err == nil {
			_, err = tx.StartRun(store.Run{LinkID: l.ID, Trigger: "poll"})
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s := b.get(t, "/web/system")
	for _, want := range []string{"&lt;b&gt;CRM&lt;/b&gt;", ">Under way</a>", ">Queued<", ">crm.example.org<"} {
		if !strings.Contains(s.text, want) {
			t.Errorf("%q is not on the page: %s", want, s.text)
		}
	}
}
