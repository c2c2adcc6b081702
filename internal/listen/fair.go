package listen

import (
	"log/slog"
	"net"
	"sync"
)

// fair closes connections of a network that has as many as it may have.
type fair struct {
	net.Listener
	most int
	of   func(addr string) string
	log  *slog.Logger

	mu   sync.Mutex
	open map[string]int // by network; one without connections takes no room
}

// Accept implements net.Listener.
func (f *fair) Accept() (net.Conn, error) {
	for {
		c, err := f.Listener.Accept()
		if err != nil {
			return nil, err
		}
		addr := c.RemoteAddr().String()
		network := f.of(addr)
		if network == "" {
			return c, nil
		}
		if f.enter(network) {
			return &shared{c, sync.OnceFunc(func() { f.leave(network) })}, nil
		}
		f.log.Debug("too many connections of one network", "address", addr)
		_ = c.Close()
	}
}

func (f *fair) enter(network string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.open[network] >= f.most {
		return false
	}
	f.open[network]++
	return true
}

func (f *fair) leave(network string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.open[network]--; f.open[network] <= 0 {
		delete(f.open, network)
	}
}

// shared is a connection that is counted until it is closed.
type shared struct {
	net.Conn
	leave func()
}

// Close implements net.Conn.
func (s *shared) Close() error {
	s.leave()
	return s.Conn.Close()
}
