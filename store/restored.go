package store

// Restored makes the database fit to be used after a copy of it was put back. What was
// given out since the copy was made is not in it, and the same numbers will be given
// again to other changes. So every collection gets a new epoch, which ends all sync
// tokens: clients list everything anew. And what devices downloaded last becomes a
// version that is not known, as it may be one that is gone: what they write without
// condition is compared with care until they download again.
//
// Nothing else holds numbers outside: ETags are hashes of texts; pairs and links count
// in the collection that was put back with them, and a remote that has moved on since
// is what every run expects. It returns how many collections there are.
func (t *Tx) Restored() (collections int, err error) {
	const op = "restored"
	if err := t.writing(op); err != nil {
		return 0, err
	}
	ids, err := t.collectionIDs()
	if err != nil {
		return 0, fail(op, err)
	}
	for _, id := range ids {
		epoch, err := t.s.epoch()
		if err != nil {
			return 0, err
		}
		if _, err := t.exec(`UPDATE collections SET epoch = ? WHERE id = ?`, epoch, id); err != nil {
			return 0, fail(op, err)
		}
	}
	_, err = t.exec(`UPDATE seen SET seq = 0`)
	return len(ids), fail(op, err)
}

// collectionIDs are those of all collections, deleted ones too.
func (t *Tx) collectionIDs() ([]CollectionID, error) {
	rows, err := t.query(`SELECT id FROM collections ORDER BY id` + t.forUpdate())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ids []CollectionID
	for rows.Next() {
		var id CollectionID
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}
