package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/oauth2"

	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/store"
)

func (p *program) signInCommand() *cobra.Command {
	c := &cobra.Command{Use: "sign-in", Short: "Logins of persons at Microsoft 365, for links without a program's right to mailboxes"}
	c.AddCommand(p.signInAdd(), p.signInList(), p.signInRemove())
	return c
}

// signInShown never has the token.
type signInShown struct {
	ID      store.SignInID `json:"id"`
	User    string         `json:"user"`
	Driver  string         `json:"driver"`
	Name    string         `json:"name"`
	Account string         `json:"account"`
	Renewed time.Time      `json:"renewed"`
	Fault   string         `json:"fault,omitempty"`
}

func signInRow(u store.User, in store.SignIn) signInShown {
	return signInShown{in.ID, u.Name, in.Driver, in.Name, in.Account, in.UpdatedAt, in.Fault}
}

// signingIn is what sign-in add was told.
type signingIn struct {
	connectionFlags
	name  string
	port  int
	paste bool
	wait  time.Duration
}

func (p *program) signInAdd() *cobra.Command {
	var f signingIn
	c := &cobra.Command{
		Use: "add", Short: "Let a person sign in, and keep what lets the bridge in from then on", Args: cobra.NoArgs,
		Long: "Prints an address that the person opens in a browser, and takes the answer: by itself where the browser runs on this\n" +
			"machine, else the address of the page at which the browser ends is pasted here. What is kept is sealed with the key file.\n" +
			"With the name of a sign-in that there is, it takes its place, and links that use it go on.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			conn, err := f.connection()
			if err != nil {
				return err
			}
			d, _ := drivers().Named(conn.Driver)
			if d.SignIn == nil {
				return pim.Errorf("sign-in add", pim.ErrUnsupported, "nobody signs in for %s", d.Title)
			}
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error { return p.addSignIn(ctx, a, d.Driver, f, conn.Settings) })
		},
	}
	f.register(c)
	fs := c.Flags()
	fs.StringVar(&f.name, "name", "default", "name of the sign-in, for the option sign_in of links")
	fs.IntVar(&f.port, "port", 0, "port of this machine that the answer comes to (default: any that is free)")
	fs.BoolVar(&f.paste, "paste", false, "wait for nothing but the pasted address")
	fs.DurationVar(&f.wait, "wait", 10*time.Minute, "how long to wait for the answer")
	return c
}

func (p *program) addSignIn(ctx context.Context, a *app, d remote.Driver, f signingIn, s remote.Settings) error {
	u, err := a.userOf(ctx, f.user)
	if err != nil {
		return err
	}
	if strings.ContainsFunc(f.name, func(r rune) bool { return r <= ' ' || r > '~' }) || f.name == "" {
		return pim.Errorf("sign-in add", pim.ErrInvalid, "--name must be letters, digits and signs without blanks")
	}
	env, err := a.env(store.Link{Driver: d.Name, UserID: u.ID}, u, s)
	if err != nil {
		return err
	}
	service, err := d.SignIn(env, s)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, f.wait)
	defer cancel()
	grant, err := p.letIn(ctx, service, f)
	if err != nil {
		return err
	}
	var in store.SignIn
	err = a.office.Record(ctx, "link.sign-in", u.Name+": "+f.name, func() error {
		return a.store.Update(ctx, func(tx *store.Tx) (err error) {
			in, err = tx.PutSignIn(store.SignIn{UserID: u.ID, Driver: d.Name, Name: f.name, Account: grant.Account}, func(id store.SignInID) ([]byte, error) {
				return a.keeper.Seal(manage.SignInPurpose(id), []byte(grant.Token))
			})
			return err
		})
	})
	if err != nil {
		return err
	}
	if p.json {
		return p.printJSON(signInRow(u, in))
	}
	return p.say("%s has signed in; links use it with --set sign_in=%s", grant.Account, in.Name)
}

// userOf finds an account.
func (a *app) userOf(ctx context.Context, name string) (u store.User, err error) {
	err = a.store.View(ctx, func(tx *store.Tx) error {
		u, err = manage.User(tx, name)
		return err
	})
	return u, err
}

// letIn shows the page and takes the answer. State and verifier are good for this one time (RFC 6749 10.12, RFC 7636).
func (p *program) letIn(ctx context.Context, service remote.SignIn, f signingIn) (remote.Grant, error) {
	const op = "sign-in add"
	l, err := listenForAnswer(f)
	if err != nil {
		return remote.Grant{}, err
	}
	if f.paste {
		_ = l.Close() // the address needs a number; nobody comes to it here
	}
	defer func() { _ = l.Close() }() // the server below closes it as well
	// Services let programs of a person's own machine have any port of localhost (RFC 8252 7.3).
	redirect := "http://localhost:" + strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	verifier := oauth2.GenerateVerifier()
	b := browser{state: rand.Text(), answers: make(chan url.Values, 1)}
	text := fmt.Sprintf("Open this address in a browser and sign in:\n\n%s\n\n", service.Page(redirect, b.state, oauth2.S256ChallengeFromVerifier(verifier)))
	if f.paste {
		text += "The browser ends at a page that it cannot show. Paste the address of that page here:\n"
	} else {
		text += "If the browser runs on another machine, it ends at a page that it cannot show: paste the address of that page here.\n"
		stop := b.serve(l)
		defer stop()
	}
	if _, err := io.WriteString(p.err, text); err != nil {
		return remote.Grant{}, fmt.Errorf("%s: %w", op, err)
	}
	pasted := make(chan error, 1)
	// Owner: the command. A read of a terminal cannot be called off; it ends with the process.
	go func() { pasted <- b.read(p.in) }()
	for {
		select {
		case answer := <-b.answers:
			if code := answer.Get("error"); code != "" {
				return remote.Grant{}, service.Refused(code, answer.Get("error_description"))
			}
			return service.Redeem(ctx, redirect, answer.Get("code"), verifier)
		case err := <-pasted:
			if err != nil {
				return remote.Grant{}, err
			}
			if pasted = nil; f.paste && len(b.answers) == 0 {
				return remote.Grant{}, pim.Errorf(op, pim.ErrInvalid, "nothing was pasted")
			}
		case <-ctx.Done():
			return remote.Grant{}, &pim.Error{Op: op, Kind: pim.ErrUnavailable, Public: "nobody signed in within " + f.wait.String(), Err: ctx.Err()}
		}
	}
}

