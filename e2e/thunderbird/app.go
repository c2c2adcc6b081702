// Package thunderbird drives a real Thunderbird without a screen: its own discovery, cache, offline queue, conflict
// dialogs and address book, through the code that its windows call.
//
// An [App] is one running Thunderbird with a throw-away profile; [Calendar] and [Book] are what it has subscribed to.
// [Check] is the whole script. driver.js holds the other half, which runs inside Thunderbird 128 and later.
package thunderbird

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"crmbridge/e2e/marionette"
	"crmbridge/e2e/plain"
	"crmbridge/internal/testenv"
)

//go:embed driver.js
var driver string

// noise is what GTK says about having no screen.
var noise = regexp.MustCompile(`(?i)\bgtk|glib warning|GDK_IS_SCREEN|^\s*$`)

// scriptLimit is how long one step inside Thunderbird may take.
const scriptLimit = 2 * time.Minute

// App is a running Thunderbird.
type App struct {
	tb      testing.TB
	profile string
	process *testenv.Process
	remote  *marionette.Client
}

// Start starts Thunderbird with a fresh profile for the length of the test, which is skipped when Thunderbird is not
// installed.
func Start(tb testing.TB) *App {
	tb.Helper()
	testenv.Need(tb, "thunderbird-bin")
	// Not tb.TempDir: Thunderbird's helpers may still be writing for a moment after they were killed.
	profile, err := os.MkdirTemp("", "bridge-thunderbird-")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		for range 20 {
			if os.RemoveAll(profile) == nil {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
		tb.Logf("profile left behind: %s", profile)
	})
	a := &App{tb: tb, profile: profile}
	a.launch(nil)
	return a
}

// Restart ends Thunderbird and starts it again with the same profile and further preferences.
func (a *App) Restart(extra map[string]any) {
	a.tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	// The program may be gone before it answers.
	_ = a.remote.Quit(ctx)
	a.remote.Close()
	if err := a.process.Wait(30 * time.Second); err != nil {
		a.tb.Logf("Thunderbird's end: %v", err)
	}
	a.process.Kill()
	a.launch(extra)
}

func (a *App) launch(extra map[string]any) {
	a.tb.Helper()
	binary, err := testenv.Program("thunderbird-bin")
	if err != nil {
		a.tb.Fatal(err)
	}
	port := testenv.FreePort(a.tb)
	a.writePreferences(port, extra)

	command := exec.Command(binary, "--profile", a.profile, "--no-remote", "--marionette", "--remote-allow-system-access")
	command.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + a.profile, "XDG_RUNTIME_DIR=" + a.profile, "LC_ALL=C.UTF-8", "TZ=UTC",
		"MOZ_HEADLESS=1", "MOZ_CRASHREPORTER_DISABLE=1", "MOZ_DISABLE_AUTO_SAFE_MODE=1"}
	a.process = testenv.Start(a.tb, "thunderbird", command)
	a.process.Noise(noise)

	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	a.remote, err = marionette.Dial(ctx, net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		a.tb.Fatalf("%v\n%s", err, a.process.Output())
	}
	a.tb.Cleanup(func() { a.remote.Close() })
	if err := a.remote.Open(ctx, scriptLimit); err != nil {
		a.tb.Fatal(err)
	}
	testenv.Until(a.tb, time.Minute, "Thunderbird's main window", func() error {
		var ready bool
		if err := a.try(&ready, "ready"); err != nil {
			return err
		}
		if !ready {
			return errors.New("not ready")
		}
		return nil
	})
}

func (a *App) writePreferences(port int, extra map[string]any) {
	a.tb.Helper()
	all := preferences()
	all["marionette.port"] = port
	for name, value := range extra {
		all[name] = value
	}
	var text strings.Builder
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		value, err := json.Marshal(all[name])
		if err != nil {
			a.tb.Fatal(err)
		}
		fmt.Fprintf(&text, "user_pref(%q, %s);\n", name, value)
	}
	if err := os.WriteFile(filepath.Join(a.profile, "user.js"), []byte(text.String()), 0o600); err != nil {
		a.tb.Fatal(err)
	}
}

// try calls one function of driver.js.
func (a *App) try(result any, function string, args ...any) error {
	ctx, cancel := context.WithTimeout(context.Background(), scriptLimit+10*time.Second)
	defer cancel()
	body := driver + "\nreturn await driver[args[0]](...args.slice(1));"
	if err := a.remote.Run(ctx, body, result, append([]any{function}, args...)...); err != nil {
		return fmt.Errorf("thunderbird: %s: %w", function, err)
	}
	return nil
}

// call is try for steps that must not fail.
func (a *App) call(tb testing.TB, result any, function string, args ...any) {
	tb.Helper()
	if err := a.try(result, function, args...); err != nil {
		var remote *marionette.RemoteError
		if errors.As(err, &remote) {
			tb.Fatalf("%v\n%s", err, remote.Stack)
		}
		tb.Fatal(err)
	}
}

// Version is Thunderbird's version.
func (a *App) Version(tb testing.TB) (version string) {
	tb.Helper()
	a.call(tb, &version, "version")
	return version
}

// Offline switches between File, Offline, Work Offline and back.
func (a *App) Offline(tb testing.TB, yes bool) {
	tb.Helper()
	a.call(tb, nil, "offline", yes)
}

// Remember stores the account's password for every realm that the places ask with.
func (a *App) Remember(tb testing.TB, account plain.Account, places ...string) {
	tb.Helper()
	base, err := url.Parse(account.Base)
	if err != nil {
		tb.Fatal(err)
	}
	realms := []string{}
	seen := map[string]bool{"": true}
	for _, place := range places {
		if realm := account.Realm(tb, place); !seen[realm] {
			seen[realm] = true
			realms = append(realms, realm)
		}
	}
	a.call(tb, nil, "remember", base.Scheme+"://"+base.Host, account.User, account.Password, realms)
}

// Freeze stops the program for a while, as a closed laptop does; Thaw lets it go on.
func (a *App) Freeze() error { return a.process.Signal(syscall.SIGSTOP) }

// Thaw ends Freeze.
func (a *App) Thaw() error { return a.process.Signal(syscall.SIGCONT) }
