package several_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/remote/several"
)

// fresh is a remote that asks cheaply which collections there are.
type fresh struct{ *shown }

func (fresh) Traits() remote.Traits { return remote.Traits{FreshCollections: true} }

// Where it is cheap to ask, every run finds what was made and what went, and a watch goes on with what a run has found.
func TestRowC3ARunFindsANewCalendar(t *testing.T) {
	t.Parallel()
	s, _, c := mailbox(t)
	f := several.Over(fresh{s}, c.Now)
	f.LookEvery(time.Hour)
	place := several.All(pim.Kinds(pim.KindEvent))
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.Watch(ctx, place, func() {}) }()
	defer func() {
		stop()
		<-ended
	}()
	seen := []remote.CollectionID{<-s.watched, <-s.watched}
	_, _, next, err := titles(t, f, place, remote.Scope{}, "")
	if err != nil {
		t.Fatal(err)
	}
	s.show(mem.Activities, "b", "c")
	got, _, next, err := titles(t, f, place, remote.Scope{}, next)
	if err != nil || !slices.Equal(got, []string{"in c"}) {
		t.Fatalf("%v %v", got, err)
	}
	if seen = append(seen, <-s.watched); seen[2] != "c" {
		t.Errorf("watched: %v", seen)
	}
	s.show(mem.Activities, "b")
	if _, _, _, err = titles(t, f, place, remote.Scope{}, next); !errors.Is(err, pim.ErrCursorGone) {
		t.Errorf("deleted: %v", err)
	}
}
