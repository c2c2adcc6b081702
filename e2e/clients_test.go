//go:build e2e

package e2e

import (
	"testing"

	"crmbridge/e2e/bridge"
	"crmbridge/e2e/cadaver"
	"crmbridge/e2e/khal"
	"crmbridge/e2e/khard"
	"crmbridge/e2e/litmus"
	"crmbridge/e2e/pythoncaldav"
	"crmbridge/e2e/tsdav"
)

var (
	byKhal         = client{"khal", khal.Check}
	byKhard        = client{"khard", khard.Check}
	byCadaver      = client{"cadaver", cadaver.Check}
	byLitmus       = client{"litmus", litmus.Check}
	byPythonCalDAV = client{"python-caldav", pythoncaldav.Check}
	byTsdav        = client{"tsdav", tsdav.Check}
)

// Programs that need an account and nothing else; one bridge serves them all, each with an account of its own.
func TestServeClients(t *testing.T) {
	t.Parallel()
	b := bridge.Serve(t, "")
	for _, client := range []client{
		byKhal, byKhard, byCadaver, byLitmus, byPythonCalDAV, byTsdav,
	} {
		t.Run(client.name, func(t *testing.T) {
			t.Parallel()
			client.check(t, plainAccount(t, b, "at-"+client.name))
		})
	}
}
