package store

// schema0027 has what people prove themselves with beside a password: codes of an authenticator, codes for when it is lost, and who they are
// at a service that they sign in at. Frozen.
const schema0027 = `
CREATE TABLE second_factors (
	user_id {int} NOT NULL PRIMARY KEY REFERENCES users (id),
	secret {bytes},
	step {int} NOT NULL,
	created_at {time} NOT NULL
);
CREATE TABLE recovery_codes (
	user_id {int} NOT NULL REFERENCES users (id),
	hash {bytes} NOT NULL,
	PRIMARY KEY (user_id, hash)
);
CREATE TABLE ties (
	user_id {int} NOT NULL PRIMARY KEY REFERENCES users (id),
	issuer text NOT NULL,
	subject text NOT NULL,
	created_at {time} NOT NULL
);
CREATE UNIQUE INDEX ties_subject ON ties (issuer, subject);
`
