package graph

import (
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sync/semaphore"

	"crmbridge/exchange"
)

// desks are the places for requests at once, one set for each mailbox that is open: Graph counts by application and mailbox, whichever
// link a request is of.
type desks struct {
	mu   sync.Mutex
	open map[string]*desk
}

type desk struct {
	places *semaphore.Weighted
	users  int
}

func newDesks() *desks { return &desks{open: map[string]*desk{}} }

// at are the places of a mailbox, most of them; links that want another number have their own. leave is called when they are not
// needed any more, again without harm.
func (d *desks) at(mailbox string, most int64) (places *semaphore.Weighted, leave func()) {
	key := mailbox + "\x00" + strconv.FormatInt(most, 10)
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.open[key]
	if t == nil {
		t = &desk{places: semaphore.NewWeighted(most)}
		d.open[key] = t
	}
	t.users++
	return t.places, sync.OnceFunc(func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if t.users--; t.users == 0 {
			delete(d.open, key)
		}
	})
}

// accountOf names what Graph counts requests by: the application and the mailbox. Names of sign-ins are each user's own.
func accountOf(env exchange.Env, s exchange.Settings) string {
	who := s["mailbox"]
	if s["sign_in"] != "" {
		who = strings.Join([]string{env.User, s["sign_in"], who}, "\x00")
	}
	return s["client_id"] + "\x00" + strings.ToLower(who)
}
