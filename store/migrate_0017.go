package store

// schema0017 lets a step tell which texts a remote cut. The column may be NULL for the reason
// that schema0005 gives. Frozen.
const schema0017 = `
ALTER TABLE steps ADD COLUMN cut text;
UPDATE steps SET cut = '';
`
