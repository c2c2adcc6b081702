package store

// SaveIdentity remembers the UID of a remote item, replacing an earlier one.
func (t *Tx) SaveIdentity(i Identity) error {
	const op = "save identity"
	if err := t.writing(op); err != nil {
		return err
	}
	_, err := t.exec(`INSERT INTO identities (user_id, driver, place, remote_id, uid) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (user_id, driver, place, remote_id) DO UPDATE SET uid = excluded.uid`, i.UserID, i.Driver, i.Place, i.RemoteID, i.UID)
	return fail(op, err)
}

// IdentityUID is the UID that a remote item was given, else pim.ErrNotFound.
func (t *Tx) IdentityUID(u UserID, driver, place, remoteID string) (string, error) {
	i, err := take[Identity](t, "user_id = ? AND driver = ? AND place = ? AND remote_id = ?", u, driver, place, remoteID)
	return i.UID, fail("identity", err)
}
