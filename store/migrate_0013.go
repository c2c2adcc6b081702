package store

// schema0013 ties the single activities, which a series becomes on a remote without
// recurrence, to their series, and keeps what became of the names that were looked up for
// an item. The column may be NULL for the reason that schema0005 gives. Frozen.
const schema0013 = `
CREATE TABLE occurrences (
	id {key},
	collection_id {int} NOT NULL REFERENCES collections (id),
	series_id {int} NOT NULL REFERENCES objects (id),
	occurrence text NOT NULL,
	object_id {int} NOT NULL REFERENCES objects (id),
	seq {int} NOT NULL,
	series_seq {int} NOT NULL
);
CREATE UNIQUE INDEX occurrences_series ON occurrences (collection_id, series_id, occurrence);
CREATE UNIQUE INDEX occurrences_object ON occurrences (object_id);
ALTER TABLE pairs ADD COLUMN notes text;
UPDATE pairs SET notes = '';
`
