package store

import (
	"testing"

	"crmbridge/pim"
)

// The index of words is in no backup: whoever puts one back has none, and finds everything.
func TestRestoreForgetsTheIndexOfWords(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, url string) {
		s := migrated(t, url)
		err := s.Update(t.Context(), func(tx *Tx) error {
			u, err := tx.CreateUser(User{Name: "ann"})
			if err != nil {
				return err
			}
			c, err := tx.CreateCollection(Collection{UserID: u.ID, Home: AddressBooks, Slug: "a"})
			if err != nil {
				return err
			}
			_, err = tx.PutObject(Put{Collection: c.ID, Name: "a", Kind: pim.KindContact, Component: cardComponent, Text: []byte("ann example")})
			return err
		})
		if err == nil {
			_, err = s.IndexWords(t.Context(), 1, testWords())
		}
		if err != nil {
			t.Fatal(err)
		}
		search := func() (found int, behind bool) {
			err := s.View(t.Context(), func(tx *Tx) error {
				ask := Words{Edition: 1, Of: [][]string{{"exam"}}, Behind: func() { behind = true }}
				return tx.EachObject(1, EachOptions{Text: true, Words: &ask}, func(*Object) error { found++; return nil })
			})
			if err != nil {
				t.Fatal(err)
			}
			return found, behind
		}
		if n, behind := search(); n != 1 || behind {
			t.Errorf("%d found, behind: %v", n, behind)
		}
		if _, err := s.Restore(t.Context(), opener(backupOf(t, s)), RestoreOptions{Replace: true}); err != nil {
			t.Fatal(err)
		}
		if n, behind := search(); n != 1 || !behind {
			t.Errorf("after the restore %d found, behind: %v", n, behind)
		}
		if err := s.CheckInvariants(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
