package relay

import (
	"context"
	"io"

	"crmbridge/pim"
	"crmbridge/remote"
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
