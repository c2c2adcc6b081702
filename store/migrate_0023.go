package store

// schema0023 has what holds for all processes for a while. Frozen.
const schema0023 = `
CREATE TABLE latches (
	name text PRIMARY KEY,
	owner text NOT NULL,
	until {time} NOT NULL
);
`
