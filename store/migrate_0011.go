package store

// schema0011 keeps where an object was first made, what it takes to undo a write of a run and when it was made, and which
// run an undo takes back. An origin is known for the objects whose first text is still there. The columns may be NULL for
// the reason that schema0005 gives. Frozen.
const schema0011 = `
ALTER TABLE objects ADD COLUMN origin text;
UPDATE objects SET origin = coalesce((SELECT v.changed_by FROM versions AS v WHERE v.object_id = objects.id AND v.changed_at = objects.created_at ORDER BY v.seq LIMIT 1), '');
UPDATE objects SET origin = coalesce((SELECT l.side || ':' || l.name FROM links AS l WHERE l.collection_id = objects.collection_id AND objects.origin = 'relay:' || l.name), origin) WHERE origin LIKE 'relay:%';
CREATE INDEX objects_buried ON objects (collection_id, uid, seq) WHERE deleted AND uid <> '';
ALTER TABLE steps ADD COLUMN done_at {time};
ALTER TABLE steps ADD COLUMN undo {bytes};
ALTER TABLE steps ADD COLUMN undone text;
UPDATE steps SET undone = '';
CREATE INDEX steps_uid ON steps (uid, id) WHERE side = 'remote';
ALTER TABLE runs ADD COLUMN undoes {int};
UPDATE runs SET undoes = 0;
`
