package store

import "testing"

// A derived collection of an older schema has no edition and no title, and takes both.
func TestUpgradeOfDerived(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, url string) {
		s := openTest(t, url)
		loadV1(t, s)
		if err := s.migrateTo(t.Context(), 5); err != nil {
			t.Fatal(err)
		}
		err := s.Update(t.Context(), func(tx *Tx) error {
			_, err := tx.exec(`INSERT INTO derived (collection_id, source_id, what, seq) VALUES (1, 1, 'birthdays', 7)`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		old := Derived{CollectionID: 1, SourceID: 1, What: "birthdays", Seq: 7}
		next := Derived{CollectionID: 1, SourceID: 1, What: "birthdays", Seq: 8, Edition: 1, Title: "Birthdays"}
		for _, want := range []Derived{old, next} {
			err = s.Update(t.Context(), func(tx *Tx) error {
				got, err := tx.DerivedOf(1)
				if got != want {
					t.Errorf("%+v, not %+v", got, want)
				}
				if err != nil {
					return err
				}
				return tx.SetDerived(next)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}
