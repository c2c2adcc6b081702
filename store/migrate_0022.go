package store

// schema0022 has what lets the bridge in by the login of a person. Frozen.
const schema0022 = `
CREATE TABLE sign_ins (
	id {key},
	user_id {int} NOT NULL REFERENCES users (id),
	driver text NOT NULL,
	name text NOT NULL,
	account text NOT NULL,
	token {bytes},
	fault text NOT NULL,
	lease_owner text NOT NULL,
	lease_until {time},
	created_at {time} NOT NULL,
	updated_at {time} NOT NULL
);
CREATE UNIQUE INDEX sign_ins_name ON sign_ins (user_id, driver, name);
`
