package birthday_test

import (
	"bytes"
	"strings"
	"testing"

	"crmbridge/store"
)

// What a card keeps from others its event does, too.
func TestPrivateCards(t *testing.T) {
	t.Parallel()
	for class, private := range map[string]bool{
		"": false, "CLASS:PUBLIC": false, "class:public": false, "CLASS:PRIVATE": true, "CLASS:CONFIDENTIAL": true, "CLASS:X-FAMILY": true,
		"item1.CLASS:private": true, "CLASS:": true,
	} {
		h := newHome(t)
		lines := []string{"FN:Jane Roe", "BDAY:19800506", "ANNIVERSARY:20100601"}
		if class != "" {
			lines = append(lines, class)
		}
		h.put("a.vcf", "a", lines...)
		events := h.events()
		if len(events) != 2 {
			t.Fatalf("%d events", len(events))
		}
		for _, o := range events {
			if got := bytes.Contains(o.Text, []byte("\r\nCLASS:PRIVATE\r\n")); got != private || !private && bytes.Contains(o.Text, []byte("CLASS")) {
				t.Errorf("%q: %s", class, o.Text)
			}
		}
		h.put("a.vcf", "a", "FN:Jane Roe", "BDAY:19800506")
		if got := h.events(); len(got) != 1 || bytes.Contains(got[0].Text, []byte("CLASS")) {
			t.Errorf("public again: %s", got[0].Text)
		}
	}
}

// older makes the calendar what a program of an older edition left: without CLASS, without notes of how it was made.
func (h *home) older() {
	h.t.Helper()
	events := h.events()
	h.update(func(tx *store.Tx) error {
		for _, o := range events {
			text := strings.Replace(string(o.Text), "CLASS:PRIVATE\r\n", "", 1)
			if _, err := tx.PutObject(store.Put{Collection: h.cal.ID, Name: o.Name, UID: o.UID, Kind: o.Kind, Component: o.Component, Text: []byte(text), By: "test"}); err != nil {
				return err
			}
		}
		d, err := tx.DerivedOf(h.cal.ID)
		if err != nil {
			return err
		}
		d.Edition, d.Title = 0, ""
		return tx.SetDerived(d)
	})
}

// What an older edition made is made anew, without a change of the book: of more cards than one transaction takes, of
// private ones and of one that was deleted before. What says the same stays as it is.
func TestOlderEdition(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.put("gone.vcf", "gone", "FN:Gone Soon", "BDAY:19800506")
	h.put("public.vcf", "public", "FN:Pat Public", "BDAY:19810506")
	secret := func(n int, note string) {
		for i := range n {
			name := string(rune('a'+i%26)) + strings.Repeat("x", i/26)
			h.put(name+".vcf", name, "FN:"+name, "BDAY:19900101", "CLASS:PRIVATE", "NOTE:"+note)
		}
	}
	secret(210, "one")
	h.older()
	h.remove("gone.vcf")
	secret(30, "two") // so that what was removed is in the first transaction
	tags := map[string]string{}
	for _, o := range h.before() {
		tags[o.UID] = o.ETag
	}
	private, kept := 0, 0
	for _, o := range h.events() {
		switch said := said(o); {
		case strings.Contains(said, "Gone"):
			t.Error("the event of a card that is gone")
		case strings.Contains(said, "Pat Public"):
			if o.ETag == tags[o.UID] {
				kept++
			}
		case bytes.Contains(o.Text, []byte("CLASS:PRIVATE")):
			private++
		}
	}
	if private != 210 || kept != 1 {
		t.Errorf("%d of 210 are private, %d of 1 kept", private, kept)
	}
	seq := h.seq()
	if h.events(); h.seq() != seq {
		t.Error("made anew twice")
	}
}

// before are the objects of the calendar as they are, before anybody reads it.
func (h *home) before() []store.Object {
	h.t.Helper()
	var out []store.Object
	err := h.st.View(h.t.Context(), func(tx *store.Tx) error {
		return tx.EachObject(h.cal.ID, store.EachOptions{Text: true}, func(o *store.Object) error {
			out = append(out, *o)
			return nil
		})
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return out
}

func (h *home) rename(c store.CollectionID, name string) {
	h.t.Helper()
	h.update(func(tx *store.Tx) error {
		found, err := tx.Collection(c)
		if err != nil {
			return err
		}
		found.DisplayName = name
		_, err = tx.UpdateCollection(found)
		return err
	})
}

// The calendar is called after its book, until somebody calls it otherwise.
func TestRenamedBook(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.put("a.vcf", "a", "FN:Jane Roe", "BDAY:19800506")
	called := func(want string) {
		t.Helper()
		h.events()
		seq := h.seq()
		h.events()
		var c store.Collection
		h.update(func(tx *store.Tx) (err error) { c, err = tx.Collection(h.cal.ID); return err })
		if c.DisplayName != want || c.Seq != seq {
			t.Errorf("%q, not %q; %d, not %d", c.DisplayName, want, c.Seq, seq)
		}
	}
	called("Birthdays (People)")
	h.rename(h.book.ID, "Friends")
	called("Birthdays (Friends)")
	h.rename(h.book.ID, "")
	called("Birthdays (people)")
	h.older()
	h.rename(h.book.ID, "Family")
	called("Birthdays (Family)")
	h.rename(h.cal.ID, "Cake!")
	h.rename(h.book.ID, "Others")
	called("Cake!")
	h.rename(h.book.ID, "Friends")
	called("Cake!")
	if len(h.events()) != 1 {
		t.Error("events were lost")
	}
}
