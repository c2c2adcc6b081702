package store

// schema0001 is the first schema. Frozen.
//
// The texts of objects lie in versions and nowhere else, so that a listing reads
// narrow rows and a write adds one text without copying the old one. Among the rows
// of one (collection, name) at most one is not shadowed: the living object or the
// newest tombstone.
const schema0001 = `
CREATE TABLE users (
	id {key},
	name text NOT NULL,
	email text NOT NULL,
	display_name text NOT NULL,
	zone text NOT NULL,
	password_hash text NOT NULL,
	admin {bool} NOT NULL,
	disabled {bool} NOT NULL,
	created_at {time} NOT NULL,
	updated_at {time} NOT NULL
);
CREATE UNIQUE INDEX users_name ON users (name);

CREATE TABLE tokens (
	id {key},
	user_id {int} NOT NULL REFERENCES users (id),
	name text NOT NULL,
	hash {bytes} NOT NULL,
	hint text NOT NULL,
	read_only {bool} NOT NULL,
	created_at {time} NOT NULL,
	expires_at {time},
	revoked_at {time},
	last_used {time},
	last_ip text NOT NULL,
	last_agent text NOT NULL
);
CREATE UNIQUE INDEX tokens_hash ON tokens (hash);
CREATE INDEX tokens_user ON tokens (user_id);

CREATE TABLE collections (
	id {key},
	user_id {int} NOT NULL REFERENCES users (id),
	home text NOT NULL,
	slug text NOT NULL,
	components text NOT NULL,
	display_name text NOT NULL,
	description text NOT NULL,
	color text NOT NULL,
	sort_order {int} NOT NULL,
	timezone text NOT NULL,
	transparent {bool} NOT NULL,
	read_only {bool} NOT NULL,
	seq {int} NOT NULL,
	epoch text NOT NULL,
	created_at {time} NOT NULL,
	updated_at {time} NOT NULL,
	deleted {bool} NOT NULL
);
CREATE UNIQUE INDEX collections_slug ON collections (user_id, home, slug) WHERE NOT deleted;
CREATE INDEX collections_home ON collections (user_id, home);

CREATE TABLE objects (
	id {key},
	collection_id {int} NOT NULL REFERENCES collections (id),
	name text NOT NULL,
	uid text NOT NULL,
	kind {small} NOT NULL,
	component text NOT NULL,
	etag text NOT NULL,
	size {int} NOT NULL,
	first_start {int} NOT NULL,
	last_end {int} NOT NULL,
	span {int} NOT NULL,
	seq {int} NOT NULL,
	created_at {time} NOT NULL,
	updated_at {time} NOT NULL,
	deleted {bool} NOT NULL,
	shadowed {bool} NOT NULL
);
CREATE UNIQUE INDEX objects_name ON objects (collection_id, name) WHERE NOT shadowed;
CREATE UNIQUE INDEX objects_uid ON objects (collection_id, uid) WHERE NOT deleted AND uid <> '';
CREATE UNIQUE INDEX objects_seq ON objects (collection_id, seq);
CREATE INDEX objects_list ON objects (collection_id, id) WHERE NOT deleted;
CREATE INDEX objects_component ON objects (collection_id, component, id) WHERE NOT deleted;
CREATE INDEX objects_time ON objects (collection_id, span, first_start, last_end, component, deleted) WHERE NOT deleted;

CREATE TABLE versions (
	object_id {int} NOT NULL REFERENCES objects (id),
	seq {int} NOT NULL,
	etag text NOT NULL,
	text {bytes},
	changed_by text NOT NULL,
	changed_at {time} NOT NULL,
	PRIMARY KEY (object_id, seq)
);

CREATE TABLE seen (
	device text NOT NULL,
	object_id {int} NOT NULL REFERENCES objects (id),
	seq {int} NOT NULL,
	PRIMARY KEY (device, object_id)
);
CREATE INDEX seen_object ON seen (object_id, seq);

CREATE TABLE properties (
	owner text NOT NULL,
	space text NOT NULL,
	local text NOT NULL,
	xml {bytes} NOT NULL,
	PRIMARY KEY (owner, space, local)
);

CREATE TABLE links (
	id {key},
	user_id {int} NOT NULL REFERENCES users (id),
	collection_id {int} NOT NULL REFERENCES collections (id),
	side text NOT NULL,
	name text NOT NULL,
	driver text NOT NULL,
	remote text NOT NULL,
	settings {bytes},
	rules {bytes},
	cursor text NOT NULL,
	interval {int} NOT NULL,
	paused {bool} NOT NULL,
	held text NOT NULL,
	failures {int} NOT NULL,
	next_run {time},
	last_run {time},
	last_success {time},
	last_error text NOT NULL,
	listed_at {time},
	local_seq {int} NOT NULL,
	wanted {bool} NOT NULL,
	lease_owner text NOT NULL,
	lease_until {time},
	created_at {time} NOT NULL,
	updated_at {time} NOT NULL
);
CREATE UNIQUE INDEX links_side ON links (collection_id, side);
CREATE UNIQUE INDEX links_name ON links (user_id, name);

CREATE TABLE pairs (
	id {key},
	link_id {int} NOT NULL REFERENCES links (id) ON DELETE CASCADE,
	object_id {int} NOT NULL,
	uid text NOT NULL,
	remote_id text NOT NULL,
	version text NOT NULL,
	seq {int} NOT NULL,
	local_text {bytes},
	local_item {bytes},
	remote_item {bytes},
	local_print text NOT NULL,
	remote_print text NOT NULL,
	their_item {bytes},
	their_version text NOT NULL,
	their_print text NOT NULL,
	their_modified {time},
	url text NOT NULL,
	dirty {bool} NOT NULL,
	key text NOT NULL,
	intent text NOT NULL,
	local_gone {bool} NOT NULL,
	remote_gone {bool} NOT NULL,
	error text NOT NULL,
	error_kind text NOT NULL,
	attempts {int} NOT NULL,
	retry_at {time},
	created_at {time} NOT NULL,
	updated_at {time} NOT NULL
);
CREATE UNIQUE INDEX pairs_object ON pairs (link_id, object_id) WHERE object_id <> 0;
CREATE UNIQUE INDEX pairs_remote ON pairs (link_id, remote_id) WHERE remote_id <> '';
CREATE INDEX pairs_list ON pairs (link_id, id);
CREATE INDEX pairs_uid ON pairs (link_id, uid);
CREATE INDEX pairs_due ON pairs (link_id, id) WHERE dirty OR intent <> '' OR retry_at IS NOT NULL;
CREATE INDEX pairs_alive ON pairs (link_id, id) WHERE remote_id <> '' AND NOT remote_gone;
CREATE INDEX pairs_base ON pairs (object_id, seq);

CREATE TABLE conflicts (
	id {key},
	user_id {int} NOT NULL REFERENCES users (id),
	collection_id {int} NOT NULL REFERENCES collections (id),
	object_id {int} NOT NULL,
	link_id {int} NOT NULL,
	name text NOT NULL,
	uid text NOT NULL,
	kind {small} NOT NULL,
	cause text NOT NULL,
	method text NOT NULL,
	device text NOT NULL,
	base {bytes},
	mine {bytes},
	theirs {bytes},
	fields text NOT NULL,
	their_version text NOT NULL,
	created_at {time} NOT NULL,
	resolved_at {time},
	resolution text NOT NULL,
	resolved_by text NOT NULL
);
CREATE INDEX conflicts_user ON conflicts (user_id, id);
CREATE INDEX conflicts_collection ON conflicts (collection_id, id);
CREATE INDEX conflicts_object ON conflicts (object_id, id);
CREATE INDEX conflicts_open ON conflicts (object_id, link_id) WHERE resolved_at IS NULL;

CREATE TABLE runs (
	id {key},
	link_id {int} NOT NULL,
	"trigger" text NOT NULL,
	started {time} NOT NULL,
	ended {time},
	outcome text NOT NULL,
	error text NOT NULL,
	counts text NOT NULL,
	requests {int} NOT NULL
);
CREATE INDEX runs_link ON runs (link_id, id);
CREATE INDEX runs_started ON runs (started);

CREATE TABLE steps (
	id {key},
	run_id {int} NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
	pair_id {int} NOT NULL,
	uid text NOT NULL,
	side text NOT NULL,
	action text NOT NULL,
	outcome text NOT NULL,
	error text NOT NULL,
	fields text NOT NULL
);
CREATE INDEX steps_run ON steps (run_id, id);
`
