package dav_test

import (
	"bytes"
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crmbridge/dav"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// afterCopy is a server on a copy of the database as it was when a.ics was all there was, with what clients were told
// since: the tokens of ann's calendar and of its home.
func afterCopy(t *testing.T) (s *server, token, home string, log *bytes.Buffer) {
	t.Helper()
	dir, clock := t.TempDir(), storetest.NewClock()
	live := serverOn(t, storetest.OpenWith(t, store.Config{URL: "sqlite:" + filepath.Join(dir, "live.db"), Now: clock.Now}))
	live.put(annCal+"a.ics", event("a", "A"), "User: ann+phone")
	backup := filepath.Join(dir, "copy.db")
	if _, err := live.store.Writer().Exec("VACUUM INTO '" + backup + "'"); err != nil {
		t.Fatal(err)
	}
	live.put(annCal+"b.ics", event("b", "B"))
	live.put(annCal+"c.ics", event("c", "C"))
	token = live.call("REPORT", annCal, syncBody("", "D:getetag")).multi().token
	home = live.call("REPORT", calHome, syncBody("", "D:getetag")).multi().token

	s = &server{t: t, store: storetest.OpenWith(t, store.Config{URL: "sqlite:" + backup, Now: clock.Now}), auth: live.auth, metrics: live.metrics}
	log = new(bytes.Buffer)
	s.h = dav.New(dav.Options{
		Store: s.store, Auth: s.auth, Metrics: s.metrics, Log: slog.New(slog.NewTextHandler(log, nil)),
		Now: func() time.Time { return time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC) },
	})
	t.Cleanup(func() {
		if err := s.h.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s, token, home, log
}

// After a copy of the database was put back, no token from before is taken for one of now, even when as much has changed
// since: the client would never learn what is new, nor what is gone.
func TestTokensEndWhenACopyIsPutBack(t *testing.T) {
	t.Parallel()
	s, token, home, _ := afterCopy(t)
	if err := s.store.Update(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Restored()
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		s.call("REPORT", annCal, syncBody(token, "D:getetag")).want(403).condition(nsD, "valid-sync-token")
		s.call("REPORT", calHome, syncBody(home, "D:getetag")).want(403).condition(nsD, "valid-sync-token")
		// And once as many changes were made as the client knows of.
		s.put(annCal+"d.ics", event("d", "D"))
		s.put(annCal+"e.ics", event("e", "E"))
	}
	m := s.call("REPORT", annCal, syncBody("", "D:getetag")).multi()
	if len(m.order) != 3 || m.token == token {
		t.Errorf("%v %s", m.order, m.token)
	}
	if s.propfind(annCal, 0, "D:sync-token").text(annCal, "sync-token") != m.token {
		t.Error("the property is another token")
	}
}

// Who puts a copy back and forgets to say so is told in the log, as soon as a client comes with a token of what is gone.
func TestTokenAheadIsLogged(t *testing.T) {
	t.Parallel()
	s, token, home, log := afterCopy(t)
	s.call("REPORT", annCal, syncBody("urn:crmbridge:sync:other:7", "D:getetag")).want(403)
	if log.Len() != 0 {
		t.Errorf("%s", log)
	}
	s.call("REPORT", annCal, syncBody(token, "D:getetag")).want(403).condition(nsD, "valid-sync-token")
	s.call("REPORT", calHome, syncBody(home, "D:getetag")).want(403).condition(nsD, "valid-sync-token")
	if n := strings.Count(log.String(), "run bridge restored"); n != 2 {
		t.Errorf("%d warnings\n%s", n, log)
	}
}

// What a device downloaded last may be a version that is gone, so its next write without condition is compared with
// care: nothing is lost without a report.
func TestBlindWritesAfterACopyIsPutBack(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"PUT", "DELETE"} {
		s, _, _, _ := afterCopy(t)
		if err := s.store.Update(t.Context(), func(tx *store.Tx) error {
			_, err := tx.Restored()
			return err
		}); err != nil {
			t.Fatal(err)
		}
		s.call(method, annCal+"a.ics", map[string]string{"PUT": event("a", "From a phone that knew more")}[method], "User: ann+phone").want(204)
		if n := len(s.conflicts()); n != 1 {
			t.Errorf("%s: %d reports", method, n)
		}
	}
}
