//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"crmbridge/e2e/peer"
	"crmbridge/e2e/plain"
	"crmbridge/internal/testenv"
)

// await waits until ok returns nil.
func await(t *testing.T, what string, ok func() error) {
	t.Helper()
	testenv.Until(t, 45*time.Second, what, ok)
}

// sees waits until a person sees, after a sync, an entry with that name, and returns it.
func sees(t *testing.T, p person, list func(*testing.T) map[string]item, name string) (found item) {
	t.Helper()
	await(t, fmt.Sprintf("%q in the client", name), func() error {
		p.sync(t)
		entry, there := list(t)[name]
		if !there {
			return fmt.Errorf("it has %d others", len(list(t)))
		}
		found = entry
		return nil
	})
	return found
}

// misses waits until a person no longer sees an entry with that name.
func misses(t *testing.T, p person, list func(*testing.T) map[string]item, name string) {
	t.Helper()
	await(t, fmt.Sprintf("the end of %q in the client", name), func() error {
		p.sync(t)
		if _, there := list(t)[name]; there {
			return errors.New("still there")
		}
		return nil
	})
}

func holds(text, part string) error {
	if !strings.Contains(text, part) {
		return fmt.Errorf("%q is not in %q", part, text)
	}
	return nil
}

func lacks(text string) error {
	if text != "" {
		return fmt.Errorf("still there: %s", text)
	}
	return nil
}

// The people of the scenarios with a CRM do here what they do there, with Radicale in the bridge's place.
func TestPeerPeople(t *testing.T) {
	for name, sitDown := range people {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := peer.Radicale(t)
			target.Put(t, target.Calendar+"a.ics", appointment("a", "First", time.Now()))
			target.Put(t, target.Book+"a.vcf", plain.Card("ca", "Ann Example", "ann@example.org"))
			p := sitDown(t, target.Account)

			event := sees(t, p, p.events, "First")
			p.retitle(t, event, "Renamed")
			await(t, "the edit", func() error { return holds(target.Text(t, target.Calendar, "UID:a"), "SUMMARY:Renamed") })
			p.create(t, event.place, "b", "Second", time.Now())
			await(t, "the new event", func() error { return holds(target.Text(t, target.Calendar, "UID:b"), "SUMMARY:Second") })
			target.Edit(t, target.Calendar, "Second", "Third")
			event = sees(t, p, p.events, "Third")
			p.remove(t, event)
			await(t, "the deletion", func() error { return lacks(target.Text(t, target.Calendar, "UID:b")) })

			card := sees(t, p, p.cards, "Ann Example")
			p.setEmail(t, card, "ann@example.org", "ann.new@example.org")
			await(t, "the new address", func() error { return holds(target.Text(t, target.Book, "UID:ca"), "ann.new@example.org") })
			p.addCard(t, card.place, "cb", "Bob Builder", "bob@example.org")
			await(t, "the new card", func() error { return holds(target.Text(t, target.Book, "Builder"), "bob@example.org") })
			card = sees(t, p, p.cards, "Bob Builder")
			p.removeCard(t, card)
			await(t, "the card's deletion", func() error { return lacks(target.Text(t, target.Book, "Builder")) })
			target.Edit(t, target.Book, "Ann Example", "Ann Renamed")
			sees(t, p, p.cards, "Ann Renamed")
			misses(t, p, p.cards, "Ann Example")
		})
	}
}