func listenForAnswer(f signingIn) (net.Listener, error) {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(f.port)))
	if err != nil {
		return nil, fmt.Errorf("sign-in add: --port %d: %w", f.port, err)
	}
	return l, nil
}

// browser is where the answer comes from.
type browser struct {
	state   string
	answers chan url.Values // the first one counts
}

// take passes an answer on that is one to our question.
func (b browser) take(q url.Values) bool {
	if subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(b.state)) == 0 || q.Get("code") == "" && q.Get("error") == "" {
		return false
	}
	select {
	case b.answers <- q:
	default:
	}
	return true
}

// ServeHTTP takes the answer that a browser on this machine brings.
func (b browser) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer") // the address has the code
	h.Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodGet || r.URL.Path != "/" || !b.take(r.URL.Query()) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, "This is not the answer that the bridge waits for.\n")
		return
	}
	_, _ = io.WriteString(w, "The bridge has the answer. This page can be closed; what became of it stands where the bridge was started.\n")
}

// serve answers on the loopback until stop.
func (b browser) serve(l net.Listener) (stop func()) {
	srv := &http.Server{Handler: b, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second, MaxHeaderBytes: 64 << 10}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = srv.Serve(l) }() // owner: letIn; ends with stop
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		_ = srv.Shutdown(ctx) // lets the page go out
		_ = srv.Close()
		<-ended
	}
}

// read takes the answer from a pasted address; lines that are none are refused aloud. nil at the end of the input.
func (b browser) read(in io.Reader) error {
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" {
			continue
		}
		u, err := url.Parse(line)
		if err == nil && b.take(u.Query()) {
			return nil
		}
		return pim.Errorf("sign-in add", pim.ErrInvalid, "this is not the address at which the browser ended after this sign-in: it begins with http://localhost and has code= and state= in it")
	}
	if err := lines.Err(); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("sign-in add: %w", err)
	}
	return nil
}

func (p *program) signInList() *cobra.Command {
	var user string
	c := &cobra.Command{
		Use: "list", Short: "List who has signed in", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				rows := []signInShown{}
				err := a.store.View(ctx, func(tx *store.Tx) error {
					rows = rows[:0]
					us, err := manage.Users(tx, user)
					if err != nil {
						return err
					}
					for _, u := range us {
						all, err := tx.SignIns(u.ID)
						if err != nil {
							return err
						}
						for _, in := range all {
							rows = append(rows, signInRow(u, in))
						}
					}
					return nil
				})
				if err != nil {
					return err
				}
				return print(p, rows, printed[signInShown]{
					head: []string{"USER", "DRIVER", "NAME", "ACCOUNT", "RENEWED", "FAULT"},
					cells: func(in signInShown) []string {
						return []string{in.User, in.Driver, in.Name, in.Account, stamp(&in.Renewed), in.Fault}
					},
				})
			})
		},
	}
	c.Flags().StringVar(&user, "user", "", "account")
	return c
}

func (p *program) signInRemove() *cobra.Command {
	var user, driver string
	c := &cobra.Command{
		Use: "remove NAME", Short: "Forget what a person signed in for", Args: cobra.ExactArgs(1),
		Long: "Forget what a person signed in for; links that use it fail until somebody signs in again. At the service it is good until it\n" +
			"expires: the person, or an administrator, can revoke it there.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				var in store.SignIn
				err := a.office.Record(ctx, "link.sign-out", user+": "+args[0], func() error {
					return a.store.Update(ctx, func(tx *store.Tx) error {
						u, err := manage.User(tx, user)
						if err != nil {
							return err
						}
						if in, err = tx.SignInByName(u.ID, driver, args[0]); err != nil {
							return pim.Errorf("sign-in remove", pim.ErrNotFound, "%s has no sign-in %q for %s", u.Name, args[0], driver)
						}
						return tx.DeleteSignIn(in.ID)
					})
				})
				if err != nil {
					return err
				}
				if p.json {
					return p.printJSON(map[string]any{"id": in.ID, "name": in.Name, "removed": true})
				}
				return p.say("the sign-in %q of %s is forgotten here", in.Name, in.Account)
			})
		},
	}
	c.Flags().StringVar(&user, "user", "", "account")
	c.Flags().StringVar(&driver, "driver", "graph", "kind of mail server")
	_ = c.MarkFlagRequired("user")
	return c
}
