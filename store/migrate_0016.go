package store

// schema0016 keeps by which field map a link's records were read, and which fields the bases of a pair are about. The
// columns may be NULL for the reason that schema0005 gives. Frozen.
const schema0016 = `
ALTER TABLE links ADD COLUMN mapped text;
UPDATE links SET mapped = '';
ALTER TABLE pairs ADD COLUMN agreed text;
UPDATE pairs SET agreed = '';
`
