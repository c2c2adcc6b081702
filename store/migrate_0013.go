package store

// schema0013 ties the single activities, which a series becomes on a remote without
// recurrence, to their series. Frozen.
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
`
