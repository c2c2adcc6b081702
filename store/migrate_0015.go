package store

// schema0015 knows which records come along with others, when the remote is asked next what
// a record is tied to, and who did something on a remote through the bridge. The columns may
// be NULL for the reason that schema0005 gives. Frozen.
const schema0015 = `
ALTER TABLE pairs ADD COLUMN along text;
UPDATE pairs SET along = '';
ALTER TABLE pairs ADD COLUMN relate_at {time};
CREATE INDEX pairs_relate ON pairs (link_id, relate_at) WHERE relate_at IS NOT NULL;
ALTER TABLE runs ADD COLUMN asked_by text;
UPDATE runs SET asked_by = '';
CREATE TABLE brings (
	id {key},
	link_id {int} NOT NULL REFERENCES links (id) ON DELETE CASCADE,
	remote_id text NOT NULL,
	by_link_id {int} NOT NULL,
	by_remote_id text NOT NULL,
	role text NOT NULL,
	asked_at {time} NOT NULL
);
CREATE UNIQUE INDEX brings_record ON brings (link_id, remote_id);
`
