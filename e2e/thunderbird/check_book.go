package thunderbird

import (
	"strings"
	"testing"

	"crmbridge/e2e/plain"
)

// picture is a PNG of one pixel.
const picture = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

func named(name string) func(*Card) bool {
	return func(c *Card) bool { return c != nil && c.Name == name }
}

func (s *script) subscribeBook(t *testing.T) {
	b := s.app.SubscribeBook(t, s.target.Account, s.target.Book)
	if state := b.State(t); state.Name != "Contacts" || state.ReadOnly {
		t.Errorf("subscribed as %+v", state)
	}
	if c := b.Card(t, "old"); c == nil || c.Name != "Zoé Müller" || c.Email != "zoe@example.org" {
		t.Errorf("vCard 3.0: %+v", c)
	}
	if c := b.Card(t, "new"); c == nil || c.Name != "Bob Builder" {
		t.Errorf("vCard 4.0: %+v", c)
	}
	s.book = b
}

func (s *script) needBook(t *testing.T) {
	t.Helper()
	if s.book == nil {
		t.Fatal("there is no address book: subscribing failed")
	}
}

func (s *script) createCard(t *testing.T) {
	s.needBook(t)
	s.book.Add(t, plain.Card4("made", "Card Madehere", "made@example.org"))
	s.there(t, s.target.Book, "Madehere", "VERSION:4.0", "made@example.org")
}

func (s *script) editCard(t *testing.T) {
	s.needBook(t)
	s.book.SetEmail(t, "made", "changed@example.org")
	s.there(t, s.target.Book, "changed@example.org", "Madehere")
}

// editOldCard edits a vCard 3.0 of somebody else: what Thunderbird has no field for has to stay.
func (s *script) editOldCard(t *testing.T) {
	s.needBook(t)
	s.book.Rename(t, "old", "Zoé Edited")
	s.there(t, s.target.Book, "FN:Zoé Edited", "+49 30 123", "NOTE:one\\ntwo")
}

func (s *script) photo(t *testing.T) {
	s.needBook(t)
	s.book.AddPhoto(t, "made", picture)
	s.there(t, s.target.Book, "iVBORw0KGgo", "Madehere", "PHOTO")
	if err := s.book.Sync(t); err != nil {
		t.Fatal(err)
	}
	if c := s.book.Card(t, "made"); c == nil || !strings.Contains(plain.Unfold(c.Text), "iVBORw0KGgo") {
		t.Errorf("the photo did not survive the way back: %+v", c)
	}
}

func (s *script) serverCards(t *testing.T) {
	s.needBook(t)
	url := s.target.Book + "served.vcf"
	s.target.Put(t, url, plain.Card("served", "Server Card", "s@example.org"))
	s.book.Await(t, "served", "the server's card", named("Server Card"))
	s.target.Put(t, url, plain.Card("served", "Server Changed", "s@example.org"))
	s.book.Await(t, "served", "the server's edit", named("Server Changed"))
	s.target.Remove(t, url)
	s.book.Await(t, "served", "the server's deletion", func(c *Card) bool { return c == nil })
}

// bothEditCard: Thunderbird sends no If-Match for cards, so its PUT goes over what changed meanwhile.
func (s *script) bothEditCard(t *testing.T) {
	s.needBook(t)
	url := s.target.Book + "both.vcf"
	s.target.Put(t, url, plain.Card("both", "Before Conflict", "b@example.org"))
	s.book.Await(t, "both", "the card", named("Before Conflict"))
	s.target.Put(t, url, plain.Card("both", "Before Conflict", "server@example.org"))
	s.book.Rename(t, "both", "Client Conflict")
	s.there(t, s.target.Book, "FN:Client Conflict")
}

func (s *script) removeCard(t *testing.T) {
	s.needBook(t)
	s.book.Remove(t, "made")
	s.gone(t, s.target.Book, "Madehere")
}

func (s *script) refusedBookToken(t *testing.T) {
	s.needBook(t)
	if s.target.Peculiar.BookTokenStuck {
		t.Log("this server does not answer 400, which is the one status that Thunderbird recovers from")
		return
	}
	s.target.Put(t, s.target.Book+"later.vcf", plain.Card("later", "After Token", "l@example.org"))
	s.book.ForgeToken(t, "http://example.org/ns/sync/forged")
	s.book.Await(t, "later", "the sync after a refused token", named("After Token"))
}
