package store

const versionSelect = `SELECT object_id, seq, etag, text, changed_by, changed_at FROM versions`

func (v *Version) scan(row interface{ Scan(...any) error }) error {
	err := row.Scan(&v.ObjectID, &v.Seq, &v.ETag, &v.Text, &v.By, &v.At)
	if v.Text == nil && v.ETag != "" {
		v.Text = []byte{} // as in scanner.read
	}
	return err
}

// Version returns the text that a change of an object made, else pim.ErrNotFound.
func (t *Tx) Version(o ObjectID, seq Seq) (Version, error) {
	var v Version
	err := v.scan(t.row(versionSelect+` WHERE object_id = ? AND seq = ?`, o, seq))
	return v, fail("version", err)
}

// VersionByETag returns the newest text of an object that had that ETag, the
// present one included, else pim.ErrNotFound.
func (t *Tx) VersionByETag(o ObjectID, etag string) (Version, error) {
	var v Version
	if etag == "" || !storable(etag) {
		return v, notFound("version by etag", "version")
	}
	err := v.scan(t.row(versionSelect+` WHERE object_id = ? AND etag = ? ORDER BY seq DESC LIMIT 1`, o, etag))
	return v, fail("version by etag", err)
}

// Versions returns the texts of an object that are still kept, newest first, the
// present one included.
func (t *Tx) Versions(o ObjectID) ([]Version, error) {
	rows, err := t.query(versionSelect+` WHERE object_id = ? ORDER BY seq DESC`, o)
	if err != nil {
		return nil, fail("versions", err)
	}
	defer rows.Close()
	var vs []Version
	for rows.Next() {
		var v Version
		if err := v.scan(rows); err != nil {
			return nil, fail("versions", err)
		}
		vs = append(vs, v)
	}
	return vs, fail("versions", rows.Err())
}

// PruneVersions deletes texts that were replaced or deleted longer ago than
// Config.KeepVersions, unless they are what a device saw last, the base of a pair,
// or of an object with an open conflict. It looks at most at limit objects with an id
// above after, and returns the id to go on from, 0 at the end, so that no writer waits
// long.
func (t *Tx) PruneVersions(after ObjectID, limit int) (next ObjectID, pruned int64, err error) {
	const op = "prune versions"
	if err := t.writing(op); err != nil {
		return 0, 0, err
	}
	var n int
	err = t.row(`SELECT count(*), coalesce(max(id), 0) FROM (SELECT id FROM objects WHERE id > ? ORDER BY id LIMIT ?) AS page`, after, limit).Scan(&n, &next)
	if err != nil || n == 0 {
		return 0, 0, fail(op, err)
	}
	// A text was replaced when the next change of its object was made.
	pruned, err = t.exec(`DELETE FROM versions WHERE object_id > ? AND object_id <= ?
		AND seq < (SELECT o.seq FROM objects AS o WHERE o.id = versions.object_id)
		AND (SELECT min(n.changed_at) FROM versions AS n WHERE n.object_id = versions.object_id AND n.seq > versions.seq) < ?
		AND NOT EXISTS (SELECT 1 FROM seen AS s WHERE s.object_id = versions.object_id AND s.seq = versions.seq)
		AND NOT EXISTS (SELECT 1 FROM pairs AS p WHERE p.object_id = versions.object_id AND p.seq = versions.seq)
		AND NOT EXISTS (SELECT 1 FROM conflicts AS c WHERE c.object_id = versions.object_id AND c.resolved_at IS NULL)`,
		after, next, t.now.Add(-t.s.cfg.KeepVersions))
	if n < limit {
		next = 0
	}
	return next, pruned, fail(op, err)
}
