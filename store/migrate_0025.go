package store

// schema0025 has who is signed in at the pages, and secrets that are good for one use. The column may be NULL for the reason that
// schema0005 gives. Frozen.
const schema0025 = `
CREATE TABLE sessions (
	hash {bytes} NOT NULL PRIMARY KEY,
	user_id {int} NOT NULL REFERENCES users (id),
	data {bytes},
	created_at {time} NOT NULL,
	seen_at {time} NOT NULL,
	expires_at {time} NOT NULL,
	confirmed_at {time} NOT NULL,
	ip text NOT NULL,
	agent text NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expires ON sessions (expires_at);
CREATE TABLE tickets (
	hash {bytes} NOT NULL PRIMARY KEY,
	purpose text NOT NULL,
	created_at {time} NOT NULL,
	expires_at {time} NOT NULL
);
ALTER TABLE users ADD language text;
UPDATE users SET language = '';
`
