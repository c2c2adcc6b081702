package exchangetest

import (
	"testing"

	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/remote/remotetest"
)

// Harness tells Run about one driver.
type Harness struct {
	remotetest.Harness
	// Move moves an item into another collection of its kind, which it makes when there is none, as a person does
	// who drags it; it answers where it is now. nil leaves the cases out.
	Move func(t *testing.T, a remotetest.Account, from remote.CollectionID, id remote.ItemID) (to remote.CollectionID, now remote.ItemID)
	// Mailed is how many messages the server has sent to attendees so far; nil leaves the cases out.
	Mailed func(t *testing.T, a remotetest.Account) int
	// Mail delivers a message to a folder, as from outside; file i of m.Files has the bytes files[i]. The answer is its id in that
	// folder. nil leaves the cases of mail out.
	Mail func(t *testing.T, a remotetest.Account, folder remote.CollectionID, m *pim.Message, files [][]byte) remote.ItemID
}

// Run asks everything of an Exchange driver. Each case opens an account of its own.
func Run(t *testing.T, h Harness) {
	t.Run("remote", func(t *testing.T) {
		t.Parallel()
		remotetest.Run(t, h.Harness)
	})
	for name, run := range map[string]func(*testing.T, Harness){
		"keys of what we made": keysOfOurs, "marking what others made": marking, "a move is a move": moves,
		"nobody is mailed": silence, "hints of changes": hints,
		"mail": mail, "mail in scope": mailScope, "files of mail": mailFiles, "mail that is moved": mailMoves,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, h)
		})
	}
}

func create(t *testing.T, h Harness, a remotetest.Account, c remote.CollectionID, k pim.Kind, key string) remote.Record {
	t.Helper()
	rec, err := a.Remote.Create(t.Context(), c, remote.Entry{UID: "uid-of-" + key, Item: h.Sample(a.Remote.Traits(), k, 1)}, key)
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	return rec
}

// behind is a person at the server's own screen.
func behind(t *testing.T, a remotetest.Account) remotetest.Behind {
	t.Helper()
	if a.Behind != nil {
		return a.Behind
	}
	if a.Again == nil {
		t.Skip("left out: the harness cannot change anything behind the driver's back")
	}
	return remotetest.Through(a.Again(t))
}

func fetch(t *testing.T, r remote.Remote, c remote.CollectionID, id remote.ItemID) remote.Record {
	t.Helper()
	recs, err := r.Fetch(t.Context(), c, []remote.ItemID{id})
	if err != nil || len(recs) != 1 {
		t.Fatalf("fetch: %d records, %v", len(recs), err)
	}
	return recs[0]
}

// follow reads all changes since a cursor.
func follow(t *testing.T, r remote.Remote, c remote.CollectionID, since remote.Cursor) (changed map[remote.ItemID]remote.Record, removed []remote.ItemID, next remote.Cursor) {
	t.Helper()
	changed = map[remote.ItemID]remote.Record{}
	for next = since; ; {
		d, err := r.Changes(t.Context(), c, remote.Scope{AllOwners: true}, next)
		if err != nil {
			t.Fatalf("changes: %v", err)
		}
		for _, rec := range d.Changed {
			changed[rec.ID] = rec
		}
		removed = append(removed, d.Removed...)
		if next = d.Next; !d.More {
			return changed, removed, next
		}
	}
}
