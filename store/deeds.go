package store

import "time"

// DeedID numbers what people did, in the order in which they began it.
type DeedID int64

// Deed is something that somebody did to the bridge: an entry of the audit log. It holds names as they were then, and nothing secret.
type Deed struct {
	ID DeedID `gorm:"primaryKey"`
	At time.Time
	// Via is where it was asked for: a word of package manage.
	Via string
	// Account is who asked: the name of an account, or of a user of the machine's for commands.
	Account string
	Address string // IP, "" for commands
	Agent   string // the browser, or the name of the API token
	Act     string // what: a word of package manage
	Subject string // to what, in words
	Notes   string // JSON object of strings, "" for none
	// Outcome is "" while it goes on, and for good where the process died meanwhile; "done", or why it was not done: a pim.Reason.
	Outcome string
}

// BeginDeed adds an entry, of now.
func (t *Tx) BeginDeed(d Deed) (DeedID, error) {
	d.ID, d.At, d.Outcome = 0, t.now, ""
	_, err := t.insert("begin deed", &d)
	return d.ID, err
}

// EndDeed says how it ended, and what came out.
func (t *Tx) EndDeed(id DeedID, subject, notes, outcome string) error {
	const op = "end deed"
	if err := t.writing(op); err != nil {
		return err
	}
	_, err := t.exec(`UPDATE deeds SET subject = ?, notes = ?, outcome = ? WHERE id = ?`, subject, notes, outcome, id)
	return fail(op, err)
}

// DeedFilter chooses entries of the audit log; zero fields do not choose.
type DeedFilter struct {
	Account, Act string
	// Since and Until bound when it began: Since inclusive, Until exclusive.
	Since, Until time.Time
	Before       DeedID // only older ones, for paging
	Limit        int    // 0: 100
}

// Deeds returns entries, the newest first.
func (t *Tx) Deeds(f DeedFilter) ([]Deed, error) {
	w := where{}
	w.add(f.Account != "", "account = ?", f.Account)
	w.add(f.Act != "", "act = ?", f.Act)
	w.add(!f.Since.IsZero(), "at >= ?", f.Since.UTC())
	w.add(!f.Until.IsZero(), "at < ?", f.Until.UTC())
	w.add(true, "id < ?", orMost(f.Before))
	ds, err := find[Deed](t, w.text()+" ORDER BY id DESC LIMIT ?", append(w.args, orHundred(f.Limit))...)
	return ds, fail("deeds", err)
}

// PruneDeeds deletes some entries from before a time. It returns how many; 0 when there is nothing left to do.
func (t *Tx) PruneDeeds(before time.Time) (int64, error) {
	const op = "prune deeds"
	if err := t.writing(op); err != nil {
		return 0, err
	}
	n, err := t.exec(`DELETE FROM deeds WHERE id IN (SELECT id FROM deeds WHERE at < ? ORDER BY at LIMIT ?)`, before.UTC(), pruneBatch)
	return n, fail(op, err)
}
