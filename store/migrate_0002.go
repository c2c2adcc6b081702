package store

// schema0002 remembers which UID a remote item has, whatever becomes of links.
// Frozen.
const schema0002 = `
CREATE TABLE identities (
	user_id {int} NOT NULL REFERENCES users (id),
	driver text NOT NULL,
	place text NOT NULL,
	remote_id text NOT NULL,
	uid text NOT NULL,
	PRIMARY KEY (user_id, driver, place, remote_id)
);
`
