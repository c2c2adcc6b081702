package review

import "crmbridge/store"

// Deeds is the audit log, newest first: what an account did, or all for ""; acts of one name, or all for "". Text is looked for in account, address,
// subject and notes.
func Deeds(tx *store.Tx, q Query, account, act string) (Page[store.Deed], error) {
	f := store.DeedFilter{Account: account, Act: act, Since: q.Since, Until: q.Until}
	return gather(q, rowsAtOnce, func(before int64, limit int) ([]store.Deed, error) {
		f.Before, f.Limit = store.DeedID(before), limit
		return tx.Deeds(f)
	}, func(d store.Deed) int64 { return int64(d.ID) }, func(d store.Deed) (store.Deed, bool, error) {
		return d, q.fits(d.Account, d.Address, d.Subject, d.Notes), nil
	})
}
