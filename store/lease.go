package store

import (
	"bytes"
	"database/sql"
	"errors"
	"time"

	"crmbridge/pim"
)

// AcquireLease makes owner the one that runs a link until a time. It fails (false)
// while another owner's lease lasts, unless steal says that this owner is gone; nil
// never says so. The owner's own lease is renewed.
func (t *Tx) AcquireLease(id LinkID, owner string, until time.Time, steal func(owner string) bool) (bool, error) {
	const op = "acquire lease"
	if err := t.writing(op); err != nil {
		return false, err
	}
	l, err := t.Link(id) // locks the row
	if err != nil {
		return false, err
	}
	held := l.LeaseOwner != "" && l.LeaseOwner != owner && l.LeaseUntil != nil && l.LeaseUntil.After(t.now)
	if held && (steal == nil || !steal(l.LeaseOwner)) {
		return false, nil
	}
	_, err = t.exec(`UPDATE links SET lease_owner = ?, lease_until = ? WHERE id = ?`, owner, until.UTC(), id)
	return err == nil, fail(op, err)
}

// RenewLease extends the lease of owner. pim.ErrConflict when it has it no more.
func (t *Tx) RenewLease(id LinkID, owner string, until time.Time) error {
	const op = "renew lease"
	if err := t.writing(op); err != nil {
		return err
	}
	n, err := t.exec(`UPDATE links SET lease_until = ? WHERE id = ? AND lease_owner = ?`, until.UTC(), id, owner)
	if err == nil && n == 0 {
		return pim.Errorf("store: "+op, pim.ErrConflict, "the link is run by another process now")
	}
	return fail(op, err)
}

// HoldsLease fails with pim.ErrConflict unless owner has the lease of a link: what
// a run wants to write after it was stopped for longer than its lease, and another
// took over, must not be written.
func (t *Tx) HoldsLease(id LinkID, owner string) error {
	const op = "lease"
	var n int
	// Locked until the commit, so that nobody takes it over in between.
	err := t.row(`SELECT 1 FROM links WHERE id = ? AND lease_owner = ?`+t.forShare(), id, owner).Scan(&n)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fail(op, err)
	}
	if n == 0 {
		return pim.Errorf("store: "+op, pim.ErrConflict, "the link is run by another process now")
	}
	return nil
}

// AskStop notes that the run of a link that is under way is to stop; running is false
// when there is none. pim.ErrNotFound without the link.
func (t *Tx) AskStop(id LinkID) (running bool, err error) {
	const op = "ask stop"
	if err := t.writing(op); err != nil {
		return false, err
	}
	l, err := t.Link(id) // locks the row
	if err != nil || l.LeaseOwner == "" || l.LeaseUntil == nil || !l.LeaseUntil.After(t.now) {
		return false, err
	}
	_, err = t.exec(`UPDATE links SET stop_owner = lease_owner WHERE id = ?`, id)
	return err == nil, fail(op, err)
}

// StopAsked reports that the run of a link which owner has the lease for is to stop.
func (t *Tx) StopAsked(id LinkID, owner string) (asked bool, err error) {
	var n int
	err = t.row(`SELECT count(*) FROM links WHERE id = ? AND stop_owner = ?`, id, owner).Scan(&n)
	return n > 0, fail("stop asked", err)
}

// ReleaseLease ends the lease of owner; one that it does not have is no error.
func (t *Tx) ReleaseLease(id LinkID, owner string) error {
	if err := t.writing("release lease"); err != nil {
		return err
	}
	_, err := t.exec(`UPDATE links SET lease_owner = '', lease_until = NULL WHERE id = ? AND lease_owner = ?`, id, owner)
	return fail("release lease", err)
}

// wantedFor is how long a queued run is believed to begin. A job that was taken up
// by a process which died before it began is never heard of again.
const wantedFor = 2 * time.Minute

// wantedDead is how long it is believed to begin while the lease of the run before it has run out: the process that
// had the link has died, and what was queued was its, too, more often than not.
const wantedDead = 5 * time.Second

// notQueued is true of links without a queued run; queuedBy are its arguments.
const notQueued = `(wanted_at IS NULL OR wanted_at <= ? AND (lease_until IS NULL OR lease_until <= ?)
	OR wanted_at <= ? AND lease_owner <> '' AND lease_until <= ?)`

func queuedBy(now time.Time) []any {
	return []any{now.Add(-wantedFor), now, now.Add(-wantedDead), now}
}

// HasRules reports whether a link still has these rules.
func (t *Tx) HasRules(id LinkID, rules []byte) (bool, error) {
	var now []byte
	err := t.row(`SELECT rules FROM links WHERE id = ?`, id).Scan(&now)
	return bytes.Equal(now, rules), fail("rules", err)
}

// SetWanted notes that a run of the link is queued; first is true when that was not
// so before, or so long ago, while no run was under way, that the queued one got lost.
// pim.ErrNotFound without the link.
func (t *Tx) SetWanted(id LinkID) (first bool, err error) {
	const op = "set wanted"
	if err := t.writing(op); err != nil {
		return false, err
	}
	n, err := t.exec(`UPDATE links SET wanted_at = ? WHERE id = ? AND `+notQueued, append([]any{t.now, id}, queuedBy(t.now)...)...)
	if err != nil || n > 0 {
		return err == nil, fail(op, err)
	}
	_, err = t.Link(id)
	return false, err
}

// StillWanted notes that the queued run of the link is still to begin, so that it is not taken
// for lost. What was noted less than age ago stays, so that jobs which come back often write
// seldom; a link whose run has begun meanwhile stays as it is.
func (t *Tx) StillWanted(id LinkID, age time.Duration) error {
	const op = "still wanted"
	if err := t.writing(op); err != nil {
		return err
	}
	_, err := t.exec(`UPDATE links SET wanted_at = ? WHERE id = ? AND wanted_at <= ?`, t.now, id, t.now.Add(-age))
	return fail(op, err)
}

// WantedLinks is how many links of a user have a queued run.
func (t *Tx) WantedLinks(u UserID) (n int, err error) {
	err = t.row(`SELECT count(*) FROM links WHERE user_id = ? AND wanted_at IS NOT NULL`, u).Scan(&n)
	return n, fail("wanted links", err)
}

// ClearWanted notes that the queued run of the link begins.
func (t *Tx) ClearWanted(id LinkID) error {
	if err := t.writing("clear wanted"); err != nil {
		return err
	}
	_, err := t.exec(`UPDATE links SET wanted_at = NULL WHERE id = ? AND wanted_at IS NOT NULL`, id)
	return fail("clear wanted", err)
}

// DueLinks returns the links to be run by now for which no run is queued, or one got
// lost: not paused, and never run or due again.
func (t *Tx) DueLinks(now time.Time) ([]Link, error) {
	var ls []Link
	err := t.db().Where("NOT paused AND "+notQueued+" AND (next_run IS NULL OR next_run <= ?)", append(queuedBy(t.now), now.UTC())...).
		Order("id").Find(&ls).Error
	return ls, fail("due links", err)
}

// Leases is how many links are being run. It reads a database of any schema.
func (t *Tx) Leases() (n int, err error) {
	err = t.row(`SELECT count(*) FROM links WHERE lease_owner <> '' AND lease_until > ?`, t.now).Scan(&n)
	return n, fail("leases", err)
}
