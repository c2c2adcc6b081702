package store

// schema0006 counts: the bytes of a collection, and those of a conflict, which also gets
// what tells reports apart without their texts. The columns may be NULL for the reason
// that schema0005 names. Texts come before them in a row, and a long text is read over to
// come behind it: so the indexes have all that is asked for often. Frozen.
const schema0006 = `
ALTER TABLE collections ADD COLUMN bytes {int};
UPDATE collections SET bytes = (SELECT coalesce(sum(size), 0) FROM objects WHERE objects.collection_id = collections.id AND NOT objects.deleted);
ALTER TABLE conflicts ADD COLUMN series text;
ALTER TABLE conflicts ADD COLUMN digest text;
ALTER TABLE conflicts ADD COLUMN size {int};
UPDATE conflicts SET series = '', digest = '', size = coalesce(length(base), 0) + coalesce(length(mine), 0) + coalesce(length(theirs), 0);
CREATE INDEX conflicts_series ON conflicts (series, resolved_at, digest, their_version) WHERE series <> '';
CREATE INDEX conflicts_digest ON conflicts (object_id, resolved_at, digest) WHERE digest <> '';
CREATE INDEX conflicts_size ON conflicts (user_id, resolved_at, size);
CREATE INDEX conflicts_resolved ON conflicts (resolved_at) WHERE resolved_at IS NOT NULL;
`
