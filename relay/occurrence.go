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
		if series.Deleted || !mayRepeat(series.Text) {
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
	if len(pr.rows) == 0 && (series.Deleted || !mayRepeat(series.Text)) {
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
	pr.repeat = pr.item != nil && recurrenceOf(pr.item) != nil
	return nil
}

// takeEdits folds what was written to single objects by others than this relay.
func (pr *projection) takeEdits() error {
	for i := range pr.rows {
		x := &pr.rows[i]
		o, err := pr.tx.ObjectByID(x.ObjectID)
		if err != nil {
			return err
		}
		if o.Seq == x.Seq || !pr.repeat {
			continue
		}
		if o.Deleted {
			err = pr.foldGone(pr.tx, o)
		} else {
			err = pr.takeEdit(*x, o)
		}
		if err != nil {
			return err
		}
		if pr.series, err = pr.tx.ObjectByID(pr.series.ID); err != nil {
			return err
		}
		if err := pr.read(); err != nil {
			return err
		}
	}
	var err error
	pr.rows, err = pr.tx.OccurrencesOf(pr.hidden, pr.series.ID)
	return err
}

// takeEdit puts what changed of an object since it was in step on top of what its series
// says by now.
func (pr *projection) takeEdit(x store.Occurrence, o store.Object) error {
	now, err := pr.singles(pr.series.Text, map[string]bool{x.Occurrence: true}, func(string) string { return o.UID })
	if err != nil {
		return err
	}
	was, err := pr.tx.Version(o.ID, x.Seq)
	if errors.Is(err, pim.ErrNotFound) {
		return pr.fold(pr.tx, o)
	}
	if err != nil {
		return err
	}
	for _, s := range now {
		if s.ID != x.Occurrence {
			continue
		}
		base, err := pr.codec.read(o.Kind, was.Text)
		if err != nil {
			return err
		}
		edited, err := pr.codec.read(o.Kind, o.Text)
		if err != nil {
			return err
		}
		w, err := pr.codec.apply(s.Object.Bytes(), edited, pim.Diff(base, edited, pim.AllOf(o.Kind)))
		if err != nil {
			return err
		}
		_, err = pr.put(pr.tx, pr.hidden, w, o.Name, o.UID, o.Kind)
		return err
	}
	return pr.fold(pr.tx, o) // it was taken out since: a change beats a deletion
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
		if kind := pim.ReasonOf(err); kind == pim.ErrTooLarge || kind == pim.ErrInvalid {
			return nil // said on the series itself; what there is stays as it is
		}
		if err != nil {
			return err
		}
	}
	rows, gone := pr.match(wanted, uids)
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

// match finds the row of each wanted occurrence. Where originals starts vanished and
// others appeared, as when a series moves, they are the same occurrences in their order.
func (pr *projection) match(wanted []ics.Single, uids map[string]string) (rows map[string]store.Occurrence, gone []store.Occurrence) {
	rows = map[string]store.Occurrence{}
	at := map[string]store.Occurrence{}
	for _, x := range pr.rows {
		at[x.Occurrence] = x
	}
	var fresh []string
	for _, s := range wanted {
		x, ok := at[s.ID]
		if !ok {
			fresh = append(fresh, s.ID)
			continue
		}
		rows[s.ID] = x
		delete(at, s.ID)
	}
	for _, x := range pr.rows {
		if _, left := at[x.Occurrence]; !left {
			continue
		}
		o, err := pr.tx.ObjectByID(x.ObjectID)
		if err != nil || o.Deleted || len(fresh) == 0 {
			gone = append(gone, x)
			continue
		}
		uids[fresh[0]], rows[fresh[0]] = o.UID, x
		fresh = fresh[1:]
	}
	return rows, gone
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

// pair sees to it that the object has a pair, and that a changed one is looked at.
func (pr *projection) pair(before, o store.Object, changed bool, single *store.Pair) error {
	p, err := pr.tx.PairByObject(pr.link.ID, o.ID)
	none := errors.Is(err, pim.ErrNotFound)
	switch {
	case err != nil && !none:
		return err
	case !none && !changed:
		return nil
	case !none:
	case before.ID != 0 && before.ID != o.ID:
		// It was gone and is there again before anybody heard of it.
		if p, err = pr.tx.PairByObject(pr.link.ID, before.ID); errors.Is(err, pim.ErrNotFound) {
			p = store.Pair{LinkID: pr.link.ID}
		} else if err != nil {
			return err
		}
	case single.ID != 0:
		p, *single = *single, store.Pair{}
		p.LocalText, p.Seq = o.Text, 0
		if err := pr.tell(p.RemoteID, o.UID); err != nil {
			return err
		}
	default:
		p = store.Pair{LinkID: pr.link.ID}
		if own, err := pr.tx.PairByObject(pr.link.ID, pr.series.ID); err == nil {
			p.Tie = own.Tie
		}
	}
	p.ObjectID, p.UID = o.ID, o.UID
	wake(&p)
	return pr.tx.SavePair(&p)
}

// tell remembers the UID of a record that changed hands.
func (pr *projection) tell(record, uid string) error {
	return pr.remember(pr.tx, store.Pair{RemoteID: record, UID: uid})
}

// single is the pair that the series has from when it did not repeat; zero without one.
func (pr *projection) single() (store.Pair, error) {
	p, err := pr.tx.PairByObject(pr.link.ID, pr.series.ID)
	if errors.Is(err, pim.ErrNotFound) {
		return store.Pair{}, nil
	}
	if err != nil || p.RemoteID == "" || p.RemoteGone || p.Intent != "" || !pr.repeat {
		return store.Pair{}, err
	}
	return p, nil
}

// handBack gives a series that does not repeat any more the record of the occurrence
// that it is now.
func (pr *projection) handBack() error {
	if pr.repeat || pr.item == nil {
		return nil
	}
	own, err := pr.tx.PairByObject(pr.link.ID, pr.series.ID)
	if err == nil && own.RemoteID != "" {
		return nil
	}
	if err != nil && !errors.Is(err, pim.ErrNotFound) {
		return err
	}
	for _, x := range pr.rows {
		p, err := pr.tx.PairByObject(pr.link.ID, x.ObjectID)
		if errors.Is(err, pim.ErrNotFound) || err == nil && (x.Occurrence != startOf(pr.item) || p.RemoteID == "" || p.RemoteGone || p.Intent != "") {
			continue
		}
		if err != nil {
			return err
		}
		if err := pr.tx.DeletePair(own.ID); err != nil {
			return err
		}
		p.ObjectID, p.UID, p.LocalText, p.Seq = pr.series.ID, pr.series.UID, pr.series.Text, 0
		wake(&p)
		return errors.Join(pr.tx.SavePair(&p), pr.tell(p.RemoteID, p.UID))
	}
	return nil
}

// startOf names the occurrence with which an item begins.
func startOf(it pim.Item) string {
	switch v := it.(type) {
	case *pim.Event:
		return ics.SingleID(v.Start)
	case *pim.Task:
		if v.Start.IsZero() {
			return ics.SingleID(v.Due)
		}
		return ics.SingleID(v.Start)
	}
	return ""
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

// inStep brings a single object up to date with its series, ahead of a write to it. Its
// collection of series stays locked, so that nobody comes in between.
func (r *run) inStep(tx *store.Tx, o store.Object) error {
	if o.ID == 0 || o.CollectionID == r.coll.ID {
		return nil
	}
	if _, err := tx.Collection(r.coll.ID); err != nil {
		return err
	}
	x, err := tx.OccurrenceOf(o.ID)
	if errors.Is(err, pim.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	series, err := tx.ObjectByID(x.SeriesID)
	if err != nil || series.Seq == x.SeriesSeq {
		return err
	}
	return r.project(tx, series.ID)
}

// fold puts a written single object into its series.
func (r *run) fold(tx *store.Tx, o store.Object) error {
	x, series, err := r.seriesOf(tx, o)
	if err != nil || series == nil {
		return err
	}
	single, err := ics.Parse(o.Text, calendarLimits())
	if err != nil {
		return err
	}
	next, err := series.WithSingle(x.Occurrence, single, r.icsOptions())
	if err != nil {
		return err
	}
	x.Seq = o.Seq
	return r.putSeries(tx, x, next)
}

// foldGone takes a deleted single object out of its series.
func (r *run) foldGone(tx *store.Tx, o store.Object) error {
	if o.CollectionID == r.coll.ID {
		return nil
	}
	x, series, err := r.seriesOf(tx, o)
	if err != nil || series == nil {
		return err
	}
	next, err := series.WithoutSingle(x.Occurrence, r.icsOptions())
	if err != nil {
		return err
	}
	now, err := tx.ObjectByID(o.ID)
	if err != nil {
		return err
	}
	x.Seq = now.Seq
	return r.putSeries(tx, x, next)
}

func (r *run) icsOptions() ics.ApplyOptions {
	return ics.ApplyOptions{Now: r.codec.now, Zone: r.codec.zone, Zones: ics.Zones{Local: r.codec.loc}}
}

// seriesOf is the series of a single object; nil when it is not one any more.
func (r *run) seriesOf(tx *store.Tx, o store.Object) (store.Occurrence, *ics.Object, error) {
	x, err := tx.OccurrenceOf(o.ID)
	if errors.Is(err, pim.ErrNotFound) {
		return x, nil, nil
	}
	if err != nil {
		return x, nil, err
	}
	series, err := tx.ObjectByID(x.SeriesID)
	if err != nil || series.Deleted {
		return x, nil, err
	}
	it, err := r.codec.read(series.Kind, series.Text)
	if err != nil || recurrenceOf(it) == nil {
		return x, nil, err
	}
	obj, err := ics.Parse(series.Text, calendarLimits())
	return x, obj, err
}

func (r *run) putSeries(tx *store.Tx, x store.Occurrence, text *ics.Object) error {
	series, err := tx.ObjectByID(x.SeriesID)
	if err != nil {
		return err
	}
	in := objectText(text).put(r.coll.ID, series.Name, series.UID, series.Kind)
	in.By, in.Link = r.by(), r.link.ID
	res, err := tx.PutObject(in)
	if err != nil {
		return err
	}
	x.SeriesSeq = res.Object.Seq
	return errors.Join(tx.SaveOccurrence(&x), tx.SetSeriesSeq(x.CollectionID, x.SeriesID, res.Object.Seq))
}

// homeOf is where the object of a pair is to be: an occurrence of a series that still
// repeats goes back there, anything else into the collection of the link.
func (r *run) homeOf(tx *store.Tx, p store.Pair) (store.CollectionID, error) {
	if p.ObjectID == 0 {
		return r.coll.ID, nil
	}
	o, err := tx.ObjectByID(p.ObjectID)
	if errors.Is(err, pim.ErrNotFound) || err == nil && o.CollectionID == r.coll.ID {
		return r.coll.ID, nil
	}
	if err != nil {
		return 0, err
	}
	if err := r.inStep(tx, o); err != nil {
		return 0, err
	}
	x, series, err := r.seriesOf(tx, o)
	if err != nil || series != nil {
		return o.CollectionID, err
	}
	return r.coll.ID, tx.DeleteOccurrence(x.ID)
}

// putBack writes the object of a record that has none, or none any more.
func (r *run) putBack(tx *store.Tx, p store.Pair, home store.CollectionID, w written, name string, kind pim.Kind) (store.Object, error) {
	if home == r.coll.ID {
		return r.put(tx, home, w, name, p.UID, kind)
	}
	x, err := tx.OccurrenceOf(p.ObjectID)
	if err != nil {
		return store.Object{}, err
	}
	in := w.put(home, name, p.UID, kind)
	in.By, in.Link = r.by(), r.link.ID
	res, err := tx.PutObject(in)
	if err != nil {
		return store.Object{}, err
	}
	x.ObjectID = res.Object.ID
	if err := tx.SaveOccurrence(&x); err != nil {
		return store.Object{}, err
	}
	return res.Object, r.fold(tx, res.Object)
}
