package store

// schema0026 says what an app password is good for. The column may be NULL for the reason that schema0005 gives. Frozen.
const schema0026 = `
ALTER TABLE tokens ADD scope text;
UPDATE tokens SET scope = '';
`
