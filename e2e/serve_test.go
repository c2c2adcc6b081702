//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"crmbridge/e2e/bridge"
	"crmbridge/e2e/plain"
	"crmbridge/e2e/vdirsyncer"
	"crmbridge/internal/testenv"
)

// plainAccount makes a user of a running bridge and two collections of theirs.
func plainAccount(t *testing.T, b *bridge.Instance, user string) plain.Target {
	t.Helper()
	account := b.AddUser(t, user, "password-of-"+user)
	target := plain.Target{Account: account, Calendar: account.Base + "dav/calendars/" + user + "/work/",
		Book: account.Base + "dav/addressbooks/" + user + "/people/"}
	target.Make(t)
	return target
}

// Every client against an account that has no CRM.
func TestServe(t *testing.T) {
	t.Parallel()
	b := bridge.Serve(t, "")
	t.Run("clients", func(t *testing.T) {
		for _, client := range []client{byThunderbird, byEvolution, byVdirsyncer, byGoWebDAV} {
			t.Run(client.name, func(t *testing.T) {
				t.Parallel()
				client.check(t, plainAccount(t, b, "at-"+client.name))
			})
		}
	})
	// What Thunderbird's user gave up in the dialog, and what was overwritten there, is kept.
	t.Run("reports", func(t *testing.T) {
		for _, lost := range []string{"Client's fight2", "Server's fight1", "Server's fight3"} {
			if !reported(t, b, "at-thunderbird", lost) {
				t.Errorf("no report holds %q", lost)
			}
		}
	})
}

// reported says whether a conflict report of the user, open or settled, holds an item with that title.
func reported(t *testing.T, b *bridge.Instance, user, title string) bool {
	t.Helper()
	var list []bridge.Conflict
	if err := json.Unmarshal([]byte(b.Run(t, "", "conflict", "list", "--user", user, "--all", "--json")), &list); err != nil {
		t.Fatal(err)
	}
	for _, c := range list {
		var detail struct{ Base, Mine, Theirs string }
		if err := json.Unmarshal([]byte(b.Run(t, "", "conflict", "show", fmt.Sprint(c["id"]), "--json")), &detail); err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{detail.Base, detail.Mine, detail.Theirs} {
			if value(plain.Unfold(text), "SUMMARY") == title {
				return true
			}
		}
	}
	return false
}

func TestServePostgres(t *testing.T) {
	t.Parallel()
	b := bridge.Serve(t, testenv.Postgres(t))
	for _, client := range []client{byVdirsyncer, byGoWebDAV} {
		t.Run(client.name, func(t *testing.T) {
			client.check(t, plainAccount(t, b, strings.ReplaceAll(client.name, "-", "")))
		})
	}
}

// A change that was refused with 412 is kept in a report, with the text of both sides.
func TestServeConflictReport(t *testing.T) {
	t.Parallel()
	b := bridge.Serve(t, "")
	target := plainAccount(t, b, "alice")
	if before := b.Conflicts(t); len(before) != 0 {
		t.Fatalf("conflicts at the beginning: %v", before)
	}
	url := target.Calendar + "fought.ics"
	target.Put(t, url, plain.Event("fought", "First"))
	first := target.Do(t, "GET", url, "").Header.Get("ETag")
	target.Put(t, url, plain.Event("fought", "Second"))
	r := target.Do(t, "PUT", url, plain.Event("fought", "Third"), "Content-Type", "text/calendar; charset=utf-8", "If-Match", first)
	if r.Status != 412 {
		t.Fatalf("PUT with an old ETag: %d %s", r.Status, r.Body)
	}
	list := b.Conflicts(t)
	if len(list) != 1 {
		t.Fatalf("%d conflicts: %v", len(list), list)
	}
	shown := b.Run(t, "", "conflict", "show", fmt.Sprint(list[0]["id"]), "--json")
	if !json.Valid([]byte(shown)) {
		t.Errorf("conflict show --json: %s", shown)
	}
	for _, text := range []string{"First", "Second", "Third"} {
		if !strings.Contains(shown, "SUMMARY:"+text) {
			t.Errorf("the report lacks the version %q: %s", text, shown)
		}
	}
	b.Run(t, "", "conflict", "resolve", fmt.Sprint(list[0]["id"]), "--take", "mine")
	if left := b.Conflicts(t); len(left) != 0 {
		t.Errorf("still open: %v", left)
	}
	if text := target.Text(t, target.Calendar, "UID:fought"); !strings.Contains(text, "SUMMARY:Third") {
		t.Errorf("after taking the refused version the server has %s", text)
	}
}

// Killed at random moments while a client uploads, and started again each time: in the end everything is there once.
func TestServeKilled(t *testing.T) {
	t.Parallel()
	b := bridge.Serve(t, "")
	target := plainAccount(t, b, "alice")
	home := vdirsyncer.New(t, target.Account)
	if err := home.Discover(t); err != nil {
		t.Fatal(err)
	}
	const each, wanted, most = 80, 3, 12
	interrupted, rounds := 0, 0
	for ; interrupted < wanted && rounds < most; rounds++ {
		for i := range each {
			uid := fmt.Sprintf("upload-%d-%03d", rounds, i)
			home.Write(t, vdirsyncer.Calendars, "work", uid, plain.Event(uid, "Uploaded "+uid))
		}
		done := make(chan error, 1)
		go func() { done <- home.Sync(t, vdirsyncer.ClientWins) }()
		killWhileUploading(t, b, target, rounds*each+rand.N(each/2), done)
		if err := <-done; err != nil {
			interrupted++
		}
		b.Restart(t)
	}
	if interrupted < wanted {
		t.Errorf("the client was interrupted %d times in %d uploads, want %d", interrupted, rounds, wanted)
	}
	// vdirsyncer takes what was stored although its answer was lost for a conflict of equal texts.
	if err := home.Sync(t, vdirsyncer.ClientWins); err != nil {
		t.Fatal(err)
	}
	if got := len(target.Members(t, target.Calendar)); got != rounds*each {
		t.Errorf("%d items on the server, want %d", got, rounds*each)
	}
	other := vdirsyncer.New(t, target.Account)
	if err := other.Discover(t); err != nil {
		t.Fatal(err)
	}
	other.MustSync(t)
	seen := map[string]bool{}
	for _, text := range other.Items(t, vdirsyncer.Calendars, "work") {
		seen[value(text, "SUMMARY")] = true
	}
	if len(seen) != rounds*each {
		t.Errorf("%d different events came back, want %d", len(seen), rounds*each)
	}
	b.Stop(t)
}

// killWhileUploading kills the bridge as soon as more than before items have arrived, unless done tells of the upload's end.
func killWhileUploading(t *testing.T, b *bridge.Instance, target plain.Target, before int, done chan error) {
	t.Helper()
	for end := time.Now().Add(time.Minute); len(done) == 0 && len(target.Members(t, target.Calendar)) <= before; {
		if time.Now().After(end) {
			t.Fatal("the upload did not get that far in a minute")
		}
	}
	b.Kill()
}
