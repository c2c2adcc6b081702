package store

// schema0012 remembers in which collection a remote item was last, finds identities by their UID, and has pairs of
// items that may be one. The column may be NULL for the reason that schema0005 gives. Frozen.
const schema0012 = `
ALTER TABLE identities ADD COLUMN collection_id {int};
UPDATE identities SET collection_id = 0;
CREATE INDEX identities_uid ON identities (user_id, driver, place, uid);
CREATE TABLE duplicates (
	id {key},
	user_id {int} NOT NULL REFERENCES users (id),
	collection_id {int} NOT NULL REFERENCES collections (id),
	first_id {int} NOT NULL,
	second_id {int} NOT NULL,
	kind {small} NOT NULL,
	score {int} NOT NULL,
	reasons text NOT NULL,
	print text NOT NULL,
	state text NOT NULL,
	found_at {time} NOT NULL,
	settled_at {time},
	settled_by text NOT NULL,
	merge {bytes}
);
CREATE UNIQUE INDEX duplicates_pair ON duplicates (first_id, second_id);
CREATE INDEX duplicates_second ON duplicates (second_id);
CREATE INDEX duplicates_collection ON duplicates (collection_id, id);
CREATE INDEX duplicates_user ON duplicates (user_id, id);
`
