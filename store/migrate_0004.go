package store

// schema0004 has feeds and collections that are made of others. Frozen.
const schema0004 = `
CREATE TABLE feeds (
	id {key},
	user_id {int} NOT NULL REFERENCES users (id),
	collection_id {int} NOT NULL REFERENCES collections (id),
	name text NOT NULL,
	hash {bytes} NOT NULL,
	hint text NOT NULL,
	detail text NOT NULL,
	private {bool} NOT NULL,
	alarms {bool} NOT NULL,
	past_days {int} NOT NULL,
	future_days {int} NOT NULL,
	created_at {time} NOT NULL,
	expires_at {time},
	revoked_at {time},
	last_used {time},
	last_agent text NOT NULL
);
CREATE UNIQUE INDEX feeds_hash ON feeds (hash);
CREATE INDEX feeds_user ON feeds (user_id);
CREATE INDEX feeds_collection ON feeds (collection_id);

CREATE TABLE derived (
	collection_id {int} PRIMARY KEY REFERENCES collections (id),
	source_id {int} NOT NULL REFERENCES collections (id),
	what text NOT NULL,
	seq {int} NOT NULL
);
CREATE UNIQUE INDEX derived_source ON derived (source_id, what);
`
