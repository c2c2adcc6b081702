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

// UsedBytes are the bytes of all living objects of a user. Objects that are written at the
// same moment in other collections may be missing.
func (t *Tx) UsedBytes(u UserID) (n int64, err error) {
	err = t.row(`SELECT CAST(coalesce(sum(bytes), 0) AS bigint) FROM collections WHERE user_id = ?`, u).Scan(&n)
	return n, fail("used bytes", err)
}

// spend counts bytes that a write adds to a collection, or takes when it is negative. What
// takes no more than before is never refused, whatever is used.
func (t *Tx) spend(h *head, delta, quota int64) error {
	h.bytes += delta
	if quota <= 0 || h.bytes <= 0 {
		return nil
	}
	if used, err := t.UsedBytes(h.user); err != nil {
		return err
	} else if used+h.bytes > quota {
		return &QuotaExceeded{Used: used, Quota: quota}
	}
	return nil
}
