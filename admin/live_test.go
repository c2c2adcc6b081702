package admin

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"crmbridge/pim"
	"crmbridge/store"
)

// events reads a stream to its end, each message as its lines joined.
func (b *browser) events(t *testing.T, path string, each func(message string)) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, b.base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := b.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusOK && res.Header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("%v", res.Header)
	}
	var lines []string
	for s := bufio.NewScanner(res.Body); res.StatusCode == http.StatusOK && s.Scan(); {
		if s.Text() != "" {
			lines = append(lines, s.Text())
			continue
		}
		each(strings.Join(lines, " "))
		lines = nil
	}
	return res.StatusCode
}

// underWay gives a link's lease to somebody, or takes it away.
func (w *world) underWay(t *testing.T, l store.LinkID, on bool) {
	t.Helper()
	err := w.store.Update(t.Context(), func(tx *store.Tx) error {
		if !on {
			return tx.ReleaseLease(l, "test")
		}
		_, err := tx.AcquireLease(l, "test", tx.Now().Add(time.Hour), nil)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Who watches a run is told what it did so far, and when it has ended.
func TestARunIsWatched(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn(t, "boss", bossPassword)
	link, run := w.longRun(t, 3, false)
	path := fmt.Sprintf("/web/links/%d", link.ID)
	if s := b.get(t, fmt.Sprintf("/web/runs/%d", run.ID)); strings.Contains(s.text, "sse-connect") {
		t.Error("a run that was killed is watched")
	}
	w.underWay(t, link.ID, true)
	page := fmt.Sprintf("/web/runs/%d", run.ID)
	if s := b.get(t, page); !strings.Contains(s.text, `sse-connect="`+path+`/events"`) || !strings.Contains(s.text, `hx-get="`+page+`"`) {
		t.Errorf("%s does not watch: %s", page, s.text)
	}
	var told []string
	status := b.events(t, path+"/events", func(message string) {
		told = append(told, message)
		switch len(told) {
		case 1:
			err := w.store.Update(t.Context(), func(tx *store.Tx) error {
				return tx.AddStep(&store.Step{RunID: run.ID, UID: "u9", Action: "create", Outcome: "done"})
			})
			if err != nil {
				t.Error(err)
			}
		case 2:
			w.underWay(t, link.ID, false)
		}
	})
	want := []string{"event: progress data: The run is under way: 3 steps so far.", "event: progress data: The run is under way: 4 steps so far.", "event: end data:"}
	if status != http.StatusOK || len(told) != 3 || told[0] != want[0] || told[1] != want[1] || strings.TrimSpace(told[2]) != want[2] {
		t.Errorf("%d %q", status, told)
	}
	if s := b.get(t, page); strings.Contains(s.text, "sse-connect") {
		t.Error("nothing is under way, and the page watches")
	}
}

// Streams end when the server stops, when who watches signs out, and are bounded for each person.
func TestStreamsEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn(t, "boss", bossPassword)
	link, _ := w.longRun(t, 1, false)
	w.underWay(t, link.ID, true)
	path := fmt.Sprintf("/web/links/%d/events", link.ID)
	ended := make(chan int, streamsEach)
	began := make(chan string, streamsEach)
	for range streamsEach {
		go func() { ended <- b.events(t, path, func(m string) { began <- m }) }() // owner: the test; ends with Stop
	}
	for range streamsEach {
		<-began
	}
	if status := b.events(t, path, func(string) {}); status != pim.ErrThrottled.Status() {
		t.Errorf("one more: %d", status)
	}
	w.served.Stop()
	for range streamsEach {
		select {
		case status := <-ended:
			if status != http.StatusOK {
				t.Errorf("%d", status)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("a stream goes on although the server stops")
		}
	}
}
