package remote

import (
	"context"
	"io"

	"crmbridge/pim"
)

// FileOpener opens the bytes of the files that items have: the attachments of a mailbox's messages.
type FileOpener interface {
	// OpenFile begins to read a file of an item, named as the record has it now (pim.Message.Files). size is how many bytes come,
	// exactly; -1 where the remote does not tell before they have come. The caller reads as much as it wants and closes; ctx bounds the
	// reading, too. The bytes pass through: the memory it takes does not grow with the file. What breaks off in the middle is an
	// error of Read, a *pim.Error, and never an early io.EOF. ErrNotFound when the item or the file is gone, or has another id by
	// now; ErrUnsupported, with a public text, for what has no bytes there, as a link to another place.
	OpenFile(ctx context.Context, c CollectionID, id ItemID, f pim.File) (body io.ReadCloser, size int64, err error)
}

// FileKeeper keeps files with its items: a CRM's attachments.
type FileKeeper interface {
	// Files lists the files of an item that are whole. An item that does not exist is ErrNotFound.
	Files(ctx context.Context, c CollectionID, id ItemID) ([]KeptFile, error)
	// AddFile adds a file to an item, in pieces, so that the memory it takes does not grow with the file. With a key that a
	// file of the item has already it makes no second one and answers that one, also when two users call at once; what was left behind
	// by a call that broke off is completed or replaced, and listed by Files only then. When Body fails, or ends before Size,
	// no file is listed, and the error is that of Body, or ErrProtocol. ErrNotFound when the item is gone, ErrTooLarge and ErrRefused,
	// with a public text, for what the remote does not take: that is the file's fate, and it is not sent again.
	AddFile(ctx context.Context, c CollectionID, id ItemID, f NewFile) (KeptFile, error)
}

// KeptFile is a file that an item of a remote has.
type KeptFile struct {
	ID   string
	Name string
	Size int64  // bytes; -1 when the remote does not tell
	Key  string // with which it was added, if the remote can tell; else ""
}

// NewFile is a file to be added.
type NewFile struct {
	// Key is the same for every try, and for the same file of the same message in another mailbox: at most 64 letters, digits and
	// hyphens. It is unique in the remote as a whole.
	Key  string
	Name string // without any path; as people see it
	Type string // media type; "" is unknown
	Size int64  // exactly what Body gives, in bytes
	Body io.Reader
}
