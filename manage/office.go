package manage

import (
	"io"
	"strings"
	"time"

	"crmbridge/auth"
	"crmbridge/pim"
	"crmbridge/relay"
	"crmbridge/secret"
	"crmbridge/store"
)

// Office is the bridge as those see it who manage it. Its calls may be made at the same time.
type Office struct {
	Store *store.Store
	Auth  *auth.Service
	Now   func() time.Time
	// Engine, Jobs and Connections are of the relay.
	Engine      *relay.Engine
	Jobs        *relay.Jobs
	Connections *relay.Connections
	// Keeper seals what links log in with.
	Keeper  *secret.Keeper
	KeyFile string // where it is kept
	Drivers Drivers
	// Interval is the time between polls of links that do not say.
	Interval time.Duration
	// Random is where secrets come from: crypto/rand.Reader outside tests.
	Random io.Reader
	// Address is where people reach the server, without a final slash: feeds and devices are told.
	Address string
}

// User finds an account by its name. Errors: pim.ErrNotFound.
func User(tx *store.Tx, name string) (store.User, error) {
	u, err := tx.UserByName(strings.ToLower(strings.TrimSpace(name)))
	if pim.ReasonOf(err) == pim.ErrNotFound && err != nil {
		return u, pim.Errorf("user", pim.ErrNotFound, "there is no account %q", name)
	}
	return u, err
}

// Users are all accounts, or the named one; "" is all.
func Users(tx *store.Tx, name string) ([]store.User, error) {
	if name == "" {
		return tx.Users()
	}
	u, err := User(tx, name)
	return []store.User{u}, err
}
