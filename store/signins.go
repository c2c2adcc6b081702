package store

import (
	"time"

	"crmbridge/pim"
)

// SignIn is what lets the bridge in at a remote by a person's own login, for links that name it: a token that is exchanged for
// others, and may itself be another one after each use.
type SignIn struct {
	ID     SignInID `gorm:"primaryKey"`
	UserID UserID
	Driver string
	Name   string // unique per user and driver
	// Account is who signed in, as the remote says.
	Account string
	// Token is sealed; nil when the key is lost.
	Token []byte
	// Fault is the public text of why the token is good no more; "" while it is.
	Fault string
	// LeaseOwner uses the token now, until LeaseUntil at the latest: two at once could make each other's worthless.
	LeaseOwner string
	LeaseUntil *time.Time
	CreatedAt  time.Time
	UpdatedAt  time.Time // of the token
}

// PutSignIn makes a sign-in, or takes the place of the one with the same user, driver and name, whose id it keeps. seal is given
// the id, to which the token is bound.
func (t *Tx) PutSignIn(in SignIn, seal func(SignInID) ([]byte, error)) (SignIn, error) {
	const op = "put sign-in"
	old, err := t.SignInByName(in.UserID, in.Driver, in.Name)
	if err != nil && pim.ReasonOf(err) != pim.ErrNotFound {
		return in, err
	}
	in.ID, in.CreatedAt, in.UpdatedAt = old.ID, old.CreatedAt, t.now
	if in.ID == 0 {
		in.CreatedAt = t.now
		if _, err := t.insert(op, &in); err != nil {
			return in, err
		}
	}
	if in.Token, err = seal(in.ID); err != nil {
		return in, err
	}
	// Whoever uses the old one keeps nothing of it.
	in.Fault, in.LeaseOwner, in.LeaseUntil = "", "", nil
	return in, t.save(op, "sign-in", &in, "Account", "Token", "Fault", "LeaseOwner", "LeaseUntil", "UpdatedAt")
}

// SignInByName returns a user's sign-in, else pim.ErrNotFound.
func (t *Tx) SignInByName(u UserID, driver, name string) (SignIn, error) {
	in, err := take[SignIn](t, "user_id = ? AND driver = ? AND name = ?"+t.forUpdate(), u, driver, name)
	return in, fail("sign-in", err)
}

// SignIns returns those of a user, of all users when u is 0, by id.
func (t *Tx) SignIns(u UserID) ([]SignIn, error) {
	all, err := find[SignIn](t, "user_id = ? OR ? = 0 ORDER BY id", u, u)
	return all, fail("sign-ins", err)
}

// DeleteSignIn forgets one; pim.ErrNotFound without it.
func (t *Tx) DeleteSignIn(id SignInID) error {
	const op = "delete sign-in"
	if err := t.writing(op); err != nil {
		return err
	}
	n, err := t.exec(`DELETE FROM sign_ins WHERE id = ?`, id)
	if err == nil && n == 0 {
		return notFound(op, "sign-in")
	}
	return fail(op, err)
}

// AcquireSignIn makes owner the one that uses a sign-in until a time. It fails (false) while another owner does, unless steal says
// that this owner is gone; nil never says so.
func (t *Tx) AcquireSignIn(id SignInID, owner string, until time.Time, steal func(owner string) bool) (bool, error) {
	const op = "acquire sign-in"
	if err := t.writing(op); err != nil {
		return false, err
	}
	in, err := take[SignIn](t, "id = ?"+t.forUpdate(), id)
	if err != nil {
		return false, fail(op, err)
	}
	held := in.LeaseOwner != "" && in.LeaseOwner != owner && in.LeaseUntil != nil && in.LeaseUntil.After(t.now)
	if held && (steal == nil || !steal(in.LeaseOwner)) {
		return false, nil
	}
	_, err = t.exec(`UPDATE sign_ins SET lease_owner = ?, lease_until = ? WHERE id = ?`, owner, until.UTC(), id)
	return err == nil, fail(op, err)
}

// KeepSignIn ends owner's use: a token that is not nil takes the place of the old one, fault is why it is good no more.
// pim.ErrConflict when another has taken over meanwhile; then nothing is written.
func (t *Tx) KeepSignIn(id SignInID, owner string, token []byte, fault string) error {
	const op = "keep sign-in"
	if err := t.writing(op); err != nil {
		return err
	}
	set, args := `fault = ?, lease_owner = '', lease_until = NULL`, []any{fault}
	if token != nil {
		set += `, token = ?, updated_at = ?`
		args = append(args, token, t.now)
	}
	n, err := t.exec(`UPDATE sign_ins SET `+set+` WHERE id = ? AND lease_owner = ?`, append(args, id, owner)...)
	if err == nil && n == 0 {
		return pim.Errorf("store: "+op, pim.ErrConflict, "somebody has signed in anew meanwhile")
	}
	return fail(op, err)
}

// ResealSignIn writes the same token sealed anew, nil for one that is lost.
func (t *Tx) ResealSignIn(id SignInID, token []byte, fault string) error {
	const op = "reseal sign-in"
	if err := t.writing(op); err != nil {
		return err
	}
	_, err := t.exec(`UPDATE sign_ins SET token = ?, fault = ? WHERE id = ?`, token, fault, id)
	return fail(op, err)
}
