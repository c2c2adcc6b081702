package store

// schema0005 has what a person, or a rule about private items, said of one item of a
// link, and indexes for the lists of them. The columns may be NULL only because SQLite
// adds no others without a default, which the models have none of. Frozen.
const schema0005 = `
ALTER TABLE pairs ADD COLUMN mask text;
ALTER TABLE pairs ADD COLUMN tie text;
ALTER TABLE pairs ADD COLUMN hold text;
UPDATE pairs SET mask = '', tie = '', hold = '';
CREATE INDEX pairs_hold ON pairs (link_id, id) WHERE hold <> '';
CREATE INDEX pairs_tie ON pairs (link_id, id) WHERE tie <> '';
`
