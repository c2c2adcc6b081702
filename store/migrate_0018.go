package store

// schema0018 knows by which key a remote item is found again when a person moves it. The columns may be NULL for the
// reason that schema0005 gives. Frozen.
const schema0018 = `
ALTER TABLE pairs ADD COLUMN mark text;
UPDATE pairs SET mark = '';
ALTER TABLE pairs ADD COLUMN mark_at {time};
CREATE INDEX pairs_mark ON pairs (mark) WHERE mark <> '';
CREATE INDEX pairs_mark_due ON pairs (link_id, mark_at) WHERE mark_at IS NOT NULL;
`
