package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"crmbridge/pim"
)

// newFile makes a file that nothing may bear the name of yet, readable by its owner alone. It is
// written beside its place first, so that what bears the name is whole. what names it in errors:
// "backup".
func newFile(what, name string, fill func(*os.File) error) (err error) {
	if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		return taken(what, name, err)
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".bridge-"+what+"-*")
	if errors.Is(err, fs.ErrNotExist) {
		return pim.Errorf(what, pim.ErrNotFound, "there is no folder %s", filepath.Dir(name))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	defer func() { err = errors.Join(err, gone(os.Remove(f.Name()))) }()
	if err = fill(f); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return christen(what, f.Name(), name)
}

func taken(what, name string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return pim.Errorf(what, pim.ErrExists, "%s is there already, and bridge %s replaces nothing: choose another name", name, what)
}

// christen gives a file its name, which nothing may bear.
func christen(what, temp, name string) error {
	err := os.Link(temp, name)
	switch {
	case errors.Is(err, fs.ErrExist):
		return taken(what, name, nil)
	case err != nil: // a file system without links
		if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
			return taken(what, name, err)
		}
		if err := os.Rename(temp, name); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	d, err := os.Open(filepath.Dir(name))
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return errors.Join(d.Sync(), d.Close())
}

// gone takes a file that is not there any more for removed.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
