package bridge

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crmbridge/e2e/creatio"
	"crmbridge/e2e/exchangelib"
	"crmbridge/e2e/plain"
	"crmbridge/internal/testenv"
)

// Serve starts "bridge serve" with an empty database: the one at databaseURL or, when that is "", a SQLite file. CRMs on
// this machine are allowed, and links are polled every two seconds unless they say otherwise. More lines of the configuration may follow.
func Serve(tb testing.TB, databaseURL string, more ...string) *Instance {
	tb.Helper()
	dir := tb.TempDir()
	port := testenv.FreePort(tb)
	i := &Instance{Base: fmt.Sprintf("http://127.0.0.1:%d/", port), Config: filepath.Join(dir, "config.yaml"), program: Program(tb)}
	if databaseURL == "" {
		databaseURL = "bridge.db"
	}
	config := strings.Join([]string{
		"server:", fmt.Sprintf("  listen: 127.0.0.1:%d", port),
		"database:", fmt.Sprintf("  url: %q", databaseURL),
		// The cost of a password is not what is tested here.
		"auth:", "  hash_memory: 8", "  hash_time: 1",
		"relay:", "  interval: 2s", "  sweep: 1s",
		"outbound:", "  allow: [127.0.0.0/8]", ""}, "\n") + strings.Join(append(more, ""), "\n")
	if err := os.WriteFile(i.Config, []byte(config), 0o600); err != nil {
		tb.Fatal(err)
	}
	i.Restart(tb)
	return i
}

// Restart starts "bridge serve" again after Kill or Stop.
func (i *Instance) Restart(tb testing.TB) {
	tb.Helper()
	i.start(tb, "serve", "--config", i.Config)
}

// DemoInstance is a running "bridge demo": a bridge with one user, linked to a simulated Creatio with sample data and to a
// simulated Exchange Server.
type DemoInstance struct {
	Instance
	Account plain.Account
	CRM     *creatio.CRM
	Mailbox exchangelib.Mailbox
}

// Demo starts "bridge demo" and waits until its addresses are known, as a newcomer does.
func Demo(tb testing.TB) *DemoInstance {
	tb.Helper()
	d := &DemoInstance{Instance: Instance{Base: fmt.Sprintf("http://127.0.0.1:%d/", testenv.FreePort(tb)),
		Config: filepath.Join(tb.TempDir(), "config.yaml"), program: Program(tb)}}
	d.Restart(tb)
	return d
}

// Restart starts "bridge demo" again with the same address and folder after Kill or Stop.
func (d *DemoInstance) Restart(tb testing.TB) {
	tb.Helper()
	dir := filepath.Dir(d.Config)
	env := filepath.Join(dir, "demo.env")
	if err := os.RemoveAll(env); err != nil {
		tb.Fatal(err)
	}
	address := strings.TrimSuffix(strings.TrimPrefix(d.Base, "http://"), "/")
	d.start(tb, "demo", "--addr", address, "--dir", dir, "--env", env)
	var values map[string]string
	testenv.Until(tb, time.Minute, "the demo's addresses", func() (err error) {
		values, err = readEnv(env)
		return err
	})
	for _, name := range []string{"BRIDGE_URL", "BRIDGE_USER", "BRIDGE_PASSWORD", "CRM_URL", "CRM_USER", "CRM_PASSWORD", "EXCHANGE_URL", "EXCHANGE_USER", "EXCHANGE_PASSWORD"} {
		if values[name] == "" {
			tb.Fatalf("the demo's --env file has no %s", name)
		}
	}
	account := plain.Account{Base: strings.TrimSuffix(values["BRIDGE_URL"], "/") + "/", User: values["BRIDGE_USER"], Password: values["BRIDGE_PASSWORD"]}
	if d.CRM != nil && account != d.Account {
		tb.Errorf("the demo's account changed from %+v to %+v", d.Account, account)
	}
	d.Account = account
	d.Mailbox = exchangelib.Mailbox{URL: values["EXCHANGE_URL"] + "/EWS/Exchange.asmx", User: values["EXCHANGE_USER"], Password: values["EXCHANGE_PASSWORD"]}
	d.CRM = creatio.SignIn(tb, values["CRM_URL"], values["CRM_USER"], values["CRM_PASSWORD"])
}

// readEnv reads KEY=value lines.
func readEnv(path string) (map[string]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			values[key] = value
		}
	}
	return values, nil
}
