package secret

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"crmbridge/pim"
)

// random gives the same bytes in each run.
func random(seed byte) *rand.ChaCha8 { return rand.NewChaCha8([32]byte{seed}) }

func newKeeper(t testing.TB, seed byte) *Keeper {
	t.Helper()
	r := random(seed)
	b, err := generate(r)
	if err != nil {
		t.Fatal(err)
	}
	k, err := New(r, b)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestSealOpen(t *testing.T) {
	t.Parallel()
	k := newKeeper(t, 1)
	rapid.Check(t, func(t *rapid.T) {
		purpose, plain := rapid.String().Draw(t, "purpose"), rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		sealed, err := k.Seal(purpose, plain)
		if err != nil {
			t.Fatal(err)
		}
		if len(plain) > 3 && bytes.Contains(sealed, plain) {
			t.Fatal("the plain text shows")
		}
		got, err := k.Open(purpose, sealed)
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("got %q, %v", got, err)
		}
		again, err := k.Seal(purpose, plain)
		if err != nil || bytes.Equal(again, sealed) {
			t.Fatalf("sealed alike twice: %v", err)
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	k := newKeeper(t, 1)
	sealed, err := k.Seal("link:3", []byte("password"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range sealed {
		bad := bytes.Clone(sealed)
		bad[i] ^= 1
		if _, err := k.Open("link:3", bad); !errors.Is(err, pim.ErrInvalid) {
			t.Errorf("byte %d changed: %v", i, err)
		}
	}
	for i := range sealed {
		if _, err := k.Open("link:3", sealed[:i]); !errors.Is(err, ErrDamaged) {
			t.Errorf("cut to %d bytes: %v", i, err)
		}
	}
	for _, purpose := range []string{"", "link:4", "link:33", "link:3\x00"} {
		if _, err := k.Open(purpose, sealed); !errors.Is(err, ErrDamaged) {
			t.Errorf("opened for %q: %v", purpose, err)
		}
	}
	_, err = newKeeper(t, 2).Open("link:3", sealed)
	if !errors.Is(err, ErrUnknownKey) || !strings.Contains(pim.PublicText(err), "key file") {
		t.Errorf("opened with another key: %v", err)
	}
}

func TestKeyFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bridge.key")
	if _, err := Load(path); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("absent: %v", err)
	}
	k, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if exposed, err := Exposed(path); err != nil || exposed {
		t.Errorf("exposed %v, %v", exposed, err)
	}
	sealed, err := k.Seal("a", []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	for _, open := range []func(string) (*Keeper, error){Load, Create} { // Create keeps what is there
		k, err := open(path)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := k.Open("a", sealed); err != nil || string(got) != "x" {
			t.Errorf("got %q, %v", got, err)
		}
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if exposed, err := Exposed(path); err != nil || !exposed {
		t.Errorf("readable by all: exposed %v, %v", exposed, err)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("files left behind: %v, %v", left, err)
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bridge.key")
	k, err := create(path, random(3))
	if err != nil {
		t.Fatal(err)
	}
	server, err := Load(path) // another process, started before the rotation
	if err != nil {
		t.Fatal(err)
	}
	old, err := k.Seal("a", []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Rotate(path); err != nil {
		t.Fatal(err)
	}
	if n := k.Keys(); n != 2 {
		t.Fatalf("%d keys", n)
	}
	if exposed, err := Exposed(path); err != nil || exposed {
		t.Errorf("exposed %v, %v", exposed, err)
	}
	fresh, changed, err := k.Reseal("a", old)
	if err != nil || !changed {
		t.Fatalf("changed %v, %v", changed, err)
	}
	if same, changed, err := k.Reseal("a", fresh); err != nil || changed || !bytes.Equal(same, fresh) {
		t.Errorf("resealed twice: changed %v, %v", changed, err)
	}
	for name, sealed := range map[string][]byte{"old": old, "fresh": fresh} {
		for who, k := range map[string]*Keeper{"rotator": k, "server": server} {
			if got, err := k.Open("a", sealed); err != nil || string(got) != "x" {
				t.Errorf("%s opens %s: %q, %v", who, name, got, err)
			}
		}
	}
	if err := k.Retire(path); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Open("a", old); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("a retired key opens: %v", err)
	}
	if got, err := k.Open("a", fresh); err != nil || string(got) != "x" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	good := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, KeySize))
	for name, text := range map[string]string{
		"empty":        "",
		"comment only": "# nothing\n\n",
		"short":        base64.StdEncoding.EncodeToString([]byte("topsecretkey")),
		"no base64":    "topsecretkey!\n",
		"second bad":   good + "\ntopsecretkey\n",
	} {
		path := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Load(path)
		if !errors.Is(err, pim.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if strings.Contains(err.Error()+pim.PublicText(err), "topsecret") {
			t.Errorf("%s: the error shows the key: %v", name, err)
		}
	}
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte("# Windows\r\n"+good+"\r\n\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err != nil {
		t.Errorf("CRLF: %v", err)
	}
}

// Processes that start at once must end up with one key.
func TestCreateAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "key")
	keepers := make([]*Keeper, 8)
	errs := make([]error, len(keepers))
	var wg sync.WaitGroup
	for i := range keepers {
		wg.Go(func() { keepers[i], errs[i] = Create(path) })
	}
	wg.Wait()
	for i, k := range keepers {
		if errs[i] != nil {
			t.Fatal(errs[i])
		}
		sealed, err := k.Seal("a", []byte{byte(i)})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := keepers[0].Open("a", sealed); err != nil || got[0] != byte(i) {
			t.Errorf("keeper %d: %v", i, err)
		}
	}
}

func TestCreateFails(t *testing.T) {
	t.Parallel()
	if _, err := Create(filepath.Join(t.TempDir(), "no", "such", "dir", "key")); pim.PublicText(err) == "" || err == nil {
		t.Errorf("no directory: %v", err)
	}
	if _, err := create(filepath.Join(t.TempDir(), "key"), strings.NewReader("few")); err == nil {
		t.Error("made a key of too little randomness")
	}
}

func FuzzOpen(f *testing.F) {
	k := newKeeper(f, 1)
	sealed, err := k.Seal("p", []byte("x"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add("p", sealed)
	f.Add("", []byte{format})
	f.Fuzz(func(t *testing.T, purpose string, b []byte) {
		got, err := k.Open(purpose, b)
		if err == nil && (purpose != "p" || !bytes.Equal(b, sealed)) {
			t.Errorf("forged %q", fmt.Sprint(got))
		}
	})
}
