package relay

import (
	"errors"
	"fmt"

	"crmbridge/pim"
	"crmbridge/pim/ics"
	"crmbridge/store"
)

// projection is one series being made into single objects.
type projection struct {
	*run
	tx     *store.Tx
	hidden store.CollectionID
	series store.Object
	repeat bool // the series lives, and repeats
	item   pim.Item
	rows   []store.Occurrence
}

// project makes the single objects of a series say what it says. Whatever an object and
// its series had to tell each other is told afterwards.
func (r *run) project(tx *store.Tx, id store.ObjectID) error {
	// Who writes both locks the collection of series first.
	if _, err := tx.Collection(r.coll.ID); err != nil {
		return err
	}
	series, err := tx.ObjectByID(id)
	if err != nil {
		return err
	}
	pr := projection{run: r, tx: tx, series: series}
	pr.hidden, err = r.hidden(tx)
	if errors.Is(err, pim.ErrNotFound) {
		if series.Deleted || !ics.Repeats(series.Text) {
			return nil
		}
		pr.hidden, err = r.makeHidden(tx)
	}
	if err != nil {
		return err
	}
	if pr.rows, err = tx.OccurrencesOf(pr.hidden, id); err != nil {
		return err
	}
	if len(pr.rows) == 0 && (series.Deleted || !ics.Repeats(series.Text)) {
		return nil
	}
	if err := pr.read(); err != nil {
		return err
	}
	if err := pr.takeEdits(); err != nil {
		return err
	}
	return pr.write()
}

func (pr *projection) read() (err error) {
	pr.item = nil
	if !pr.series.Deleted {
		if pr.item, err = pr.codec.read(pr.series.Kind, pr.series.Text); err != nil {
			return err
		}
	}
	pr.repeat = pr.item != nil && pim.RecurrenceOf(pr.item) != nil
	return nil
}

// write makes, changes and deletes objects.
func (pr *projection) write() error {
	uids, known := map[string]string{}, map[string]bool{}
	for _, x := range pr.rows {
		o, err := pr.tx.ObjectByID(x.ObjectID)
		if err != nil {
			return err
		}
		uids[x.Occurrence], known[x.Occurrence] = o.UID, !o.Deleted
	}
	if err := pr.handBack(); err != nil {
		return err
	}
	single, err := pr.single()
	if err != nil {
		return err
	}
	if single.ID != 0 && pr.repeat {
		known[startOf(pr.item)] = true // there is a record of it
	}
	var wanted []ics.Single
	if pr.repeat {
		wanted, err = pr.singles(pr.series.Text, known, nil)
		if _, whole := pr.singles(pr.series.Text, nil, nil); whole != nil {
			return nil // said on the series itself (repeated); what there is stays as it is
		}
		if err != nil {
			return err
		}
	}
	rows, gone, err := pr.match(wanted, uids)
	if err != nil {
		return err
	}
	if len(wanted) > 0 {
		uid := func(id string) string {
			if uids[id] == "" {
				uids[id] = pr.freshUID(id)
			}
			return uids[id]
		}
		if wanted, err = pr.singles(pr.series.Text, known, uid); err != nil {
			return err
		}
	}
	for _, s := range wanted {
		if err := pr.one(s, rows[s.ID], &single); err != nil {
			return err
		}
	}
	for _, x := range gone {
		if err := pr.drop(x); err != nil {
			return err
		}
	}
	return pr.tx.SetSeriesSeq(pr.hidden, pr.series.ID, pr.series.Seq)
}

// freshUID is a UID that no object of the collection has.
func (pr *projection) freshUID(id string) string {
	uid := pr.series.UID + "-" + id
	for n := 2; ; n++ {
		if _, err := pr.tx.ObjectByUID(pr.hidden, uid); errors.Is(err, pim.ErrNotFound) {
			return uid
		} else if err != nil {
			return uid // the write will tell
		}
		uid = fmt.Sprintf("%s-%s-%d", pr.series.UID, id, n)
	}
}

// one makes the object of an occurrence, or brings it up to date. x is zero for a new
// one; single is the pair that the series had while it did not repeat, until it is given
// away.
func (pr *projection) one(s ics.Single, x store.Occurrence, single *store.Pair) error {
	var before store.Object
	var err error
	if x.ID != 0 {
		if before, err = pr.tx.ObjectByID(x.ObjectID); err != nil {
			return err
		}
	}
	o, changed := before, false
	if before.ID == 0 || before.Deleted || !pr.alike(before, s.Object) {
		changed = true
		w := objectText(s.Object)
		in := w.put(pr.hidden, s.Object.UID()+extension(pr.series.Kind), s.Object.UID(), pr.series.Kind)
		in.By, in.Link = pr.by(), pr.link.ID
		res, err := pr.tx.PutObject(in)
		if err != nil {
			return err
		}
		o = res.Object
	}
	x.CollectionID, x.SeriesID, x.Occurrence = pr.hidden, pr.series.ID, s.ID
	x.ObjectID, x.Seq, x.SeriesSeq = o.ID, o.Seq, pr.series.Seq
	if err := pr.tx.SaveOccurrence(&x); err != nil {
		return err
	}
	return pr.pair(before, o, changed, single)
}

func (pr *projection) alike(o store.Object, want *ics.Object) bool {
	have, err := ics.Parse(o.Text, calendarLimits())
	return err == nil && have.Alike(want)
}

// drop lets the object of an occurrence go that its series has no more. Its row stays
// while a pair has to do with it.
func (pr *projection) drop(x store.Occurrence) error {
	o, err := pr.tx.ObjectByID(x.ObjectID)
	if err != nil {
		return err
	}
	if !o.Deleted {
		if _, err := pr.tx.DeleteObject(pr.hidden, o.Name, store.Cond{}, pr.by(), pr.link.ID); err != nil {
			return err
		}
		if o, err = pr.tx.ObjectByID(x.ObjectID); err != nil {
			return err
		}
	}
	p, err := pr.tx.PairByObject(pr.link.ID, o.ID)
	if errors.Is(err, pim.ErrNotFound) {
		return pr.tx.DeleteOccurrence(x.ID)
	}
	if err != nil || x.Seq == o.Seq {
		return err
	}
	x.Seq, x.SeriesSeq = o.Seq, pr.series.Seq
	wake(&p)
	return errors.Join(pr.tx.SaveOccurrence(&x), pr.tx.SavePair(&p))
}
