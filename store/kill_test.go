package store_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"crmbridge/internal/testenv"
	"crmbridge/pim"
	"crmbridge/store"
)

const childURL = "BRIDGE_STORE_CHILD"

// TestChild is the process that TestKill kills: it writes until then and prints what
// was acknowledged.
func TestChild(t *testing.T) {
	url := os.Getenv(childURL)
	if url == "" {
		t.Skip("only as a child of TestKill")
	}
	s, err := store.Open(t.Context(), store.Config{URL: url, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	// Several at once, so that a kill meets transactions in every state.
	failed := make(chan error)
	for w := range 4 {
		go func() { failed <- writeForEver(t.Context(), s, w) }()
	}
	t.Fatal(<-failed)
}

func writeForEver(ctx context.Context, s *store.Store, w int) error {
	for i := 0; ; i++ {
		name := fmt.Sprintf("%d-%d", w, i%7) // new ones and replacements
		text := fmt.Sprintf("text %d of %d at %d %s", i, w, time.Now().UnixNano(), strings.Repeat("x", i%5000))
		var seq store.Seq
		err := s.Update(ctx, func(tx *store.Tx) error {
			if i%11 == 10 {
				o, err := tx.DeleteObject(1, name, store.Cond{}, "", 0)
				seq, text = o.Seq, ""
				return err
			}
			res, err := tx.PutObject(store.Put{Collection: 1, Name: name, UID: name, Kind: pim.KindEvent, Component: "VEVENT", Text: []byte(text)})
			seq = res.Object.Seq
			return err
		})
		if err != nil {
			return err
		}
		// One write: lines of several goroutines do not mix.
		if _, err := os.Stdout.WriteString(fmt.Sprintf("ACK %s %d %s\n", name, seq, store.ETag([]byte(text)))); err != nil {
			return err
		}
	}
}

// Whatever was acknowledged before a kill -9 is there afterwards, and the database
// is whole.
func TestKill(t *testing.T) {
	t.Parallel()
	if os.Getenv(childURL) != "" {
		t.Skip("runs as a child")
	}
	for name, url := range map[string]func(*testing.T) string{
		"sqlite":   func(t *testing.T) string { return t.TempDir() + "/bridge.db" },
		"postgres": func(t *testing.T) string { return testenv.Postgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testKill(t, url(t))
		})
	}
}

func testKill(t *testing.T, url string) {
	open := func() *store.Store {
		s, err := store.Open(t.Context(), store.Config{URL: url, Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := open()
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	err := s.Update(t.Context(), func(tx *store.Tx) error {
		u, err := tx.CreateUser(store.User{Name: "ann"})
		if err != nil {
			return err
		}
		_, err = tx.CreateCollection(store.Collection{UserID: u.ID, Home: store.Calendars, Slug: "work"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	acked := 0
	for round := range 4 {
		last := runAndKill(t, url, 20+37*round)
		s := open()
		err := s.View(t.Context(), func(tx *store.Tx) error {
			for name, want := range last {
				var seq store.Seq
				var etag string
				if _, err := fmt.Sscan(want, &seq, &etag); err != nil {
					return err
				}
				if etag == store.ETag(nil) { // a deletion; one write more may have been on its way
					o, err := tx.Object(1, name)
					if err == nil && o.Seq <= seq {
						t.Errorf("%s is back at %d", name, o.Seq)
					}
					continue
				}
				o, err := tx.Object(1, name)
				if err == nil && (o.Seq < seq || o.Seq == seq && o.ETag != etag) {
					t.Errorf("%s: at %d %s, acknowledged was %s", name, o.Seq, o.ETag, want)
				}
				if err != nil { // deleted by a write whose answer was not printed
					_, _, err = tx.Changes(1, seq, 0, false, func(o *store.Object) error {
						if o.Name == name && o.Deleted {
							delete(last, name)
						}
						return nil
					})
					if _, missing := last[name]; missing || err != nil {
						t.Errorf("%s: acknowledged %s is gone: %v", name, want, err)
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.CheckInvariants(t.Context()); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		acked += len(last)
	}
	if acked == 0 {
		t.Error("nothing was acknowledged")
	}
}

// runAndKill runs the child until it has acknowledged n writes and kills it. It
// returns the last acknowledged change and ETag of each name.
func runAndKill(t *testing.T, url string, n int) map[string]string {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestChild$", "-test.timeout=60s")
	cmd.Env = append(os.Environ(), childURL+"="+url)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	last := map[string]string{}
	lines := bufio.NewScanner(out)
	for count := 0; lines.Scan(); {
		name, rest, found := strings.Cut(strings.TrimPrefix(lines.Text(), "ACK "), " ")
		if !found || !strings.HasPrefix(lines.Text(), "ACK ") {
			continue
		}
		last[name] = rest // what it printed before it died counts, too
		if count++; count == n {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the child ended by itself")
	}
	if len(last) == 0 {
		t.Fatal("the child acknowledged nothing")
	}
	return last
}
