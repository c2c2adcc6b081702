package store

// SaveIdentity remembers the UID of a remote item, replacing an earlier one.
func (t *Tx) SaveIdentity(i Identity) error {
	const op = "save identity"
	if err := t.writing(op); err != nil {
		return err
	}
	_, err := t.exec(`INSERT INTO identities (user_id, driver, place, remote_id, uid, collection_id) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (user_id, driver, place, remote_id) DO UPDATE SET uid = excluded.uid, collection_id = excluded.collection_id`,
		i.UserID, i.Driver, i.Place, i.RemoteID, i.UID, i.CollectionID)
	return fail(op, err)
}

// Identity is what is remembered of a remote item, else pim.ErrNotFound.
func (t *Tx) Identity(u UserID, driver, place, remoteID string) (Identity, error) {
	i, err := take[Identity](t, "user_id = ? AND driver = ? AND place = ? AND remote_id = ?", u, driver, place, remoteID)
	return i, fail("identity", err)
}

// IdentitiesOf are the remote items that had a UID, in the order of their ids: one that
// was deleted and made anew has several.
func (t *Tx) IdentitiesOf(u UserID, driver, place, uid string) ([]Identity, error) {
	is, err := find[Identity](t, "user_id = ? AND driver = ? AND place = ? AND uid = ? ORDER BY remote_id", u, driver, place, uid)
	return is, fail("identities of", err)
}
