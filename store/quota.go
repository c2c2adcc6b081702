package store

import "fmt"

// QuotaExceeded is the cause of a pim.ErrForbidden from PutObject and CopyObject: the
// living objects of the user would have more bytes than the write allows (RFC 4331 6).
type QuotaExceeded struct {
	Used  int64 // before the write
	Quota int64
}

// Error implements error.
func (e *QuotaExceeded) Error() string {
	return fmt.Sprintf("%d of %d bytes are used", e.Used, e.Quota)
}

// UsedBytes are the bytes of all living objects of a user, but for mail, which nobody here wrote. Objects that are written at the
// same moment in other collections may be missing.
func (t *Tx) UsedBytes(u UserID) (n int64, err error) {
	err = t.row(`SELECT CAST(coalesce(sum(bytes), 0) AS bigint) FROM collections WHERE user_id = ? AND home <> ?`, u, Mail).Scan(&n)
	return n, fail("used bytes", err)
}

// spend counts what a write puts into a collection in the place of what was there (bytes, 0: nothing), which becomes an earlier
// version. What takes no more than before is never refused, whatever is used.
func (t *Tx) spend(h *head, size, was, quota int64) error {
	h.bytes += size - was
	if quota <= 0 {
		return t.becomes(h, was, 0, 0)
	}
	used, err := t.UsedBytes(h.user)
	if err != nil {
		return err
	}
	if h.bytes > 0 && used+h.bytes > quota {
		return &QuotaExceeded{Used: used, Quota: quota}
	}
	return t.becomes(h, was, used+h.bytes, quota)
}
