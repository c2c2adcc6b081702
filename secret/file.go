package secret

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"crmbridge/pim"
)

// maxFile bounds what is read as a key file.
const maxFile = 64 << 10

// Load reads a key file. An absent one is fs.ErrNotExist; an unusable one is
// pim.ErrInvalid. No part of its content is in any error.
func Load(path string) (*Keeper, error) {
	k := &Keeper{random: rand.Reader, path: path}
	if err := k.reload(); err != nil {
		return nil, err
	}
	return k, nil
}

// Create makes a key file with one new key, readable by its owner alone, and loads
// it. One that is there already is left alone and loaded, so that two processes
// which start at once end up with the same key.
func Create(path string) (*Keeper, error) { return create(path, rand.Reader) }

func create(path string, random io.Reader) (*Keeper, error) {
	b, err := generate(random)
	if err != nil {
		return nil, err
	}
	temp, err := writeTemp(path, [][]byte{b})
	if err != nil {
		return nil, err
	}
	// A link, unlike a rename, does not replace what another process put there.
	err = os.Link(temp, path)
	if e := os.Remove(temp); e != nil {
		err = errors.Join(err, e)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, unwritable(path, err)
	}
	if err := syncDir(path); err != nil {
		return nil, err
	}
	k := &Keeper{random: random, path: path}
	return k, k.reload()
}

// Rotate puts a new key first in the file. Values sealed before still open; Reseal
// them, then Retire. Only one process may rotate at a time.
func (k *Keeper) Rotate(path string) error {
	b, err := generate(k.random)
	if err != nil {
		return err
	}
	return k.rewrite(path, func(keys [][]byte) [][]byte { return append([][]byte{b}, keys...) })
}

// Retire drops all keys but the first from the file. What was not resealed cannot be
// opened any more.
func (k *Keeper) Retire(path string) error {
	return k.rewrite(path, func(keys [][]byte) [][]byte { return keys[:1] })
}

// Exposed reports whether others on this machine may read the key file.
func Exposed(path string) (bool, error) {
	info, err := os.Stat(path)
	if err != nil {
		return false, fmt.Errorf("secret: %w", err)
	}
	return info.Mode().Perm()&0o077 != 0, nil
}

func generate(random io.Reader) ([]byte, error) {
	b := make([]byte, KeySize)
	if _, err := io.ReadFull(random, b); err != nil {
		return nil, fmt.Errorf("secret: new key: %w", err)
	}
	return b, nil
}

// rewrite replaces the file in one step: at any moment it holds the old or the new
// keys in full.
func (k *Keeper) rewrite(path string, edit func([][]byte) [][]byte) error {
	keys, err := read(path)
	if err != nil {
		return err
	}
	temp, err := writeTemp(path, edit(keys))
	if err != nil {
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		return errors.Join(unwritable(path, err), os.Remove(temp))
	}
	if err := syncDir(path); err != nil {
		return err
	}
	k.path = path
	return k.reload()
}

func (k *Keeper) reload() error {
	list, err := read(k.path)
	if err != nil {
		return err
	}
	keys := make([]key, len(list))
	for i, b := range list {
		if keys[i], err = newKey(b); err != nil {
			return err
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keys = keys
	return nil
}

func read(path string) ([][]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &pim.Error{Op: "secret: load", Kind: pim.ErrInvalid, Public: "the key file cannot be read: " + path, Err: err}
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return nil, &pim.Error{Op: "secret: load", Kind: pim.ErrInvalid, Public: "the key file cannot be read: " + path, Err: err}
	}
	return parse(path, b)
}

// parse reads the lines of a key file; empty ones and those that begin with "#" say
// nothing.
func parse(path string, b []byte) ([][]byte, error) {
	var keys [][]byte
	n := 0
	for line := range strings.Lines(string(b)) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		// The cause would repeat the place and byte of the fault, that is, of the key.
		k, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(k) != KeySize {
			return nil, pim.Errorf("secret: load", pim.ErrInvalid, "line %d of the key file %s is no key (%d bytes in base64)", n, path, KeySize)
		}
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return nil, pim.Errorf("secret: load", pim.ErrInvalid, "the key file %s holds no key", path)
	}
	return keys, nil
}

func render(keys [][]byte) []byte {
	var b bytes.Buffer
	b.WriteString("# Keys of stored credentials: the first seals, all open. Keep a copy apart from backups of the database.\n")
	for _, k := range keys {
		b.WriteString(base64.StdEncoding.EncodeToString(k) + "\n")
	}
	return b.Bytes()
}

// writeTemp writes a whole key file beside path, on disk when it returns.
func writeTemp(path string, keys [][]byte) (string, error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".key-*") // mode 0600
	if err != nil {
		return "", unwritable(path, err)
	}
	_, err = f.Write(render(keys))
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return "", errors.Join(unwritable(path, err), os.Remove(f.Name()))
	}
	return f.Name(), nil
}

// syncDir makes the name of the file survive a power cut: without it a credential
// could be stored whose key is gone.
func syncDir(path string) error {
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return unwritable(path, err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return unwritable(path, err)
	}
	return nil
}

func unwritable(path string, err error) error {
	return &pim.Error{Op: "secret: write", Kind: pim.ErrUnavailable, Public: "the key file cannot be written: " + path, Err: err}
}
