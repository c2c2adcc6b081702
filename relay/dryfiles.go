package relay

import (
	"context"
	"io"

	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/store"
)

var (
	_ remote.FileOpener = (*dry)(nil)
	_ remote.FileKeeper = (*dry)(nil)
)

// OpenFile implements remote.FileOpener: a preview reads no files.
func (d *dry) OpenFile(context.Context, remote.CollectionID, remote.ItemID, pim.File) (io.ReadCloser, int64, error) {
	return nil, 0, pim.Errorf("relay: preview", pim.ErrUnsupported, "a preview reads no files")
}

// Files implements remote.FileKeeper.
func (d *dry) Files(ctx context.Context, c remote.CollectionID, id remote.ItemID) ([]remote.KeptFile, error) {
	d.mu.Lock()
	_, ours := d.written[id]
	d.mu.Unlock()
	if ours {
		return nil, nil
	}
	k, ok := remote.As[remote.FileKeeper](d.Remote)
	if !ok {
		return nil, nil
	}
	return k.Files(ctx, c, id)
}

// AddFile implements remote.FileKeeper: it is as if the file had been added, and nothing is read.
func (d *dry) AddFile(_ context.Context, _ remote.CollectionID, _ remote.ItemID, f remote.NewFile) (remote.KeptFile, error) {
	return remote.KeptFile{ID: "preview:" + f.Key, Name: f.Name, Size: f.Size, Key: f.Key}, nil
}

// planFiles tells which files of messages a run would take over, and which it would leave out, by what the mailbox says of them. Nothing of
// them is read.
func (r *run) planFiles(ctx context.Context, d *dry) error {
	_, keeps := remote.As[remote.FileKeeper](d.Remote)
	for {
		var due []store.Pair
		err := r.Store.View(ctx, func(tx *store.Tx) (err error) {
			due, err = tx.PairsWithFiles(r.link.ID, r.dueBy(), fileBatch)
			return err
		})
		if err != nil || len(due) == 0 {
			return err
		}
		for _, p := range due {
			t := &taking{run: r, pair: p}
			if err := t.plan(ctx, d, keeps); err != nil {
				return err
			}
			// The books are a copy: there it is dealt with.
			err := r.update(ctx, func(tx *store.Tx) error {
				p, err := tx.Pair(p.ID)
				if err != nil {
					return err
				}
				p.FilesAt = nil
				return tx.SavePair(&p)
			})
			if err != nil {
				return err
			}
		}
	}
}

// plan tells of the files of one message.
func (t *taking) plan(ctx context.Context, d *dry, keeps bool) error {
	m, err := t.read(ctx)
	if err != nil || m == nil {
		return err
	}
	known, err := fatesOf(t.pair)
	if err != nil {
		return err
	}
	fresh := len(known.Files) == 0
	if fresh {
		known = fateful(t.pair.UID, m)
	}
	known.reopen(boundsOf(t.rules))
	total := int64(0)
	row := func(action, file, reason string) {
		d.files = append(d.files, Planning{Side: "remote", Action: action, UID: t.pair.UID, Kind: pim.KindMessage, Title: t.title, File: file, Reason: reason})
	}
	for _, f := range known.Files {
		if f.settled() {
			if f.Done {
				total += f.Size
			}
			continue
		}
		says := t.leaves(f.Size, total, keeps)
		if says != "" {
			row("leave file", f.Name, says)
			continue
		}
		total += f.Size
		row("file", f.Name, "")
		t.count(func(c *Counts) { c.Files++ })
	}
	if fresh && known.More > 0 {
		row("leave file", "", moreFiles(known.More))
	}
	return nil
}

// leaves is why a file would be left out that the mailbox says is so large, "" when it would go.
func (t *taking) leaves(size, total int64, keeps bool) string {
	switch most, all := t.rules.FileBytes(), t.rules.FilesBytes(); {
	case !keeps:
		return keepsNone
	case most == 0, size > most:
		return tooLarge(most)
	case total+size > all:
		return tooMany(all)
	}
	return ""
}
