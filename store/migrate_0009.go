package store

// schema0009 has an index of the words of cards, and when devices were here last. The index itself is different in each
// database (see words.go): a full-text index of trigrams on SQLite, without the words; on PostgreSQL the words, and an index of
// trigrams over them where the extension for it can be had. Nothing is filled in: collections that are searched are indexed
// then. Devices count as here until now. Frozen.
const schema0009 = `
CREATE TABLE word_index (
	collection_id {int} PRIMARY KEY REFERENCES collections (id),
	seq {int} NOT NULL,
	edition {int} NOT NULL
);
CREATE TABLE devices (
	device text NOT NULL,
	here_at {time} NOT NULL,
	PRIMARY KEY (device)
);
CREATE INDEX devices_here ON devices (here_at);
INSERT INTO devices (device, here_at) SELECT DISTINCT device, {now} FROM seen;
`

const schema0009SQLite = `
CREATE VIRTUAL TABLE card_words USING fts5(words, tokenize = "trigram case_sensitive 1", content = '', contentless_delete = 1, detail = none);
`

// The extension is a trusted one: who may create tables may create it, unless it is not installed.
const schema0009Postgres = `
CREATE TABLE card_words (
	object_id bigint PRIMARY KEY,
	collection_id bigint NOT NULL,
	words text
);
CREATE INDEX card_words_collection ON card_words (collection_id, object_id);
CREATE INDEX card_words_all ON card_words (collection_id, object_id) WHERE words IS NULL;
DO $$ BEGIN CREATE EXTENSION IF NOT EXISTS pg_trgm; EXECUTE 'CREATE INDEX card_words_trigrams ON card_words USING gin (words gin_trgm_ops)'; EXCEPTION WHEN OTHERS THEN RAISE NOTICE 'pg_trgm is not available'; END $$;
`
