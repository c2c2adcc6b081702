// Package exchangelib looks into a mailbox of Exchange, makes appointments and contacts there and sends mail, with the Python library of that
// name.
package exchangelib

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"os/exec"
	"testing"
	"time"

	"crmbridge/internal/testenv"
)

//go:embed mailbox.py
var program string

// Mailbox is one person's.
type Mailbox struct{ URL, User, Password string }

// Need skips the test without the library.
func Need(t *testing.T) {
	t.Helper()
	testenv.Need(t, "/usr/bin/python3", "/usr/lib/python3/dist-packages/exchangelib")
}

// Starts are the starts of all appointments by subject, such as 2027-03-15T09:00:00+00:00.
func (m Mailbox) Starts(t *testing.T) (starts map[string]string) {
	t.Helper()
	if err := json.Unmarshal(m.run(t, "list"), &starts); err != nil {
		t.Fatal(err)
	}
	return starts
}

// Make makes an appointment of an hour.
func (m Mailbox) Make(t *testing.T, subject string, start time.Time) {
	t.Helper()
	m.run(t, "make", subject, start.UTC().Format("2006-01-02T15:04:05"))
}

// Meet makes a contact.
func (m Mailbox) Meet(t *testing.T, given, surname, email, mobile string) {
	t.Helper()
	m.run(t, "contact", given, surname, email, mobile)
}

// Send sends a mail with a file.
func (m Mailbox) Send(t *testing.T, to, subject, html, file string, content []byte) {
	t.Helper()
	m.runWith(t, content, "send", to, subject, html, file)
}

func (m Mailbox) run(t *testing.T, args ...string) []byte {
	t.Helper()
	return m.runWith(t, nil, args...)
}

func (m Mailbox) runWith(t *testing.T, input []byte, args ...string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "/usr/bin/python3", append([]string{"-c", program, m.URL, m.User, m.Password}, args...)...)
	cmd.Env = append(cmd.Environ(), "HOME="+t.TempDir(), "XDG_DATA_HOME="+t.TempDir())
	cmd.Stdin = bytes.NewReader(input)
	out, err := cmd.Output()
	if err != nil {
		var said []byte
		if e, ok := err.(*exec.ExitError); ok {
			said = e.Stderr
		}
		t.Fatalf("exchangelib: %s: %v\n%s", args[0], err, said)
	}
	return out
}
