package store

import "time"

// Session is a person who signed in at the pages. Only the hash of what the cookie carries is kept. Sessions are in no backup: whoever puts
// one back has to sign in again.
type Session struct {
	Hash   []byte `gorm:"primaryKey"` // SHA-256 of the cookie's secret
	UserID UserID
	// Data is what the pages keep with it: small, and nothing secret.
	Data      []byte
	CreatedAt time.Time
	SeenAt    time.Time // of the last request, minutes apart
	ExpiresAt time.Time
	// ConfirmedAt is when the person last proved who they are.
	ConfirmedAt time.Time
	IP          string
	Agent       string
}

// Ticket is a secret that is good for one use, such as the address at which the first administrator is made.
type Ticket struct {
	Hash      []byte `gorm:"primaryKey"` // SHA-256 of the secret
	Purpose   string
	CreatedAt time.Time
	ExpiresAt time.Time
}

// CreateSession adds a session, made and seen now.
func (t *Tx) CreateSession(s Session) (Session, error) {
	s.CreatedAt, s.SeenAt = t.now, t.now
	_, err := t.insert("create session", &s)
	return s, err
}

// Session returns the session with that hash and its user; pim.ErrNotFound without one, and for one that has expired or whose user is
// disabled.
func (t *Tx) Session(hash []byte) (s Session, u User, err error) {
	if s, err = take[Session](t, "hash = ? AND expires_at > ?", hash, t.now); err != nil {
		return s, u, fail("session", err)
	}
	if u, err = take[User](t, "id = ?", s.UserID); err == nil && u.Disabled {
		err = notFound("session", "session")
	}
	return s, u, fail("session", err)
}

// Sessions returns those of a user that have not expired, the newest first.
func (t *Tx) Sessions(u UserID) ([]Session, error) {
	all, err := find[Session](t, "user_id = ? AND expires_at > ? ORDER BY created_at DESC", u, t.now)
	return all, fail("sessions", err)
}

// UpdateSession writes what changes in a session, and that it was seen now. pim.ErrNotFound when it has ended meanwhile.
func (t *Tx) UpdateSession(s Session) error {
	const op = "update session"
	if err := t.writing(op); err != nil {
		return err
	}
	n, err := t.exec(`UPDATE sessions SET data = ?, seen_at = ?, expires_at = ?, confirmed_at = ?, ip = ?, agent = ? WHERE hash = ?`,
		s.Data, t.now, s.ExpiresAt.UTC(), s.ConfirmedAt.UTC(), s.IP, s.Agent, s.Hash)
	if err == nil && n == 0 {
		return notFound(op, "session")
	}
	return fail(op, err)
}

// EndSession forgets a session; doing it twice is no error.
func (t *Tx) EndSession(hash []byte) error {
	const op = "end session"
	if err := t.writing(op); err != nil {
		return err
	}
	_, err := t.exec(`DELETE FROM sessions WHERE hash = ?`, hash)
	return fail(op, err)
}

// EndSessions forgets all sessions of a user but the one with the hash that is kept (nil: none is).
func (t *Tx) EndSessions(u UserID, keep []byte) error {
	const op = "end sessions"
	if err := t.writing(op); err != nil {
		return err
	}
	if keep == nil {
		keep = []byte{}
	}
	_, err := t.exec(`DELETE FROM sessions WHERE user_id = ? AND hash <> ?`, u, keep)
	return fail(op, err)
}

// CreateTicket adds a ticket and ends earlier ones of its purpose.
func (t *Tx) CreateTicket(k Ticket) error {
	const op = "create ticket"
	if err := t.writing(op); err != nil {
		return err
	}
	if _, err := t.exec(`DELETE FROM tickets WHERE purpose = ?`, k.Purpose); err != nil {
		return fail(op, err)
	}
	k.CreatedAt = t.now
	_, err := t.insert(op, &k)
	return err
}

// Ticket returns the ticket with that hash and purpose; pim.ErrNotFound without one, and for one that has expired.
func (t *Tx) Ticket(hash []byte, purpose string) (Ticket, error) {
	k, err := take[Ticket](t, "hash = ? AND purpose = ? AND expires_at > ?", hash, purpose, t.now)
	return k, fail("ticket", err)
}

// UseTicket takes a ticket, which is good no more then. pim.ErrNotFound when Ticket would not find it.
func (t *Tx) UseTicket(hash []byte, purpose string) error {
	const op = "use ticket"
	if err := t.writing(op); err != nil {
		return err
	}
	n, err := t.exec(`DELETE FROM tickets WHERE hash = ? AND purpose = ? AND expires_at > ?`, hash, purpose, t.now)
	if err == nil && n == 0 {
		return notFound(op, "ticket")
	}
	return fail(op, err)
}

// ForgetExpired removes sessions and tickets that are good no more.
func (t *Tx) ForgetExpired() error {
	const op = "forget expired"
	if err := t.writing(op); err != nil {
		return err
	}
	_, err := t.exec(`DELETE FROM sessions WHERE expires_at <= ?`, t.now)
	if err == nil {
		_, err = t.exec(`DELETE FROM tickets WHERE expires_at <= ?`, t.now)
	}
	return fail(op, err)
}
