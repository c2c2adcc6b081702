package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"crmbridge/admin"
	"crmbridge/auth"
	"crmbridge/crm/creatio/creatiosim"
	"crmbridge/feed"
	"crmbridge/internal/config"
	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/store"
)

// demoFlags are those of bridge demo.
type demoFlags struct{ addr, dir, env string }

func (p *program) demoCommand() *cobra.Command {
	var f demoFlags
	c := &cobra.Command{
		Use: "demo", Short: "Try it: a simulated Creatio and Exchange with sample data, the bridge and one account", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.demo(cmd.Context(), f) },
	}
	c.Flags().StringVar(&f.addr, "addr", "127.0.0.1:8080", "address to listen on")
	c.Flags().StringVar(&f.dir, "dir", "", "folder to keep the data in (default: a temporary one)")
	c.Flags().StringVar(&f.env, "env", "", "file to write addresses and credentials to, as KEY=value, once everything answers")
	return c
}

// demoAccess is what somebody needs to use the demo. It is kept in the folder, so
// that the same folder always has the same passwords.
type demoAccess struct {
	User         string `json:"user"`
	Password     string `json:"password"`
	CRMUser      string `json:"crmUser"`
	CRMPassword  string `json:"crmPassword"`
	CRMAddr      string `json:"crmAddr"`
	MailAddr     string `json:"mailAddr"`
	MailPassword string `json:"mailPassword"`
	MailToken    string `json:"mailToken"` // lets letters arrive at the simulated Exchange Server
	Feed         string `json:"feed"`      // the secret of the calendar's feed
}

func (p *program) demo(ctx context.Context, f demoFlags) error {
	if err := f.possible(ctx); err != nil {
		return err
	}
	dir, remove, err := demoDir(f.dir)
	if err != nil {
		return err
	}
	defer remove()
	acc, err := demoCredentials(filepath.Join(dir, "demo.json"))
	if err != nil {
		return err
	}
	crm, err := startSimulator(filepath.Join(dir, "creatio"), &acc)
	if err != nil {
		return err
	}
	defer crm.close()
	mail, err := startExchange(filepath.Join(dir, "exchange"), &acc)
	if err != nil {
		return err
	}
	defer mail.close()
	if err := saveCredentials(filepath.Join(dir, "demo.json"), acc); err != nil {
		return err
	}
	path := filepath.Join(dir, "config.yaml")
	file := fmt.Sprintf("# Written by bridge demo.\nserver:\n  listen: %q\nlog:\n  level: warn\nrelay:\n  sweep: 500ms\n  interval: 2s\noutbound:\n  allow: [\"127.0.0.0/8\"]\n", f.addr)
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	cfg, err := config.Parse(config.Source{Name: path, File: []byte(file), Env: p.env, ReadFile: os.ReadFile})
	if err != nil {
		return err
	}
	return p.serve(ctx, cfg, func(a *app, base string) error {
		if err := a.furnish(ctx, acc, crm.base, mail.base); err != nil {
			return err
		}
		if err := p.announce(acc, base, crm.base, mail.base, path); err != nil {
			return err
		}
		return writeEnv(f.env, acc, base, crm.base, mail.base)
	})
}

// possible checks what would only come out when everything else is made and printed.
func (f demoFlags) possible(ctx context.Context) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", f.addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("demo: %s is in use; choose another with --addr, such as --addr 127.0.0.1:8081", f.addr)
	}
	if err != nil {
		return fmt.Errorf("demo: --addr: %w", err)
	}
	if err := l.Close(); err != nil || f.env == "" {
		return err
	}
	if err := writable(filepath.Dir(f.env)); err != nil {
		return fmt.Errorf("demo: --env: %w", err)
	}
	if st, err := os.Stat(f.env); err == nil && st.IsDir() {
		return fmt.Errorf("demo: --env: %s is a folder", f.env)
	}
	return nil
}

// demoDir is the folder of the demo; a temporary one is removed at the end.
func demoDir(dir string) (string, func(), error) {
	if dir != "" {
		abs, err := filepath.Abs(dir)
		if err != nil {
			return "", nil, fmt.Errorf("demo: %w", err)
		}
		return abs, func() {}, os.MkdirAll(abs, 0o700)
	}
	dir, err := os.MkdirTemp("", "bridge-demo-")
	return dir, func() { _ = os.RemoveAll(dir) }, err
}

func demoCredentials(path string) (demoAccess, error) {
	acc := demoAccess{User: "demo", CRMUser: "Supervisor", CRMAddr: "127.0.0.1:0", MailAddr: "127.0.0.1:0"}
	b, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(b, &acc)
	} else if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err != nil {
		return demoAccess{}, fmt.Errorf("demo: %w", err)
	}
	for at, length := range map[*string]int{&acc.Password: 14, &acc.CRMPassword: 14, &acc.MailPassword: 14, &acc.MailToken: 14, &acc.Feed: 39} {
		if *at != "" {
			continue
		}
		secret, err := auth.NewSecret(rand.Reader)
		if err != nil {
			return acc, err
		}
		*at = secret[:length] // passwords have three groups: enough for sample data, and typed on a phone
	}
	return acc, nil
}

func saveCredentials(path string, acc demoAccess) error {
	b, err := json.MarshalIndent(acc, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(b, '\n'), 0o600)
}

// simulator is a server of others on this machine.
type simulator struct {
	base string
	sim  io.Closer
	srv  *http.Server
}

// simulate lets sim answer at an address, which is the same again next time: links remember it.
func simulate(what string, sim interface {
	http.Handler
	io.Closer
}, addr *string) (*simulator, error) {
	l, err := net.Listen("tcp", *addr)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("demo: %s: %w", what, err), sim.Close())
	}
	*addr = l.Addr().String()
	s := &simulator{base: "http://" + *addr, sim: sim, srv: &http.Server{Handler: sim, ReadHeaderTimeout: 10 * time.Second}}
	go func() { _ = s.srv.Serve(l) }() // owner: demo; ends with close
	return s, nil
}

