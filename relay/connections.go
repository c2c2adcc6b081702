package relay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/remote/several"
	"crmbridge/store"
)

// Connections opens the remotes of links and keeps them open between runs, so that
// a poll does not log in each time. It implements Opener.
type Connections struct {
	// Drivers by name: the table in cmd/bridge.
	Drivers map[string]remote.Driver
	// Unseal opens stored settings (package secret).
	Unseal func(purpose string, sealed []byte) ([]byte, error)
	// Env gives a driver what it needs for one link.
	Env func(l store.Link, u store.User, s remote.Settings) (remote.Env, error)
	// Now is the clock.
	Now func() time.Time

	mu   sync.Mutex
	open map[store.LinkID]connection
}

type connection struct {
	remote.Remote
	made string // the sealed settings it was opened with
}

// SealPurpose binds sealed settings to their link.
func SealPurpose(id store.LinkID) string { return fmt.Sprintf("link:%d", id) }

// Open returns the remote of l, opened anew when its settings changed. A run that
// still uses the old one finishes with an error and runs again.
func (c *Connections) Open(ctx context.Context, l store.Link, u store.User) (remote.Remote, error) {
	made := l.Driver + "\x00" + l.Remote + "\x00" + u.Zone + "\x00" + string(l.Settings)
	if rem := c.have(l.ID, made); rem != nil {
		return rem, nil
	}
	s, err := c.Settings(l)
	if err != nil {
		return nil, err
	}
	// Not under the lock: a driver that does I/O here must not hold up other links.
	rem, err := c.dial(ctx, l, u, s)
	if err != nil {
		return nil, err
	}
	rem = several.For(remote.CollectionID(l.Remote), rem, c.Now)
	c.mu.Lock()
	if c.open == nil {
		c.open = make(map[store.LinkID]connection)
	}
	old, twice := c.open[l.ID]
	if twice && old.made == made {
		c.mu.Unlock()
		return old.Remote, rem.Close() // another call was quicker
	}
	c.open[l.ID] = connection{Remote: rem, made: made}
	c.mu.Unlock()
	if twice {
		_ = old.Close() // its session ends by itself if this fails
	}
	return rem, nil
}

func (c *Connections) have(id store.LinkID, made string) remote.Remote {
	c.mu.Lock()
	defer c.mu.Unlock()
	if have, ok := c.open[id]; ok && have.made == made {
		return have.Remote
	}
	return nil
}

// Settings are the options of a link, secrets included: never to be shown as they are
// (remote.Driver.Redacted).
func (c *Connections) Settings(l store.Link) (remote.Settings, error) {
	plain, err := c.Unseal(SealPurpose(l.ID), l.Settings)
	if err != nil {
		return nil, pim.Wrap("relay: settings", pim.ErrInternal, err)
	}
	var s remote.Settings
	if err := json.Unmarshal(plain, &s); err != nil {
		return nil, pim.Wrap("relay: settings", pim.ErrInternal, err)
	}
	return s, nil
}

// Dial opens a remote that no link has yet, for a test of the settings. The caller
// closes it.
func (c *Connections) Dial(ctx context.Context, driver string, u store.User, s remote.Settings) (remote.Remote, error) {
	return c.dial(ctx, store.Link{Driver: driver, UserID: u.ID}, u, s)
}

func (c *Connections) dial(ctx context.Context, l store.Link, u store.User, s remote.Settings) (remote.Remote, error) {
	d, ok := c.Drivers[l.Driver]
	if !ok {
		return nil, pim.Errorf("relay: open", pim.ErrInvalid, "there is no driver %q", l.Driver)
	}
	s, err := d.Complete(s)
	if err != nil {
		return nil, &pim.Error{Op: "relay: open", Kind: pim.ErrInvalid, Public: err.Error()}
	}
	env, err := c.Env(l, u, s)
	if err != nil {
		return nil, err
	}
	return d.Open(ctx, env, s)
}

// Close closes every open remote.
func (c *Connections) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	for id, r := range c.open {
		errs = append(errs, r.Close())
		delete(c.open, id)
	}
	return errors.Join(errs...)
}
