package manage

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"crmbridge/auth"
	"crmbridge/pim"
	"crmbridge/store"
)

// Device is an app password: people give one to each of their devices, and to programs that use the API.
type Device struct {
	ID        store.TokenID `json:"id"`
	User      string        `json:"user"`
	Name      string        `json:"name"` // "Ann's phone"
	Hint      string        `json:"hint"` // what the password ends in
	ReadOnly  bool          `json:"readOnly"`
	API       bool          `json:"api"` // it is a token for programs that use the API, and opens nothing else
	Created   time.Time     `json:"created"`
	Expires   *time.Time    `json:"expires,omitempty"`
	Revoked   *time.Time    `json:"revoked,omitempty"`
	LastUsed  *time.Time    `json:"lastUsed,omitempty"`
	LastIP    string        `json:"lastIP,omitempty"`
	LastAgent string        `json:"lastAgent,omitempty"`
	// Secret is the password itself, in the answer to AddDevice only.
	Secret string `json:"secret,omitempty"`
}

func deviceOf(u store.User, t store.Token) Device {
	return Device{ID: t.ID, User: u.Name, Name: t.Name, Hint: t.Hint, ReadOnly: t.ReadOnly, API: t.Scope == store.ScopeAPI, Created: t.CreatedAt,
		Expires: t.ExpiresAt, Revoked: t.RevokedAt, LastUsed: t.LastUsed, LastIP: t.LastIP, LastAgent: t.LastAgent}
}

// State is a word for how a device stands at a time: active, read only, expired or revoked.
func (d Device) State(now time.Time) string {
	switch {
	case d.Revoked != nil:
		return "revoked"
	case d.Expires != nil && !now.Before(*d.Expires):
		return "expired"
	case d.ReadOnly:
		return "read only"
	}
	return "active"
}

// DeviceKey is the name by which the store knows the device of an app password.
func DeviceKey(id store.TokenID) string { return fmt.Sprintf("token:%d", id) }

// NewDevice is an app password to be made.
type NewDevice struct {
	User, Name string
	ReadOnly   bool
	// API makes a token for programs that use the API instead of a device.
	API bool
	// Days after which it ends; 0 is never.
	Days int
}

// longestName is how many characters the name of a device may have.
const longestName = 100

// check completes n. People revoke app passwords by the name when a device is lost.
func (n *NewDevice) check() error {
	const op = "token add"
	n.Name = strings.TrimSpace(n.Name)
	switch {
	case n.Days < 0:
		return wrong(op, "days", "must not be negative")
	case n.Name == "":
		return wrong(op, "name", "must say which device the password is for, such as \"Ann's phone\"")
	case !shown(n.Name):
		return wrong(op, "name", "has characters that cannot be shown, such as line breaks")
	case utf8.RuneCountInString(n.Name) > longestName:
		return wrong(op, "name", "is too long: it may have %d characters", longestName)
	}
	return nil
}

// AddDevice makes an app password. Errors: a Fault, pim.ErrNotFound, pim.ErrExists where one of that name works already.
func (o *Office) AddDevice(ctx context.Context, n NewDevice) (row Device, err error) {
	act := "device.add"
	if n.API {
		act = "device.token"
	}
	d, err := o.begin(ctx, act, n.User+": "+n.Name)
	if err != nil {
		return row, err
	}
	defer d.end(&err)
	if err := n.check(); err != nil {
		return Device{}, err
	}
	secret, err := auth.NewSecret(o.Random)
	if err != nil {
		return Device{}, err
	}
	t := store.Token{Name: n.Name, Hash: auth.HashSecret(secret), Hint: auth.Hint(secret), ReadOnly: n.ReadOnly}
	if n.API {
		t.Scope = store.ScopeAPI
	}
	if n.Days > 0 {
		end := o.Now().AddDate(0, 0, n.Days)
		t.ExpiresAt = &end
	}
	err = o.Store.Update(ctx, func(tx *store.Tx) error {
		u, err := User(tx, n.User)
		if err != nil {
			return err
		}
		if err := deviceIsNew(tx, u, n.Name, o.Now()); err != nil {
			return err
		}
		t.UserID = u.ID
		made, err := tx.CreateToken(t)
		row = deviceOf(u, made)
		return err
	})
	row.Secret = secret
	return row, err
}

// deviceIsNew refuses a second app password of one name that works.
func deviceIsNew(tx *store.Tx, u store.User, name string, now time.Time) error {
	ts, err := tx.Tokens(u.ID)
	if err != nil {
		return err
	}
	for _, t := range ts {
		if ended := t.RevokedAt != nil || t.ExpiresAt != nil && !now.Before(*t.ExpiresAt); !ended && strings.EqualFold(t.Name, name) {
			return taken("token add", "name", "%q is that of app password %d of %s already; give another one, or end that with `bridge token revoke %d`", t.Name, t.ID, u.Name, t.ID)
		}
	}
	return nil
}

// Devices lists the app passwords of an account, or of all for "", also those that ended.
func (o *Office) Devices(ctx context.Context, account string) (rows []Device, err error) {
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		rows = []Device{}
		return eachToken(tx, account, func(u store.User, t store.Token) error {
			rows = append(rows, deviceOf(u, t))
			return nil
		})
	})
	return rows, err
}

func eachToken(tx *store.Tx, account string, do func(store.User, store.Token) error) error {
	us, err := Users(tx, account)
	if err != nil {
		return err
	}
	for _, u := range us {
		ts, err := tx.Tokens(u.ID)
		if err != nil {
			return err
		}
		for _, t := range ts {
			if err := do(u, t); err != nil {
				return err
			}
		}
	}
	return nil
}

// RevokeDevice ends an app password at once; account may be "", for any. already says that it had been revoked before.
// Errors: pim.ErrNotFound.
func (o *Office) RevokeDevice(ctx context.Context, account string, id store.TokenID) (row Device, already bool, err error) {
	d, err := o.begin(ctx, "device.revoke", fmt.Sprint(id))
	if err != nil {
		return row, already, err
	}
	defer d.end(&err)
	err = o.Store.Update(ctx, func(tx *store.Tx) error {
		u, was, err := tokenNumbered(tx, account, id)
		if err != nil {
			return err
		}
		if already = was.RevokedAt != nil; !already {
			if err := tx.RevokeToken(u.ID, id); err != nil {
				return err
			}
		}
		_, is, err := tokenNumbered(tx, account, id)
		if err != nil {
			return err
		}
		row = deviceOf(u, is)
		d.of(row.User, row.Name)
		// What the device has seen is of no use any more.
		return tx.ForgetDevice(DeviceKey(id))
	})
	return row, already, err
}

func tokenNumbered(tx *store.Tx, account string, id store.TokenID) (owner store.User, found store.Token, err error) {
	err = eachToken(tx, account, func(u store.User, t store.Token) error {
		if t.ID == id {
			owner, found = u, t
		}
		return nil
	})
	if err == nil && found.ID == 0 {
		err = pim.Errorf("token", pim.ErrNotFound, "there is no app password %d", id)
	}
	return owner, found, err
}
