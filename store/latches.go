package store

import (
	"time"

	"crmbridge/pim"
)

// Latch is something that holds for every process on this database until a time: that one of them
// alone does a thing, or that a host asked to be left alone. What has passed counts for nothing.
type Latch struct {
	Name  string `gorm:"primaryKey;autoIncrement:false"` // what kind of thing, a space, which one
	Owner string // who does it; "" for nobody
	Until time.Time
}

// TakeLatch makes owner the one that does what name says until a time. It fails (false) while
// another owner does, unless steal says that this owner is gone; nil never says so.
func (t *Tx) TakeLatch(name, owner string, until time.Time, steal func(owner string) bool) (bool, error) {
	const op = "take latch"
	if err := t.writing(op); err != nil {
		return false, err
	}
	if err := t.dropPassed(); err != nil {
		return false, fail(op, err)
	}
	added, err := t.insert(op, &Latch{Name: name, Owner: owner, Until: until.UTC()})
	if added || err != nil {
		return added, err
	}
	have, err := take[Latch](t, "name = ?"+t.forUpdate(), name)
	if pim.ReasonOf(fail(op, err)) == pim.ErrNotFound {
		return false, nil // it was dropped just now; the next try has it
	}
	if err != nil {
		return false, fail(op, err)
	}
	if have.Owner != owner && have.Until.After(t.now) && (steal == nil || !steal(have.Owner)) {
		return false, nil
	}
	_, err = t.exec(`UPDATE latches SET owner = ?, until = ? WHERE name = ?`, owner, until.UTC(), name)
	return err == nil, fail(op, err)
}

// DropLatch ends what owner does; what it does not is no error.
func (t *Tx) DropLatch(name, owner string) error {
	if err := t.writing("drop latch"); err != nil {
		return err
	}
	_, err := t.exec(`DELETE FROM latches WHERE name = ? AND owner = ?`, name, owner)
	return fail("drop latch", err)
}

// HoldLatch notes that name holds until a time, whoever says so; a later time that is noted stays.
func (t *Tx) HoldLatch(name string, until time.Time) error {
	const op = "hold latch"
	if err := t.writing(op); err != nil {
		return err
	}
	if err := t.dropPassed(); err != nil {
		return fail(op, err)
	}
	added, err := t.insert(op, &Latch{Name: name, Until: until.UTC()})
	if added || err != nil {
		return err
	}
	_, err = t.exec(`UPDATE latches SET until = ? WHERE name = ? AND until < ?`, until.UTC(), name, until.UTC())
	return fail(op, err)
}

// Latches returns what nobody owns and holds now, by name.
func (t *Tx) Latches() ([]Latch, error) {
	ls, err := find[Latch](t, "owner = '' AND until > ? ORDER BY name", t.now)
	return ls, fail("latches", err)
}

// dropPassed forgets what has been over for a while: nobody else would. There are few of them.
func (t *Tx) dropPassed() error {
	_, err := t.exec(`DELETE FROM latches WHERE until < ?`, t.now.Add(-time.Hour))
	return err
}
