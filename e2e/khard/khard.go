// Package khard drives khard, an address book for the terminal, on a folder that vdirsyncer keeps in step with the
// server.
package khard

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crmbridge/e2e/plain"
	"crmbridge/e2e/script"
	"crmbridge/e2e/vdirsyncer"
	"crmbridge/internal/testenv"
)

// Desk is one person's khard with a vdirsyncer of their own.
type Desk struct {
	*vdirsyncer.Home
	dir, book string
}

// Sit sets khard up for one address book. The test is skipped when a program is missing.
func Sit(t *testing.T, target plain.Target) *Desk {
	t.Helper()
	testenv.Need(t, "khard", "vdirsyncer")
	d := &Desk{Home: vdirsyncer.New(t, target.Account), dir: t.TempDir(), book: vdirsyncer.Name(target.Book)}
	if err := d.Discover(t); err != nil {
		t.Fatal(err)
	}
	d.MustSync(t)
	config := fmt.Sprintf("[addressbooks]\n[[%s]]\npath = %s\n[general]\neditor = /bin/true\nmerge_editor = /bin/true\n[vcard]\npreferred_version = 3.0\n",
		d.book, d.Dir(vdirsyncer.Books, d.book))
	d.write(t, "config", config)
	return d
}

// write makes a file in the desk's folder and returns its path.
func (d *Desk) write(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(d.dir, name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// Run runs one command of khard, which gets "y" for whatever it asks.
func (d *Desk) Run(t *testing.T, args ...string) string {
	t.Helper()
	return script.Talk(t, d.dir, nil, strings.Repeat("y\n", 20), "khard", append([]string{"-c", filepath.Join(d.dir, "config")}, args...)...)
}

// Check has two people with one address book: what the one does in khard the other sees in theirs.
func Check(t *testing.T, target plain.Target) {
	target.Put(t, target.Book+"theirs.vcf", plain.Card("theirs", "Zoé Müller", "zoe@example.org", "item1.TEL;TYPE=pref:+47 22 33 44 55",
		"item1.X-ABLabel:_$!<Mobile>!$_", "X-SPOUSE:Sam"))
	one, two := Sit(t, target), Sit(t, target)
	both := func(t *testing.T) { one.MustSync(t); two.MustSync(t) }
	for _, step := range []struct {
		name string
		do   func(*testing.T)
	}{
		{"list", func(t *testing.T) {
			if list := one.Run(t, "list"); !strings.Contains(list, "Zoé Müller") {
				t.Errorf("khard does not list the card:\n%s", list)
			}
			if out := one.Run(t, "email", "--parsable", "zoe"); !strings.Contains(out, "zoe@example.org\tZoé Müller") {
				t.Errorf("the address is not found: %s", out)
			}
		}},
		{"new", func(t *testing.T) {
			file := one.write(t, "new.yaml", "First name : Ida\nLast name : Example\nEmail :\n    work : ida@example.org\nPhone :\n    cell : \"+47 1\"\n")
			one.Run(t, "new", "-a", one.book, "-i", file)
			both(t)
			if out := two.Run(t, "email", "--parsable", "ida"); !strings.Contains(out, "ida@example.org\tIda Example") {
				t.Errorf("the other person does not see the card: %s", out)
			}
		}},
		{"edit", func(t *testing.T) {
			file := two.write(t, "edit.yaml", "Formatted name : Ida Changed\nFirst name : Ida\nLast name : Changed\nEmail :\n    work : ida@example.org\n")
			two.Run(t, "modify", "-i", file, "ida@example.org")
			two.MustSync(t)
			one.MustSync(t)
			if out := one.Run(t, "list"); !strings.Contains(out, "Ida Changed") {
				t.Errorf("the change did not come: %s", out)
			}
		}},
		{"server edits", func(t *testing.T) {
			target.Edit(t, target.Book, "Changed", "Elsewhere")
			both(t)
			if out := two.Run(t, "list"); !strings.Contains(out, "Ida Elsewhere") {
				t.Errorf("the server's change did not come: %s", out)
			}
		}},
		{"edit keeps what khard does not know", func(t *testing.T) {
			file := one.write(t, "zoe.yaml", "First name : Zoé\nLast name : Müller\nEmail :\n    home : zoe.new@example.org\n")
			one.Run(t, "modify", "-i", file, "zoe@example.org")
			one.MustSync(t)
			text := target.Text(t, target.Book, "UID:theirs")
			for _, part := range []string{"zoe.new@example.org", "X-SPOUSE:Sam"} {
				if !strings.Contains(text, part) {
					t.Errorf("%q is not in %s", part, text)
				}
			}
		}},
		{"delete", func(t *testing.T) {
			one.Run(t, "remove", "--force", "ida@example.org")
			both(t)
			if text := target.Text(t, target.Book, "ida@example.org"); text != "" {
				t.Errorf("still on the server: %s", text)
			}
			if out := two.Run(t, "list"); strings.Contains(out, "Ida") {
				t.Errorf("still here: %s", out)
			}
		}},
	} {
		if !t.Run(step.name, step.do) {
			t.Fatal("the steps that follow build on this one")
		}
	}
}
