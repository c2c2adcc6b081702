package store

import (
	"errors"
	"strconv"
	"strings"

	"crmbridge/pim"
)

// tokenPrefix begins every sync token: a valid URI (RFC 6578 4) that also holds a
// ":", without which evolution-data-server does not take it for a token.
const tokenPrefix = "urn:crmbridge:sync:"

// SyncToken is the sync token for the present state of c (RFC 6578 4). It never
// expires.
func SyncToken(c Collection) string { return SyncTokenAt(c, c.Seq) }

// SyncTokenAt is the sync token for an earlier state, after a truncated answer
// (RFC 6578 3.6).
func SyncTokenAt(c Collection, seq Seq) string {
	return tokenPrefix + c.Epoch + ":" + strconv.FormatInt(int64(seq), 10)
}

// ErrTokenAhead is in the error for a sync token of a change that the collection has not
// reached. Tokens are given for changes that were made, so the database was put back
// from a copy.
var ErrTokenAhead = errors.New("the collection has not reached this change: the database was put back from a copy")

// ParseSyncToken reads a sync token of c. A token of another collection or
// database, of a change that c has not reached, or garbage is pim.ErrCursorGone
// (RFC 6578 3.2, DAV:valid-sync-token). The empty token is 0: the initial sync.
func ParseSyncToken(c Collection, token string) (Seq, error) {
	if token == "" {
		return 0, nil
	}
	gone := &pim.Error{
		Op: "store: sync token", Kind: pim.ErrCursorGone, Public: "the sync token is not one of this collection: list everything again",
	}
	rest, ours := strings.CutPrefix(token, tokenPrefix+c.Epoch+":")
	if ours {
		n, err := strconv.ParseInt(rest, 10, 64)
		// Only the one spelling that SyncTokenAt writes.
		if err == nil && n >= 0 && strconv.FormatInt(n, 10) == rest {
			if n <= int64(c.Seq) {
				return Seq(n), nil
			}
			gone.Err = ErrTokenAhead
		}
	}
	return 0, gone
}
