package store

// schema0014 lets a person stop a run from another process: it names the owner of the lease
// that is to end. The column may be NULL for the reason that schema0005 gives. Frozen.
const schema0014 = `
ALTER TABLE links ADD COLUMN stop_owner text;
UPDATE links SET stop_owner = '';
`
