package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"crmbridge/internal/config"
	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/relay"
	"crmbridge/secret"
	"crmbridge/store"
)

// restoreOptions are the flags of restore.
type restoreOptions struct {
	check, replace, damaged, withoutCredentials bool
}

// restoredShown is what was put back.
type restoredShown struct {
	backupShown
	Restored bool `json:"restored"` // false: only checked
	// Sealed are the links whose settings the key file does not open; they are paused.
	Sealed []store.LinkID `json:"sealed"`
}

func (p *program) restoreCommand() *cobra.Command {
	var o restoreOptions
	c := &cobra.Command{
		Use: "restore FILE", Short: "Put back what bridge backup kept, into a database that no server works on", Args: cobra.ExactArgs(1),
		Long: "Put back what `bridge backup` kept, into SQLite or PostgreSQL. The file is read through before anything is touched. The database has to be\n" +
			"empty, unless --replace is given, and no server may work on it. All happens in one step: if it fails or is stopped, the database is\n" +
			"as it was. What `bridge restored` does is done, too: every program lists everything once more. See docs/backup.md.",
		RunE: func(cmd *cobra.Command, args []string) error {
			row := restoredShown{Sealed: []store.LinkID{}}
			var err error
			row.File = args[0]
			if row.BackupSummary, row.Bytes, err = checkFile(args[0]); err != nil {
				return err
			}
			if !o.check {
				if row.Sealed, err = p.restore(cmd.Context(), args[0], o); err != nil {
					return err
				}
				row.Restored = true
			}
			if p.json {
				return p.printJSON(row)
			}
			return p.sayRestored(row)
		},
	}
	f := c.Flags()
	f.BoolVar(&o.check, "check", false, "only say whether the file is whole and what it holds")
	f.BoolVar(&o.replace, "replace", false, "what is in the database is lost")
	f.BoolVar(&o.damaged, "damaged", false, "put it back even if what it holds is not consistent")
	f.BoolVar(&o.withoutCredentials, "without-credentials", false, "put it back even if the key file opens the passwords of some links no more: those links are paused")
	return c
}

func (p *program) sayRestored(row restoredShown) error {
	made := row.Made
	what := fmt.Sprintf("%d items of %d accounts, %d links, as of %s", row.Rows["objects"], row.Rows["users"], row.Rows["links"], stamp(&made))
	if !row.Restored {
		return p.say("%s is whole: %s, by version %s from %s", row.File, what, row.Program, row.From)
	}
	err := p.say("put back: %s\nApp passwords and feeds that were revoked since work again: look through `bridge token list` and `bridge feed list`", what)
	for _, id := range row.Sealed {
		err = errors.Join(err, p.say("link %d is paused: its password is lost. Note its rules (`bridge link show %d`), remove it and add it again; both sides keep their items", id, id))
	}
	return err
}

// restore puts the file back and returns the links that came back without their password.
func (p *program) restore(ctx context.Context, name string, o restoreOptions) (sealed []store.LinkID, err error) {
	cfg, err := p.load()
	if err != nil {
		return nil, err
	}
	keeper, err := keeperAtHand(cfg)
	if err != nil {
		return nil, err
	}
	s, err := store.Open(ctx, store.Config{URL: cfg.Database, Now: time.Now, Log: p.logger(cfg)})
	if err != nil {
		return nil, err
	}
	var tables []string
	_, err = s.Restore(ctx, func() (io.ReadCloser, error) { return os.Open(name) }, store.RestoreOptions{
		Replace: o.replace, Damaged: o.damaged,
		Before: func(tx *store.Tx, there []string) error {
			tables = there
			return relay.InUse(tx, there)
		},
		After: func(tx *store.Tx) error {
			if sealed, err = unopened(tx, keeper, o.withoutCredentials, cfg.KeyFile); err != nil {
				return err
			}
			if err := relay.ForgetJobs(tx, tables); err != nil {
				return err
			}
			id, err := tx.BeginDeed(store.Deed{Via: manage.ViaCommand, Account: machineUser(), Act: "backup.restore", Subject: name})
			if err != nil {
				return err
			}
			return tx.EndDeed(id, name, "", manage.OutcomeDone)
		},
	})
	return sealed, errors.Join(hint(err, o), s.Close())
}

// hint says which flag goes on where a restore was refused.
func hint(err error, o restoreOptions) error {
	var e *pim.Error
	if !errors.As(err, &e) || e.Kind != pim.ErrHeld {
		return err
	}
	switch {
	case e.Op == "store: restore" && e.Err == nil && !o.replace:
		return pim.Errorf("restore", pim.ErrHeld, "%s. --replace puts the backup in its place, and what is in it is lost", e.Public)
	case e.Op == "store: restore" && e.Err != nil:
		return &pim.Error{Op: "restore", Kind: pim.ErrHeld, Public: e.Public + ". --damaged puts it back as it is", Err: e.Err}
	}
	return err
}

// keeperAtHand is the key file's; nil where there is none.
func keeperAtHand(cfg config.Config) (*secret.Keeper, error) {
	k, err := secret.Load(cfg.KeyFile)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return k, err
}

// unopened are the links whose settings the key does not open. They are an error unless they may be, and then paused.
func unopened(tx *store.Tx, k *secret.Keeper, allowed bool, file string) ([]store.LinkID, error) {
	links, err := tx.Links(0)
	if err != nil {
		return nil, err
	}
	sealed := []store.LinkID{}
	for _, l := range links {
		if len(l.Settings) == 0 {
			continue
		}
		if k != nil {
			if _, err := k.Open(relay.SealPurpose(l.ID), l.Settings); err == nil {
				continue
			}
		}
		sealed = append(sealed, l.ID)
		if !allowed {
			continue
		}
		// What nothing opens would keep the key from being made or changed.
		l.Paused, l.Settings, l.LastError = true, nil, "the password is lost: the database was put back without its key file"
		if err := tx.UpdateLink(l, "Paused", "Settings", "LastError"); err != nil {
			return nil, err
		}
	}
	signIns, err := loseSignIns(tx, k, allowed)
	if err != nil {
		return nil, err
	}
	var open func(string, []byte) ([]byte, error)
	if k != nil {
		open = k.Open
	}
	codes, err := manage.LoseCodes(tx, open, allowed)
	if err != nil {
		return nil, err
	}
	if (len(sealed) > 0 || signIns > 0 || codes > 0) && !allowed {
		what := "does not open the passwords of"
		if k == nil {
			what = "is missing, which opens the passwords of"
		}
		tail := "those links come back paused"
		people := ""
		if signIns > 0 {
			people, tail = fmt.Sprintf(" and %d sign-ins", signIns), tail+", and people sign in again"
		}
		if codes > 0 {
			people += fmt.Sprintf(", and the codes of %d people", codes)
			tail += "; who is asked for codes at the pages needs a recovery code, or `bridge user totp NAME --off`"
		}
		return nil, pim.Errorf("restore", pim.ErrHeld, "the key file %s %s %d of %d links%s; nothing was changed. Put the key file of the time of the backup there, "+
			"or give --without-credentials: %s", file, what, len(sealed), len(links), people, tail)
	}
	return sealed, nil
}
