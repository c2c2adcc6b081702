package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"crmbridge/pim"
	"crmbridge/store"
)

// wordMaker makes the words of a text in these tests: itself, but that of a text that says so nothing is known.
func wordMaker(edition int) store.WordMaker {
	return store.WordMaker{Edition: edition, Of: func(text []byte) (string, bool) {
		s := string(text)
		return fmt.Sprint(edition, s), !strings.HasPrefix(s, "unknown")
	}}
}

// wordWorld is two address books that are searched.
type wordWorld struct {
	*fixture
	books   []store.Collection
	edition int
}

func (w *wordWorld) book(slug string) store.Collection {
	var c store.Collection
	w.update(func(tx *store.Tx) (err error) {
		c, err = tx.CreateCollection(store.Collection{UserID: w.user.ID, Home: store.AddressBooks, Slug: slug})
		return err
	})
	return c
}

// find returns what a search finds and has to judge, and what there is that has the texts.
func (w *wordWorld) find(c store.CollectionID, of [][]string) (read, want []string, behind bool) {
	holds := func(text []byte) bool {
		for _, list := range of {
			if !slices.ContainsFunc(list, func(s string) bool { return strings.Contains(string(text), s) }) {
				return strings.HasPrefix(string(text), "unknown")
			}
		}
		return true
	}
	w.view(func(tx *store.Tx) error {
		ask := store.Words{Edition: w.edition, Of: of, Behind: func() { behind = true }}
		err := tx.EachObject(c, store.EachOptions{Text: true, Words: &ask}, func(o *store.Object) error {
			if holds(o.Text) {
				read = append(read, o.Name)
			}
			return nil
		})
		if err != nil {
			return err
		}
		return tx.EachObject(c, store.EachOptions{Text: true}, func(o *store.Object) error {
			if holds(o.Text) {
				want = append(want, o.Name)
			}
			return nil
		})
	})
	return read, want, behind
}

func (w *wordWorld) index(c store.CollectionID) {
	for more := true; more; {
		var err error
		if more, err = w.s.IndexWords(w.Context(), c, wordMaker(w.edition)); err != nil {
			w.Fatal(err)
		}
	}
}

var wordPieces = []string{"ann", "bob", "example", "100%", "a_b", `"`, "*", "st*r", "(", ")", "NEAR", " OR ", " AND ", "ø", "é", "日本語", "👩", "\\", "'", "^", ":", "-", "+47", "\n", " ", "x", "A"}

func drawWords(t *rapid.T, label string, least int) string {
	s := strings.Join(rapid.SliceOfN(rapid.SampledFrom(wordPieces), 1, 6).Draw(t, label), "")
	for len([]rune(s)) < least {
		s += "x"
	}
	return s
}

// testWords compares what is found by the index with what is there, whatever is done to cards in between.
func testWords(t *testing.T, open Opener) {
	w := &wordWorld{fixture: setUp(t, open, store.Config{}), edition: 1}
	slug := 0
	// Each round goes on with what the ones before left.
	rapid.Check(t, func(r *rapid.T) {
		for len(w.books) < 2 {
			slug++
			w.books = append(w.books, w.book(fmt.Sprint("book", slug)))
		}
		for range rapid.IntRange(1, 8).Draw(r, "steps") {
			i := rapid.IntRange(0, 1).Draw(r, "book")
			name := rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(r, "name")
			switch rapid.IntRange(0, 9).Draw(r, "what") {
			case 0, 1, 2, 3:
				w.update(func(tx *store.Tx) error {
					text := rapid.SampledFrom([]string{"", "", "", "unknown "}).Draw(r, "start") + drawWords(r, "text", 0)
					_, err := tx.PutObject(store.Put{Collection: w.books[i].ID, Name: name, Kind: pim.KindContact, Component: "VCARD", Text: []byte(text)})
					return err
				})
			case 4:
				w.anyhow(func(tx *store.Tx) error {
					_, err := tx.DeleteObject(w.books[i].ID, name, store.Cond{}, "", 0)
					return err
				})
			case 5, 6:
				m := store.Move{From: w.books[i].ID, To: w.books[rapid.IntRange(0, 1).Draw(r, "to")].ID, Name: name, NewName: "c", Overwrite: true}
				w.anyhow(func(tx *store.Tx) (err error) {
					if rapid.Bool().Draw(r, "copy") {
						_, err = tx.CopyObject(m)
					} else {
						_, err = tx.MoveObject(m)
					}
					return err
				})
			case 7:
				if rapid.IntRange(0, 5).Draw(r, "really") == 0 {
					w.update(func(tx *store.Tx) error { return tx.DeleteCollection(w.books[i].ID) })
					w.indexBehind()
					slug++
					w.books[i] = w.book(fmt.Sprint("book", slug))
				}
			case 8:
				w.edition = rapid.IntRange(1, 2).Draw(r, "edition")
			default:
				w.index(w.books[i].ID)
			}
		}
		for _, b := range w.books {
			var of [][]string
			for range rapid.IntRange(1, 2).Draw(r, "lists") {
				of = append(of, rapid.SliceOfN(rapid.Custom(func(r *rapid.T) string { return drawWords(r, "asked", 3) }), 1, 2).Draw(r, "list"))
			}
			if read, want, _ := w.find(b.ID, of); !slices.Equal(read, want) {
				r.Fatalf("%q finds %v, not %v", of, read, want)
			}
		}
	})
}

