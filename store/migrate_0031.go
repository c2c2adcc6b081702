package store

// schema0031 knows until when a person lifted the bounds of a link. Frozen.
const schema0031 = `
ALTER TABLE links ADD COLUMN many_until {time};
`
