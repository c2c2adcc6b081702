package store

// schema0003 remembers which items left the window, and for how long a run has been
// waited for. Frozen.
const schema0003 = `
ALTER TABLE pairs ADD COLUMN away_at {time};
CREATE INDEX pairs_parked ON pairs (link_id, id) WHERE local_gone AND NOT remote_gone AND NOT dirty;
ALTER TABLE links ADD COLUMN wanted_at {time};
ALTER TABLE links DROP COLUMN wanted;
`
