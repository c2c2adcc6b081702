package store

import (
	"time"

	"crmbridge/pim"
)

// SecondFactor is what a person proves themselves with at the pages beside their password: codes of an authenticator (RFC 6238).
type SecondFactor struct {
	UserID UserID `gorm:"primaryKey;autoIncrement:false"`
	// Secret is that of the codes, sealed; nil when the key is lost. The factor holds all the same: recovery codes let in.
	Secret []byte
	// Step is the last time step of which a code was used: that one and those before it are good no more (RFC 6238 5.2).
	Step      int64
	CreatedAt time.Time
}

// RecoveryCode is one that lets a person in without their authenticator, once. Only its hash is kept.
type RecoveryCode struct {
	UserID UserID `gorm:"primaryKey;autoIncrement:false"`
	Hash   []byte `gorm:"primaryKey"`
}

// Tie says who somebody is at a service where they sign in for the pages.
type Tie struct {
	UserID    UserID `gorm:"primaryKey;autoIncrement:false"`
	Issuer    string
	Subject   string // of the issuer; stays the same when names change
	CreatedAt time.Time
}

// SecondFactor returns that of a user; pim.ErrNotFound without one.
func (t *Tx) SecondFactor(u UserID) (SecondFactor, error) {
	f, err := take[SecondFactor](t, "user_id = ?"+t.forUpdate(), u)
	return f, fail("second factor", err)
}

// SecondFactors returns those of all users.
func (t *Tx) SecondFactors() ([]SecondFactor, error) {
	all, err := find[SecondFactor](t, "user_id > 0 ORDER BY user_id")
	return all, fail("second factors", err)
}

// SetSecondFactor gives a user one with its recovery codes; pim.ErrExists where there is one.
func (t *Tx) SetSecondFactor(f SecondFactor, codes [][]byte) error {
	const op = "set second factor"
	f.CreatedAt = t.now
	added, err := t.insert(op, &f)
	if err == nil && !added {
		err = pim.Errorf("store: "+op, pim.ErrExists, "codes are asked for already")
	}
	if err != nil {
		return err
	}
	return t.SetRecoveryCodes(f.UserID, codes)
}

// UseStep notes that a code of a time step was used; pim.ErrConflict where one of that step or a later one was.
func (t *Tx) UseStep(u UserID, step int64) error {
	const op = "use step"
	if err := t.writing(op); err != nil {
		return err
	}
	n, err := t.exec(`UPDATE second_factors SET step = ? WHERE user_id = ? AND step < ?`, step, u, step)
	if err == nil && n == 0 {
		return pim.Errorf("store: "+op, pim.ErrConflict, "the code was used already")
	}
	return fail(op, err)
}

// ResealSecondFactor writes the same secret sealed anew, nil for one that is lost.
func (t *Tx) ResealSecondFactor(u UserID, secret []byte) error {
	const op = "reseal second factor"
	if err := t.writing(op); err != nil {
		return err
	}
	_, err := t.exec(`UPDATE second_factors SET secret = ? WHERE user_id = ?`, secret, u)
	return fail(op, err)
}

// DropSecondFactor takes a user's second factor and recovery codes away; pim.ErrNotFound without one.
func (t *Tx) DropSecondFactor(u UserID) error {
	const op = "drop second factor"
	if err := t.SetRecoveryCodes(u, nil); err != nil {
		return err
	}
	n, err := t.exec(`DELETE FROM second_factors WHERE user_id = ?`, u)
	if err == nil && n == 0 {
		return notFound(op, "second factor")
	}
	return fail(op, err)
}

// SetRecoveryCodes puts hashes of codes in the place of a user's earlier ones.
func (t *Tx) SetRecoveryCodes(u UserID, codes [][]byte) error {
	const op = "set recovery codes"
	if err := t.writing(op); err != nil {
		return err
	}
	if _, err := t.exec(`DELETE FROM recovery_codes WHERE user_id = ?`, u); err != nil {
		return fail(op, err)
	}
	for _, hash := range codes {
		if _, err := t.insert(op, &RecoveryCode{u, hash}); err != nil {
			return err
		}
	}
	return nil
}

// RecoveryCodes is how many codes a user has left.
func (t *Tx) RecoveryCodes(u UserID) (n int, err error) {
	err = t.row(`SELECT count(*) FROM recovery_codes WHERE user_id = ?`, u).Scan(&n)
	return n, fail("recovery codes", err)
}

// UseRecoveryCode takes a code, which is good no more then; pim.ErrNotFound where the user has none with that hash.
func (t *Tx) UseRecoveryCode(u UserID, hash []byte) error {
	const op = "use recovery code"
	if err := t.writing(op); err != nil {
		return err
	}
	n, err := t.exec(`DELETE FROM recovery_codes WHERE user_id = ? AND hash = ?`, u, hash)
	if err == nil && n == 0 {
		return notFound(op, "recovery code")
	}
	return fail(op, err)
}

// AddTie ties a user to who they are elsewhere; pim.ErrExists where either is tied.
func (t *Tx) AddTie(k Tie) error {
	const op = "add tie"
	k.CreatedAt = t.now
	added, err := t.insert(op, &k)
	if err == nil && !added {
		err = pim.Errorf("store: "+op, pim.ErrExists, "this account, or this person, is tied to another already")
	}
	return err
}

// TieOf returns the tie of somebody at an issuer; pim.ErrNotFound without one.
func (t *Tx) TieOf(issuer, subject string) (Tie, error) {
	k, err := take[Tie](t, "issuer = ? AND subject = ?", issuer, subject)
	return k, fail("tie", err)
}

// TieOfUser returns a user's tie; pim.ErrNotFound without one.
func (t *Tx) TieOfUser(u UserID) (Tie, error) {
	k, err := take[Tie](t, "user_id = ?", u)
	return k, fail("tie", err)
}

// DropTie forgets who a user is elsewhere; pim.ErrNotFound without a tie.
func (t *Tx) DropTie(u UserID) error {
	const op = "drop tie"
	if err := t.writing(op); err != nil {
		return err
	}
	n, err := t.exec(`DELETE FROM ties WHERE user_id = ?`, u)
	if err == nil && n == 0 {
		return notFound(op, "tie")
	}
	return fail(op, err)
}
