//go:build e2e

package e2e

import (
	"testing"

	"crmbridge/e2e/evolution"
	"crmbridge/e2e/peer"
	"crmbridge/e2e/plain"
	"crmbridge/e2e/thunderbird"
	"crmbridge/e2e/vdirsyncer"
	"crmbridge/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// clients are the scripts that work against any server.
var clients = []struct {
	name  string
	check func(*testing.T, plain.Target)
}{
	{"vdirsyncer", vdirsyncer.Check},
	{"evolution", evolution.Check},
	{"thunderbird", thunderbird.Check},
}

func TestPeerRadicale(t *testing.T) {
	for _, client := range clients {
		t.Run(client.name, func(t *testing.T) {
			t.Parallel()
			client.check(t, peer.Radicale(t))
		})
	}
}

func TestPeerXandikos(t *testing.T) {
	for _, client := range clients {
		if client.name == "thunderbird" {
			continue // see peer.Xandikos
		}
		t.Run(client.name, func(t *testing.T) {
			t.Parallel()
			client.check(t, peer.Xandikos(t))
		})
	}
}
