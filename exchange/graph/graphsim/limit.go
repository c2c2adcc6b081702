package graphsim

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// window is the time that requests are counted over.
const window = 10 * time.Minute

// limits are Outlook's: so many requests at once and in ten minutes, for each application and mailbox.
type limits struct {
	mu    sync.Mutex
	now   func() time.Time
	slots int // negative is no limit
	rate  int
	users map[string]*usage
}

type usage struct {
	busy, served int
	since        time.Time
}

// enter takes a place for a request; release gives it back. Requests that are about no mailbox need none.
func (s *Sim) enter(req *request) (release func(), r *refusal) {
	if req.kind != "token" && req.kind != "batch" && (at(req.path, 0) == "me" || at(req.path, 0) == "users" && len(req.path) > 1) {
		g := req.grant
		if g == nil {
			token, _ := strings.CutPrefix(req.header.Get("Authorization"), "Bearer ")
			s.grants.mu.Lock()
			g = s.grants.tokens[token]
			s.grants.mu.Unlock()
		}
		switch {
		case g == nil: // it will be refused for that
		case at(req.path, 0) == "me":
			return s.limits.enter(g.app + " " + strings.ToLower(g.user))
		default:
			return s.limits.enter(g.app + " " + strings.ToLower(req.path[1]))
		}
	}
	return func() {}, nil
}

func (l *limits) enter(key string) (release func(), r *refusal) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.users == nil {
		l.users = map[string]*usage{}
	}
	u := l.users[key]
	if u == nil {
		u = &usage{since: l.now()}
		l.users[key] = u
	}
	age := l.now().Sub(u.since)
	if age >= window {
		u.since, u.served, age = l.now(), 0, 0
	}
	switch {
	case l.slots > 0 && u.busy >= l.slots:
		return nil, tooMany("Application is over its MailboxConcurrency limit.", 1)
	case l.rate > 0 && u.served >= l.rate:
		return nil, tooMany("Application is over its RequestCount limit.", int(math.Ceil((window - age).Seconds())))
	}
	u.busy++
	u.served++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		u.busy--
	}, nil
}

// tooMany is a 429 with the seconds to wait; 0 sends none, as some parts of the service do.
func tooMany(message string, seconds int) *refusal {
	r := refuse(http.StatusTooManyRequests, "ApplicationThrottled", "%s", message)
	if seconds > 0 {
		r.header = map[string]string{"Retry-After": strconv.Itoa(seconds)}
	}
	return r
}
