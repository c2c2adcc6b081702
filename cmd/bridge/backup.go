package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

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
					_, err := a.office.Backup(ctx, p.out, version)
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

// backup makes the file and reads it through before it bears its name.
func (a *app) backup(ctx context.Context, name string) (row backupShown, err error) {
	row.File = name
	return row, newFile("backup", name, func(f *os.File) error {
		if _, err := a.office.Backup(ctx, f, version); err != nil {
			return err
		}
		row.BackupSummary, row.Bytes, err = checkFile(f.Name())
		return err
	})
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
