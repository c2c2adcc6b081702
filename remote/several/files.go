package several

import (
	"context"
	"io"

	"crmbridge/pim"
	"crmbridge/remote"
)

var _ remote.FileOpener = (*Folders)(nil)

// OpenFile implements remote.FileOpener: the file is one of the item's in its own collection.
func (f *Folders) OpenFile(ctx context.Context, place remote.CollectionID, id remote.ItemID, x pim.File) (io.ReadCloser, int64, error) {
	const op = "several: file"
	o, ok := remote.As[remote.FileOpener](f.Remote)
	if !ok {
		return nil, 0, pim.Errorf(op, pim.ErrUnsupported, "files of this mailbox cannot be read")
	}
	c, bare, err := f.one(ctx, op, place, id)
	if err != nil {
		return nil, 0, err
	}
	return o.OpenFile(ctx, c, bare, x)
}
