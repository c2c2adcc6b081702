package store

// schema0019 knows how far the files of a message have come. The columns may be NULL for the reason that schema0005
// gives. Frozen.
const schema0019 = `
ALTER TABLE pairs ADD COLUMN files text;
UPDATE pairs SET files = '';
ALTER TABLE pairs ADD COLUMN files_at {time};
CREATE INDEX pairs_files_due ON pairs (link_id, files_at) WHERE files_at IS NOT NULL;
`
