package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"crmbridge/pim"
	"crmbridge/store"
)

// backupShown is what a backup holds.
type backupShown struct {
	File  string `json:"file"`
	Bytes int64  `json:"bytes"`
	store.BackupSummary
}

func (p *program) backupCommand() *cobra.Command {
	return &cobra.Command{
		Use: "backup FILE", Short: "Keep all there is in one file, while the server runs", Args: cobra.ExactArgs(1),
		Long: "Keep all there is in one file, as it is at one moment, while the server runs. `bridge restore` puts it back, into SQLite or\n" +
			"PostgreSQL, whichever it came from. FILE must not be there yet; - is standard output. The file holds everybody's\n" +
			"contacts and appointments. The passwords of CRMs in it are sealed with the key file, which is not in it: keep a copy of\n" +
			"that, and of the configuration, apart. See docs/backup.md.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				if args[0] == "-" {
					_, err := a.store.Backup(ctx, p.out, version)
					return err
				}
				row, err := a.backup(ctx, args[0])
				if err != nil || p.json {
					return errors.Join(err, p.jsonIf(err == nil, row))
				}
				return p.say("%s: %d items of %d accounts, %d links; %d KiB, read through once more and whole\nIt does not hold the key file (%s): without a copy of that the %d links need their passwords again",
					row.File, row.Rows["objects"], row.Rows["users"], row.Rows["links"], (row.Bytes+1023)/1024, a.cfg.KeyFile, row.Rows["links"])
			})
		},
	}
}

// backup writes the file beside its place first, so that what bears its name is whole.
func (a *app) backup(ctx context.Context, name string) (row backupShown, err error) {
	if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		return row, taken(name, err)
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".bridge-backup-*") // readable by its owner alone
	if err != nil {
		return row, fmt.Errorf("backup: %w", err)
	}
	defer func() { err = errors.Join(err, gone(os.Remove(f.Name()))) }()
	_, err = a.store.Backup(ctx, f, version)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return row, err
	}
	row.File = name
	if row.BackupSummary, row.Bytes, err = checkFile(f.Name()); err != nil {
		return row, err
	}
	return row, christen(f.Name(), name)
}

func taken(name string, err error) error {
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return pim.Errorf("backup", pim.ErrExists, "%s is there already; a backup replaces nothing", name)
}

// christen gives a file its name, which nothing may bear.
func christen(temp, name string) error {
	err := os.Link(temp, name)
	switch {
	case errors.Is(err, fs.ErrExist):
		return taken(name, nil)
	case err != nil: // a file system without links
		if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
			return taken(name, err)
		}
		if err := os.Rename(temp, name); err != nil {
			return fmt.Errorf("backup: %w", err)
		}
	}
	d, err := os.Open(filepath.Dir(name))
	if err != nil {
		return fmt.Errorf("backup: %w", err)
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

// checkFile reads a backup through.
func checkFile(name string) (sum store.BackupSummary, bytes int64, err error) {
	f, err := os.Open(name)
	if err != nil {
		return sum, 0, fmt.Errorf("backup: %w", err)
	}
	sum, err = store.CheckBackup(f)
	if err == nil {
		bytes, err = f.Seek(0, io.SeekEnd)
	}
	return sum, bytes, errors.Join(err, f.Close())
}
