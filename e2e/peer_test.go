//go:build e2e

package e2e

import (
	"testing"

	"crmbridge/e2e/evolution"
	"crmbridge/e2e/gowebdav"
	"crmbridge/e2e/peer"
	"crmbridge/e2e/plain"
	"crmbridge/e2e/thunderbird"
	"crmbridge/e2e/vdirsyncer"
	"crmbridge/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// client is a script that works against any server.
type client struct {
	name  string
	check func(*testing.T, plain.Target)
}

var (
	byVdirsyncer  = client{"vdirsyncer", vdirsyncer.Check}
	byEvolution   = client{"evolution", evolution.Check}
	byThunderbird = client{"thunderbird", thunderbird.Check}
	byGoWebDAV    = client{"go-webdav", gowebdav.Check}
)

// Radicale neither makes calendars with MKCOL nor expands series nor answers 204, which the scripts of cadaver,
// python-caldav and tsdav ask for.
func TestPeerRadicale(t *testing.T) {
	t.Parallel()
	for _, client := range []client{byThunderbird, byEvolution, byVdirsyncer, byGoWebDAV, byKhal, byKhard} {
		t.Run(client.name, func(t *testing.T) {
			t.Parallel()
			client.check(t, peer.Radicale(t))
		})
	}
}

// Thunderbird's address book cannot be set up on a server that asks for no password, and Xandikos answers go-webdav's
// query of a month without the properties that it asks for.
func TestPeerXandikos(t *testing.T) {
	t.Parallel()
	for _, client := range []client{byEvolution, byVdirsyncer} {
		t.Run(client.name, func(t *testing.T) {
			t.Parallel()
			client.check(t, peer.Xandikos(t))
		})
	}
}
