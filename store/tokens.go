package store

import (
	"reflect"

	"crmbridge/pim"
)

// CreateToken adds an app password; the id and time are filled in. pim.ErrExists
// when the hash is known, pim.ErrNotFound without the user.
func (t *Tx) CreateToken(k Token) (Token, error) {
	k.ID, k.CreatedAt = 0, t.now
	added, err := t.insert("create token", &k)
	if err == nil && !added {
		err = pim.Errorf("store: create token", pim.ErrExists, "this app password exists already")
	}
	return k, err
}

// TokenByHash returns the app password with that hash, expired and revoked ones
// too: the caller decides. pim.ErrNotFound when there is none.
func (t *Tx) TokenByHash(hash []byte) (Token, error) {
	k, err := take[Token](t, "hash = ?", hash)
	return k, fail("token by hash", err)
}

// Login returns the account with a name and its app password with a hash, expired and revoked ones too;
// pim.ErrNotFound when the two do not belong together. It is what nearly every request asks for first, in one query.
func (t *Tx) Login(name string, hash []byte) (u User, k Token, err error) {
	users, err := t.s.tables.of(t.s, &u)
	if err != nil {
		return u, k, err
	}
	tokens, err := t.s.tables.of(t.s, &k)
	if err != nil {
		return u, k, err
	}
	query := t.s.tables.text("login", func() string {
		return "SELECT " + users.of("u") + ", " + tokens.of("k") + " FROM tokens AS k JOIN users AS u ON u.id = k.user_id WHERE k.hash = ? AND u.name = ?"
	})
	to := append(users.scan(reflect.ValueOf(&u).Elem()), tokens.scan(reflect.ValueOf(&k).Elem())...)
	err = t.row(query, hash, name).Scan(to...)
	return u, k, fail("login", err)
}

// Tokens returns all app passwords of a user, revoked ones too, oldest first.
func (t *Tx) Tokens(u UserID) ([]Token, error) {
	var ks []Token
	err := t.db().Where("user_id = ?", u).Order("id").Find(&ks).Error
	return ks, fail("tokens", err)
}

// RevokeToken ends an app password of a user; doing it twice is no error.
// pim.ErrNotFound when the user has no such token.
func (t *Tx) RevokeToken(u UserID, id TokenID) error {
	if err := t.writing("revoke token"); err != nil {
		return err
	}
	n, err := t.exec(`UPDATE tokens SET revoked_at = coalesce(revoked_at, ?) WHERE id = ? AND user_id = ?`, t.now, id, u)
	if err == nil && n == 0 {
		return notFound("revoke token", "app password")
	}
	return fail("revoke token", err)
}

// TouchToken notes that an app password was used now, from where and by what.
func (t *Tx) TouchToken(id TokenID, ip, agent string) error {
	if err := t.writing("touch token"); err != nil {
		return err
	}
	n, err := t.exec(`UPDATE tokens SET last_used = ?, last_ip = ?, last_agent = ? WHERE id = ?`, t.now, ip, agent, id)
	if err == nil && n == 0 {
		return notFound("touch token", "app password")
	}
	return fail("touch token", err)
}
