package store

// schema0008 says how and under which name a collection was made of another one, so that another version of the program
// and a source that is renamed are noticed. The columns may be NULL for the reason that schema0005 gives. Frozen.
const schema0008 = `
ALTER TABLE derived ADD COLUMN edition {int};
ALTER TABLE derived ADD COLUMN title text;
UPDATE derived SET edition = 0, title = '';
`
