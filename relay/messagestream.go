package relay

import (
	"context"
	"errors"
	"io"
	"sync"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
)

// stream sends one file straight from the mailbox to the CRM, within the bounds of the rules.
func (t *taking) stream(ctx context.Context, src source, f *fate, total int64) error {
	const op = "relay: file"
	x, ok := src.files[f.Key]
	if !ok {
		return pim.Errorf(op, pim.ErrNotFound, "the message has this file no more")
	}
	most := t.rules.FileBytes()
	if x.Size > 2*most { // some mailboxes count what surrounds a file
		return t.tooLarge(most)
	}
	body, size, err := src.opener.OpenFile(ctx, src.folder, src.id, x)
	if err == nil && size < 0 {
		// Some mailboxes do not tell how long a file is before it has come, and the CRM wants to know first.
		size, err = io.Copy(io.Discard, io.LimitReader(body, most+1))
		err = errors.Join(err, body.Close())
		if err == nil && size <= most {
			body, _, err = src.opener.OpenFile(ctx, src.folder, src.id, x)
		}
	} else if err == nil && size > most {
		err = body.Close()
	}
	if err != nil {
		return theirFault{err}
	}
	switch all := t.rules.FilesBytes(); {
	case size > most:
		return t.tooLarge(most)
	case total+size > all:
		return errors.Join(beyond(tooMany(all)), body.Close())
	}
	defer func() { _ = body.Close() }() // all that was wanted of it was read
	exact := &exactly{r: body, left: size}
	_, err = t.keeper.AddFile(ctx, remote.CollectionID(t.link.Remote), remote.ItemID(t.pair.RemoteID),
		remote.NewFile{Key: f.Key, Name: pim.FileName(f.Name, nameMost), Type: x.Type, Size: size, Body: exact})
	if failed := exact.fault(); failed != nil {
		return theirFault{failed}
	}
	if err == nil {
		f.Size = size
	}
	return err
}

func (t *taking) tooLarge(most int64) error { return beyond(tooLarge(most)) }

func tooLarge(most int64) string {
	if most == 0 {
		return "the rules take no files"
	}
	return "it is larger than " + rule.Bytes(most)
}

func tooMany(all int64) string {
	return "the files of a message are taken up to " + rule.Bytes(all) + " together"
}

// keepsNone is why no file goes to some CRMs.
const keepsNone = "the CRM keeps no files with its activities"

// errBeyond is the cause of what the bounds of the rules leave out: other bounds may let it through.
var errBeyond = errors.New("relay: beyond the bounds of the rules")

func beyond(says string) error {
	return &pim.Error{Op: "relay: file", Kind: pim.ErrTooLarge, Public: says, Err: errBeyond}
}

// exactly reads a file of a known length, and remembers whose fault it is when it has another. Who sends it may still be in a read when
// the answer is there.
type exactly struct {
	r    io.Reader
	left int64

	mu     sync.Mutex
	failed error
}

func (e *exactly) fault() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.failed
}

// Read implements io.Reader.
func (e *exactly) Read(b []byte) (int, error) {
	if err := e.fault(); err != nil {
		return 0, err
	}
	n, err := e.r.Read(b)
	e.left -= int64(n)
	var failed error
	switch {
	case e.left < 0, e.left > 0 && errors.Is(err, io.EOF):
		failed = pim.Errorf("relay: file", pim.ErrProtocol, "the mailbox sent a file of another length than it said")
	case err != nil && !errors.Is(err, io.EOF):
		failed = err
	}
	if failed == nil {
		return n, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.failed = failed
	return max(0, n+int(min(e.left, 0))), failed
}
