package relay

import (
	"fmt"

	"github.com/google/uuid"

	"crmbridge/pim"
	"crmbridge/pim/line"
	"crmbridge/store"
)

// KeepBoth keeps the two versions of a conflict as two items: what stands stays, and the
// other becomes an item of its own.
const KeepBoth Take = "both"

// settleBoth makes the second item. For a report of a link what stands is the remote's
// version, so that the two sides agree, and the hub's becomes the second.
func (s settling) settleBoth(o store.Object, mine, theirs, now pim.Item) error {
	if mine == nil || theirs == nil {
		return pim.Errorf("relay: settle", pim.ErrInvalid, "one side is a deletion: there are no two versions to keep")
	}
	second := s.c.Mine
	if s.c.LinkID == 0 && kept(s.c) == Theirs {
		second = s.c.Theirs
	}
	if s.c.LinkID != 0 && o.ID != 0 {
		second = o.Text
		res, err := Resolve(s.c, Choice{All: Theirs}, mine, theirs, now, s.fields())
		if err == nil {
			err = s.write(o, res)
		}
		if err == nil {
			err = s.move(theirs, res.Agreed)
		}
		if err != nil {
			return err
		}
	}
	uid := secondUID(s.c.ID)
	text, err := withUID(second, uid)
	if err != nil {
		return err
	}
	w, err := s.codec.index(s.c.Kind, text)
	if err != nil {
		return err
	}
	if s.c.CollectionID, err = s.visible(); err != nil {
		return err
	}
	return s.put(w, uid+extension(s.c.Kind), uid, store.Cond{IfNoneMatch: []string{"*"}})
}

// visible is the collection of the conflict, or, for one about an occurrence of a series,
// that of the series: what is an item of its own is to be seen.
func (s settling) visible() (store.CollectionID, error) {
	c, err := s.tx.Collection(s.c.CollectionID)
	if err != nil || c.Home != store.Occurrences {
		return s.c.CollectionID, err
	}
	d, err := s.tx.DerivedOf(c.ID)
	return d.SourceID, err
}

// secondUID is the same whenever the same conflict is settled so.
func secondUID(id store.ConflictID) string {
	return uuid.NewSHA1(uidNames, fmt.Appendf(nil, "conflict\x00%d", id)).String()
}

// withUID is the text of an object or card under another UID, in all its components.
func withUID(text []byte, uid string) ([]byte, error) {
	t, err := line.Parse(text, line.Limits{})
	if err != nil {
		return nil, err
	}
	t = t.Clone()
	for _, b := range t.Blocks() {
		if b.First("UID") != nil {
			b.Set(line.New("UID", uid))
		}
		for _, inner := range b.Blocks("") {
			if inner.First("UID") != nil {
				inner.Set(line.New("UID", uid))
			}
		}
	}
	return t.Bytes(), nil
}