// anyhow runs what may be refused.
func (w *wordWorld) anyhow(do func(*store.Tx) error) {
	err := w.s.Update(w.Context(), do)
	switch pim.ReasonOf(err) {
	case pim.ErrNotFound, pim.ErrForbidden, pim.ErrConflict, pim.ErrExists:
		return
	}
	if err != nil {
		w.Fatal(err)
	}
}

// indexBehind is what is done now and then for what is no more.
func (w *wordWorld) indexBehind() {
	var ids []store.CollectionID
	w.view(func(tx *store.Tx) (err error) { ids, err = tx.WordsBehind(); return err })
	for _, id := range ids {
		w.index(id)
	}
}

// testWordsRead counts what is read: with an index what is asked for, and what changed since.
func testWordsRead(t *testing.T, open Opener) {
	w := &wordWorld{fixture: setUp(t, open, store.Config{}), edition: 1}
	book := w.book("book")
	put := func(from, to int, text string) {
		w.update(func(tx *store.Tx) error {
			for i := from; i < to; i++ {
				_, err := tx.PutObject(store.Put{Collection: book.ID, Name: fmt.Sprint(i), Kind: pim.KindContact, Component: "VCARD", Text: fmt.Appendf(nil, "card %06d %s", i, text)})
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	reads := func(text string, edition int) (n int, behind bool) {
		w.view(func(tx *store.Tx) error {
			ask := store.Words{Edition: edition, Of: [][]string{{text}}, Behind: func() { behind = true }}
			return tx.EachObject(book.ID, store.EachOptions{Text: true, Words: &ask}, func(*store.Object) error { n++; return nil })
		})
		return n, behind
	}
	check := func(what, text string, edition, most int, late bool) {
		t.Helper()
		if n, behind := reads(text, edition); n > most || n == 0 || behind != late {
			t.Errorf("%s: %d texts read, at most %d wanted; behind: %v", what, n, most, behind)
		}
	}
	put(0, 1200, "")
	check("no index", "000123 ", 1, 1200, true)
	w.index(book.ID)
	check("indexed", "000123 ", 1, 1, false)
	check("another edition", "000123 ", 2, 1200, true)
	check("too many", "card", 1, 1200, false)
	put(0, 10, "again")
	check("changed", "000123 ", 1, 11, false)
	put(10, 100, "again")
	check("behind", "000123 ", 1, 101, true)
	w.indexBehind()
	check("indexed again", "000123 ", 1, 1, false)
	w.update(func(tx *store.Tx) error { return tx.DeleteCollection(book.ID) })
	w.indexBehind()
	var left []store.CollectionID
	w.view(func(tx *store.Tx) (err error) { left, err = tx.WordsBehind(); return err })
	if len(left) > 0 {
		t.Errorf("still behind: %v", left)
	}
}
