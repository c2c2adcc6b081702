package store

// schema0010 is for the records that people read: a step names its item by title and the
// remote's word for the call, a run counts the quiet ones it stands for, a failing item can
// be set aside, and what is listed has an index. The columns may be NULL for the reason that
// schema0005 gives. Frozen.
const schema0010 = `
ALTER TABLE steps ADD COLUMN title text;
ALTER TABLE steps ADD COLUMN kind text;
ALTER TABLE steps ADD COLUMN trace text;
UPDATE steps SET title = '', kind = '', trace = '';
ALTER TABLE runs ADD COLUMN kind text;
ALTER TABLE runs ADD COLUMN trace text;
ALTER TABLE runs ADD COLUMN quiet {int};
ALTER TABLE runs ADD COLUMN since {time};
UPDATE runs SET kind = '', trace = '', quiet = 0;
ALTER TABLE pairs ADD COLUMN ignored_at {time};
CREATE INDEX pairs_failing ON pairs (link_id, id) WHERE error <> '';
CREATE INDEX pairs_failing_all ON pairs (id) WHERE error <> '';
CREATE INDEX pairs_held_all ON pairs (id) WHERE hold <> '';
CREATE INDEX conflicts_link ON conflicts (link_id, id) WHERE link_id <> 0;
CREATE INDEX conflicts_waiting ON conflicts (user_id, id) WHERE resolved_at IS NULL;
CREATE INDEX conflicts_waiting_all ON conflicts (id) WHERE resolved_at IS NULL;
`
