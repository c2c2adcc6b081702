package admin

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/gorilla/sessions"

	"crmbridge/auth"
	"crmbridge/pim"
	"crmbridge/store"
)

const (
	// sessionIdle ends a session that nobody uses, sessionMost any. freshFor is how long it is known who somebody is, for what needs more than
	// a session that was left open.
	sessionIdle = 24 * time.Hour
	sessionMost = 30 * 24 * time.Hour
	freshFor    = 10 * time.Minute
	// seenEvery is how often a session that does not change is noted as used.
	seenEvery = 5 * time.Minute
)

// state is what is known of a session. The zero state is of somebody who is not signed in.
type state struct {
	store.Session
	user store.User
	kept kept
}

// kept is what the pages keep with a session.
type kept struct {
	Notices []notice `json:"notices,omitempty"` // for the next page
}

// notice is what became of something that somebody did, to be told once.
type notice struct {
	Bad  bool   `json:"bad,omitempty"`
	Text string `json:"text"`
}

// stateKey is where a session has its state.
type stateKey struct{}

// rows is a sessions.Store: the cookie has a secret, a row under its hash the rest. A visitor who is not signed in has a secret too, from
// which the token of forms is made, and no row.
type rows struct {
	store  *store.Store
	now    func() time.Time
	random io.Reader
	secure bool
	log    *slog.Logger
}

// cookie is the name and the kind of the cookie. Names with __Host- are taken by browsers from this host only, over TLS (RFC 6265bis 4.1.3).
func (s *rows) cookie() (string, *sessions.Options) {
	o := &sessions.Options{Path: "/", MaxAge: int(sessionMost / time.Second), HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteStrictMode}
	if s.secure {
		return "__Host-bridge", o
	}
	return "bridge", o
}

// Get implements sessions.Store.
func (s *rows) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(s, name)
}

// New implements sessions.Store. A cookie that no row belongs to is a visitor's.
func (s *rows) New(r *http.Request, name string) (*sessions.Session, error) {
	out := sessions.NewSession(s, name)
	_, out.Options = s.cookie()
	out.IsNew = true
	st := &state{}
	out.Values[stateKey{}] = st
	c, err := r.Cookie(name)
	if err != nil || !wellFormed(c.Value) {
		return out, nil
	}
	out.ID, out.IsNew = c.Value, false
	err = s.store.View(r.Context(), func(tx *store.Tx) (err error) {
		st.Session, st.user, err = tx.Session(auth.HashSecret(c.Value))
		return err
	})
	if errors.Is(err, pim.ErrNotFound) {
		*st = state{}
		return out, nil
	}
	if err == nil && len(st.Data) > 0 {
		err = json.Unmarshal(st.Data, &st.kept)
	}
	return out, err
}

// secretLength is that of a cookie's value: 256 bits.
const secretLength = 43

func wellFormed(secret string) bool {
	b, err := base64.RawURLEncoding.DecodeString(secret)
	return err == nil && len(b) == 32 && len(secret) == secretLength
}

// Save implements sessions.Store: a row for who is signed in, and the cookie where it is new. A session with MaxAge -1 ends.
func (s *rows) Save(r *http.Request, w http.ResponseWriter, out *sessions.Session) error {
	st := stateOf(out)
	if out.Options.MaxAge < 0 {
		http.SetCookie(w, sessions.NewCookie(out.Name(), "", out.Options))
		return s.store.Update(r.Context(), func(tx *store.Tx) error { return tx.EndSession(auth.HashSecret(out.ID)) })
	}
	if fresh := out.ID == ""; fresh {
		b := make([]byte, 32)
		if _, err := io.ReadFull(s.random, b); err != nil {
			return fmt.Errorf("admin: session: %w", err)
		}
		out.ID = base64.RawURLEncoding.EncodeToString(b)
		http.SetCookie(w, sessions.NewCookie(out.Name(), out.ID, out.Options))
	}
	if st.user.ID == 0 {
		return nil
	}
	var err error
	if st.Data, err = json.Marshal(st.kept); err != nil {
		return err
	}
	return s.store.Update(r.Context(), func(tx *store.Tx) error {
		if st.Hash == nil {
			st.Hash, st.UserID = auth.HashSecret(out.ID), st.user.ID
			st.ExpiresAt, st.ConfirmedAt = s.now().Add(sessionIdle), s.now()
			st.Session, err = tx.CreateSession(st.Session)
			return err
		}
		st.ExpiresAt = s.now().Add(sessionIdle)
		if most := st.CreatedAt.Add(sessionMost); most.Before(st.ExpiresAt) {
			st.ExpiresAt = most
		}
		err := tx.UpdateSession(st.Session)
		if errors.Is(err, pim.ErrNotFound) {
			return nil // ended meanwhile, which this request has to obey no more
		}
		return err
	})
}

func stateOf(s *sessions.Session) *state { return s.Values[stateKey{}].(*state) }
