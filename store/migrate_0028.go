package store

// schema0028 has what people did, and on whose behalf. Names and not numbers: an account that is gone still did what it did. Frozen.
const schema0028 = `
CREATE TABLE deeds (
	id {key},
	at {time} NOT NULL,
	via text NOT NULL,
	account text NOT NULL,
	address text NOT NULL,
	agent text NOT NULL,
	act text NOT NULL,
	subject text NOT NULL,
	notes text NOT NULL,
	outcome text NOT NULL
);
CREATE INDEX deeds_at ON deeds (at);
CREATE INDEX deeds_act ON deeds (act, id);
CREATE INDEX deeds_account ON deeds (account, id);
`
