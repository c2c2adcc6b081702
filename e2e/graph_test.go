//go:build e2e

package e2e

import (
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"crmbridge/e2e/graphclient"
	"crmbridge/exchange/graph/graphsim"
)

// Microsoft's own client judges the simulated Graph: what it cannot work with is wrong.
func TestGraphClientOnTheSimulator(t *testing.T) {
	t.Parallel()
	const user, client, secret, door = "ann@example.org", "bridge", "not secret", "door"
	sim, err := graphsim.New(graphsim.Options{ControlToken: door, Users: []graphsim.User{{Name: user, Zone: "Europe/Berlin"}},
		Apps: []graphsim.App{{ID: client, Secret: secret, Permissions: []string{graphsim.CalendarsReadWrite, graphsim.ContactsReadWrite,
			graphsim.TasksReadWriteAll, graphsim.MailReadWrite, graphsim.MailSend, graphsim.MailboxSettingsRead}}}})
	if err != nil {
		t.Fatal(err)
	}
	defer sim.Close()
	srv := httptest.NewTLSServer(sim)
	defer srv.Close()
	authority := filepath.Join(t.TempDir(), "authority.pem")
	if err := os.WriteFile(authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	graphclient.Check(t, graphclient.Target{URL: srv.URL, Authority: authority, Tenant: sim.Tenant(), Client: client, Secret: secret, User: user, ControlToken: door})
}