func (s *simulator) close() {
	_ = s.srv.Close()
	_ = s.sim.Close()
}

func startSimulator(dir string, acc *demoAccess) (*simulator, error) {
	owner := creatiosim.User{Login: acc.CRMUser, Password: acc.CRMPassword, Name: "Demo Supervisor", Email: demoMail, FullRights: true}
	sim, err := creatiosim.New(creatiosim.Options{
		Now: time.Now, Dir: dir, Seed: creatiosim.Demo(time.Now(), owner), Users: []creatiosim.User{owner},
	})
	if err != nil {
		return nil, err
	}
	return simulate("the simulated CRM", sim, &acc.CRMAddr)
}

// furnish makes the account and its links, unless they are there, and waits
// until the first runs are over.
func (a *app) furnish(ctx context.Context, acc demoAccess, crm, mail string) error {
	err := a.store.Update(ctx, func(tx *store.Tx) error {
		u, err := tx.UserByName(acc.User)
		if err == nil && (u.Email != demoMail || !u.Admin) { // a folder of an earlier version
			u.Email, u.Admin = demoMail, true
			err = tx.UpdateUser(u)
		}
		return err
	})
	if errors.Is(err, pim.ErrNotFound) {
		_, err = a.office.AddAccount(ctx, manage.NewAccount{Name: acc.User, Email: demoMail, DisplayName: "Demo", Password: acc.Password, Weak: true, Admin: true})
	}
	if err != nil {
		return err
	}
	for _, to := range []struct {
		driver   string
		suffix   string // of the links' names
		settings remote.Settings
	}{
		{"creatio", "", remote.Settings{"url": crm, "username": acc.CRMUser, "password": acc.CRMPassword}},
		{"ews", " exchange", remote.Settings{"url": mail, "user": demoMail, "password": acc.MailPassword}},
	} {
		if err := a.demoLinks(ctx, acc, to.driver, to.suffix, to.settings); err != nil {
			return err
		}
	}
	if err := a.demoFeed(ctx, acc); err != nil {
		return err
	}
	return a.settled(ctx, acc.User)
}

// demoFeed makes the feed of the calendar, unless it is there.
func (a *app) demoFeed(ctx context.Context, acc demoAccess) error {
	return a.store.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.FeedByHash(auth.HashSecret(acc.Feed))
		if err == nil || pim.ReasonOf(err) != pim.ErrNotFound {
			return err
		}
		_, err = manage.NewFeed{User: acc.User, Collection: "calendar"}.Create(tx, acc.Feed)
		return err
	})
}

// settled waits until every link of an account has run.
func (a *app) settled(ctx context.Context, user string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		rows, err := a.office.Links(ctx, user)
		if err != nil {
			return err
		}
		done := true
		for _, r := range rows {
			if r.LastError != "" {
				return pim.Errorf("demo", pim.ErrUnavailable, "the first run of %s failed: %s", r.Name, r.LastError)
			}
			done = done && r.LastSuccess != nil
		}
		if done {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// announce prints what a newcomer needs.
func (p *program) announce(acc demoAccess, base, crm, mail, path string) error {
	address, _ := feed.Address(base, acc.Feed, "calendar")
	return p.say(`
  Pages        %s%s   (for a browser, with the login)
  Address      %s/   (Thunderbird, iOS, macOS, Android, Evolution: this and the login)
  User         %s
  Password     %s
  Calendar     %s/dav/calendars/%s/calendar/
  Tasks        %s/dav/calendars/%s/tasks/
  Contacts     %s/dav/addressbooks/%s/contacts/
  Feed         %s   (the calendar without a login, read only)

  CRM          %s/   (simulated Creatio, polled every 2 s)
  CRM user     %s
  CRM password %s

  Exchange     %s/EWS/Exchange.asmx   (simulated Exchange Server, which tells of changes by itself)
  Mailbox      %s
  Its password %s
  A letter     curl -H "X-Sim-Token: %s" %s/__sim/deliver -d '%s'
               (becomes an e-mail of the CRM within seconds, with its file)

  Commands     %s sync status --config %s
  Stop         Ctrl-C
`, base, admin.Prefix, base, acc.User, acc.Password, base, acc.User, base, acc.User, base, acc.User, address, crm, acc.CRMUser, acc.CRMPassword, mail, demoMail, acc.MailPassword, acc.MailToken, mail, demoLetter, invocation(), path)
}

// invocation is how this program was called, for copying.
func invocation() string {
	exe, err := os.Executable()
	if err != nil || strings.Contains(exe, "go-build") {
		return "go run ./cmd/bridge"
	}
	return exe
}

// writeEnv writes the addresses for programs, whole or not at all.
func writeEnv(path string, acc demoAccess, base, crm, mail string) error {
	if path == "" {
		return nil
	}
	lines := []string{
		"BRIDGE_URL=" + base + "/", "BRIDGE_USER=" + acc.User, "BRIDGE_PASSWORD=" + acc.Password,
		"CRM_URL=" + crm, "CRM_USER=" + acc.CRMUser, "CRM_PASSWORD=" + acc.CRMPassword,
		"EXCHANGE_URL=" + mail, "EXCHANGE_USER=" + demoMail, "EXCHANGE_PASSWORD=" + acc.MailPassword,
		"EXCHANGE_CONTROL_TOKEN=" + acc.MailToken,
	}
	tmp := path + ".part"
	if err := os.WriteFile(tmp, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		return fmt.Errorf("demo: --env: %w", err)
	}
	return os.Rename(tmp, path)
}
