package ews

import (
	"crypto/sha256"
	"log/slog"
	"sync"

	"crmbridge/exchange"
)

// streams are the hubs of a program: links of one mailbox with the same login share one, since Exchange bears few connections of an
// account. A hub belongs to the link that made it; when that is closed, the others go on with one of their own.
type streams struct {
	mu   sync.Mutex
	open map[string]*hub
	// places are those of accounts for calls at once. They stay: there are no more than accounts.
	places map[string]chan struct{}
}

func newStreams() *streams {
	return &streams{open: map[string]*hub{}, places: map[string]chan struct{}{}}
}

// placesOf are the places of an account at a server.
func (s *streams) placesOf(server, payer string) chan struct{} {
	key := server + "\x00" + payer
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.places[key] == nil {
		s.places[key] = make(chan struct{}, concurrency)
	}
	return s.places[key]
}

// loginOf tells apart what can share a stream: links with the same settings, of which nothing is kept in clear.
func loginOf(s exchange.Settings) string {
	h := sha256.New()
	for _, o := range Driver().All() {
		_, _ = h.Write([]byte(o.Name + "\x00" + s[o.Name] + "\x00"))
	}
	return string(h.Sum(nil))
}

// of is the hub to watch by; nil when the mailbox is closed.
func (s *streams) of(m *mail) *hub {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.isClosed() {
		return nil
	}
	h := s.open[m.login]
	if h == nil {
		log := m.env.Log
		if log == nil {
			log = slog.New(slog.DiscardHandler)
		}
		h = newHub(m.account, log)
		s.open[m.login] = h
	}
	return h
}

// leave ends what belongs to a mailbox, which is closed already.
func (s *streams) leave(m *mail) {
	s.mu.Lock()
	h := s.open[m.login]
	if h == nil || h.account != m.account {
		s.mu.Unlock()
		return
	}
	delete(s.open, m.login)
	s.mu.Unlock()
	h.close()
}
