package remotetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"crmbridge/internal/testenv"
	"crmbridge/pim"
)

// Run asks everything of a driver. Each case opens an account of its own.
func Run(t *testing.T, h Harness) {
	cases := []struct {
		name string
		run  func(*account)
	}{
		{"traits", checkTraits},
		{"collections", checkCollections},
		{"create and fetch", createFetch},
		{"create again with the same key", sameKey},
		{"find by key", findByKey},
		{"create without what is required", createBare},
		{"what is not carried is ignored", ignoreForeign},
		{"texts", texts},
		{"all-day events", allDay},
		{"unknown ids", unknownIDs},
		{"update each field", updateEach},
		{"clear each field", clearEach},
		{"update of nothing", updateNothing},
		{"stale update", staleUpdate},
		{"update of a deleted item", updateGone},
		{"delete", deleteTwice},
		{"stale delete", staleDelete},
		{"delete of any version", deleteAny},
		{"series", series},
		{"changes", changesFollow},
		{"an edit at the remote shows", editShows},
		{"a deletion shows", deletionShows},
		{"unknown cursor", unknownCursor},
		{"many items", manyItems},
		{"changes while listing", changesWhileListing},
		{"window", window},
		{"kinds in scope", kindsInScope},
		{"failures", failures},
		{"lost answers", lostAnswers},
		{"one expired session", expiredSession},
		{"cancelled context", cancelled},
		{"16 callers", manyCallers},
		{"relations", relations},
		{"relations in scope", relationScope},
		{"people by address", directory},
		{"files", files},
		{"probe", probe},
		{"wrong password", wrongPassword},
	}
	if h.Only == nil && testenv.Race && testing.Short() {
		h.Only = []string{"16 callers", "changes while listing", "one expired session", "cancelled context"} // where things happen at once
	}
	left := slices.Clone(h.Only)
	for _, c := range cases {
		if i := slices.Index(left, c.name); i >= 0 {
			left = slices.Delete(left, i, i+1)
		} else if h.Only != nil {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(h.open(t))
		})
	}
	if len(left) > 0 {
		t.Errorf("there are no cases %q", left)
	}
}

// skip leaves a case out and says because of what.
func (a *account) skip(because string) {
	a.t.Helper()
	a.t.Skipf("left out: %s", because)
}

// each runs a case for every kind that the remote keeps.
func (a *account) each(run func(a *account, k pim.Kind)) {
	a.t.Helper()
	for _, k := range a.kinds {
		a.t.Run(k.String(), func(t *testing.T) {
			b := *a
			b.t, b.ctx = t, t.Context()
			run(&b, k)
		})
	}
}

var counter atomic.Uint64

// fresh is a new word, different in each call of a test process.
func fresh() string { return fmt.Sprintf("conformance-%06d", counter.Add(1)) }

// wantError checks that err is a well-made error of one of the kinds.
func (a *account) wantError(what string, err error, kinds ...pim.Reason) {
	a.t.Helper()
	if err == nil {
		a.t.Fatalf("%s: no error, want one of %v", what, kinds)
	}
	var pe *pim.Error
	if !errors.As(err, &pe) || pe.Op == "" || pe.Kind == "" {
		a.t.Fatalf("%s: %#v is no complete *pim.Error", what, err)
	}
	if !slices.Contains(kinds, pim.ReasonOf(err)) {
		a.t.Fatalf("%s: reason %q of %v, want one of %v", what, pim.ReasonOf(err), err, kinds)
	}
	public := pim.PublicText(err)
	for _, junk := range []string{"<html", "<!DOCTYPE", "goroutine", "Traceback", ".go:", "\x00"} {
		if strings.Contains(strings.ToLower(public), strings.ToLower(junk)) {
			a.t.Errorf("%s: public text %q holds %q", what, public, junk)
		}
	}
	if public == "" || len(public) > 600 {
		a.t.Errorf("%s: public text of %d bytes", what, len(public))
	}
}
