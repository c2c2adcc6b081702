package store

import (
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

// ParseSyncToken reads a sync token of c. A token of another collection or
// database, of a change that c has not reached, or garbage is pim.ErrCursorGone
// (RFC 6578 3.2, DAV:valid-sync-token). The empty token is 0: the initial sync.
func ParseSyncToken(c Collection, token string) (Seq, error) {
	if token == "" {
		return 0, nil
	}
	rest, ours := strings.CutPrefix(token, tokenPrefix+c.Epoch+":")
	if ours {
		n, err := strconv.ParseInt(rest, 10, 64)
		// Only the one spelling that SyncTokenAt writes.
		if err == nil && n >= 0 && n <= int64(c.Seq) && strconv.FormatInt(n, 10) == rest {
			return Seq(n), nil
		}
	}
	return 0, pim.Errorf("store: sync token", pim.ErrCursorGone, "the sync token is not one of this collection: list everything again")
}
