package store

// schema0024 knows what people call the folders that a link leads to. The column may be NULL for the reason that schema0005
// gives. Frozen.
const schema0024 = `
ALTER TABLE links ADD COLUMN folders text;
UPDATE links SET folders = '';
`
