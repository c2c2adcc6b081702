package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"crmbridge/manage"
	"crmbridge/relay"
)

// TestSyncUndo takes a run back from the command line.
func TestSyncUndo(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	sim, srv := newCreatio(t)
	addMeeting(t, sim, "tok-a")
	p.link(srv)
	s := p.serve()
	defer s.stop()
	p.must("", "sync", "run", "crm")
	if p.here()["tok-a"] != 1 {
		t.Fatal("nothing came over")
	}
	runs := list[manage.Run](p, "sync", "history", "crm")
	made := 0
	for _, r := range runs {
		if r.Counts.CreatedLocal == 1 {
			made = int(r.ID)
		}
	}
	var u manage.RunUndone
	if err := json.Unmarshal([]byte(p.must("", "sync", "undo", fmt.Sprint(made), "--json")), &u); err != nil || u.Items != 1 || len(u.Left) != 0 || int(u.Undoes) != made {
		t.Fatalf("%+v %v", u, err)
	}
	if n := p.here()["tok-a"]; n != 0 || there(sim)["tok-a"] != 1 {
		t.Errorf("%d here, %d there", n, there(sim)["tok-a"])
	}
	if out, code := p.cmd("", "sync", "run", "crm"); code == 0 || !strings.Contains(out, "paused") {
		t.Errorf("the link is not paused: %s", out)
	}
	if out := p.must("", "sync", "preview", "crm"); !strings.Contains(out, "tok-a") {
		t.Errorf("the preview shows nothing: %s", out)
	}
	if out := p.must("", "link", "allow-many", "crm"); !strings.Contains(out, "as much as it likes until") {
		t.Error(out)
	}
	if out := p.must("", "link", "resume", "crm"); !strings.Contains(out, "goes on") {
		t.Error(out)
	}
	// Twice: nothing is left, and nothing is paused.
	if out := p.must("", "sync", "undo", fmt.Sprint(made)); !strings.Contains(out, "nothing was left to take back") || strings.Contains(out, "paused") {
		t.Error(out)
	}
	if out := p.must("", "link", "resume", "crm"); !strings.Contains(out, "was not paused") {
		t.Error(out)
	}
	eventually(t, "the link goes on", func() bool { return p.here()["tok-a"] == 1 })
	if out, code := p.cmd("", "sync", "undo", "soon"); code == 0 || !strings.Contains(out, "no number of a run") {
		t.Errorf("%s", out)
	}
}

// TestSayUndone tells how many items went back, in good grammar, and what became of the link.
func TestSayUndone(t *testing.T) {
	t.Parallel()
	for want, d := range map[string]manage.RunUndone{
		"no item is again what it was before run 7\nthe link goes on":       {Run: 9, Undoes: 7},
		"1 item is again what it was before run 7\nthe link is paused":      {Run: 9, Undoes: 7, Items: 1, Paused: true},
		"3 items are again what they were before run 7\nthe link is paused": {Run: 9, Undoes: 7, Items: 3, Paused: true},
		"nothing was left to take back of run 7\n":                          {Undoes: 7, Paused: true},
	} {
		var out strings.Builder
		p := &program{streams: streams{out: &out, err: &out}}
		if err := p.sayUndone(d); err != nil || !strings.HasPrefix(out.String(), want) {
			t.Errorf("%q, %v; want %q", out.String(), err, want)
		}
	}
}

// TestInTurn: what meets a run of the server waits for its end, and nothing else is tried again.
func TestInTurn(t *testing.T) {
	t.Parallel()
	tries := 0
	n, err := manage.InTurn(t.Context(), func() (int, error) {
		if tries++; tries < 3 {
			return 0, relay.ErrBusy
		}
		return tries, errors.New("no")
	})
	if n != 3 || tries != 3 || err == nil || err.Error() != "no" {
		t.Errorf("%d after %d tries, %v", n, tries, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := manage.InTurn(ctx, func() (int, error) { return 0, relay.ErrBusy }); !errors.Is(err, context.Canceled) {
		t.Errorf("given up with %v", err)
	}
}
