//go:build e2e

package e2e

import (
	"testing"
	"time"

	"crmbridge/e2e/peer"
	"crmbridge/e2e/plain"
)

// The people of the scenarios with a CRM do here what they do there, with Radicale in the bridge's place.
func TestPeerPeople(t *testing.T) {
	t.Parallel()
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
