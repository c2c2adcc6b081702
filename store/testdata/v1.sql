INSERT INTO users (name, email, display_name, zone, password_hash, admin, disabled, created_at, updated_at)
	VALUES ('ann', 'ann@example.org', 'Ann Ängström', 'Europe/Berlin', '$argon2id$', true, false, {at 1767603600}, {at 1767603600});
INSERT INTO tokens (user_id, name, hash, hint, read_only, created_at, expires_at, revoked_at, last_used, last_ip, last_agent)
	VALUES (1, 'phone', CAST('hash' AS {bytes}), 'abcd', false, {at 1767603600}, NULL, NULL, {at 1767603700}, '192.0.2.1', 'DAVx5');
INSERT INTO collections (user_id, home, slug, components, display_name, description, color, sort_order, timezone, transparent, read_only, seq, epoch, created_at, updated_at, deleted)
	VALUES (1, 'calendars', 'work', 'VEVENT', 'Work', '', '#ff0000', 0, '', false, false, 5, 'abcdefgh', {at 1767603600}, {at 1767603700}, false);
INSERT INTO objects (collection_id, name, uid, kind, component, etag, size, first_start, last_end, span, seq, created_at, updated_at, deleted, shadowed)
	VALUES (1, 'a.ics', 'a@example.org', 1, 'VEVENT', '6fec80ef5d1ee0d1fab438716eed8762', 19, 1767603600, 1767607200, 0, 3, {at 1767603600}, {at 1767603700}, false, false);
INSERT INTO objects (collection_id, name, uid, kind, component, etag, size, first_start, last_end, span, seq, created_at, updated_at, deleted, shadowed)
	VALUES (1, 'b.ics', 'b@example.org', 1, 'VEVENT', '', 0, 1767603600, 1767607200, 0, 5, {at 1767603600}, {at 1767603700}, true, false);
INSERT INTO versions (object_id, seq, etag, text, changed_by, changed_at) VALUES (1, 2, '66e8efd0f44d9671db8ea0945e592ed5', CAST('BEGIN:VCALENDAR one' AS {bytes}), 'dav:ann', {at 1767603600});
INSERT INTO versions (object_id, seq, etag, text, changed_by, changed_at) VALUES (1, 3, '6fec80ef5d1ee0d1fab438716eed8762', CAST('BEGIN:VCALENDAR two' AS {bytes}), 'dav:ann', {at 1767603700});
INSERT INTO versions (object_id, seq, etag, text, changed_by, changed_at) VALUES (2, 4, '66e8efd0f44d9671db8ea0945e592ed5', CAST('BEGIN:VCALENDAR one' AS {bytes}), 'dav:ann', {at 1767603600});
INSERT INTO versions (object_id, seq, etag, text, changed_by, changed_at) VALUES (2, 5, '', NULL, 'dav:ann', {at 1767603700});
INSERT INTO seen (device, object_id, seq) VALUES ('token:1', 1, 2);
INSERT INTO properties (owner, space, local, xml) VALUES ('c:1', 'urn:x', 'y', CAST('<y/>' AS {bytes}));
INSERT INTO links (user_id, collection_id, side, name, driver, remote, settings, rules, cursor, interval, paused, held, failures, next_run, last_run, last_success, last_error, listed_at, local_seq, wanted, lease_owner, lease_until, created_at, updated_at)
	VALUES (1, 1, 'crm', 'crm', 'creatio', 'activities', CAST('sealed' AS {bytes}), CAST('{}' AS {bytes}), 'c1', 60000000000, false, '', 0, {at 1767603800}, {at 1767603700}, {at 1767603700}, '', NULL, 5, false, '', NULL, {at 1767603600}, {at 1767603700});
INSERT INTO pairs (link_id, object_id, uid, remote_id, version, seq, local_text, local_item, remote_item, local_print, remote_print, their_item, their_version, their_print, their_modified, url, dirty, key, intent, local_gone, remote_gone, error, error_kind, attempts, retry_at, created_at, updated_at)
	VALUES (1, 1, 'a@example.org', 'r1', 'v1', 2, CAST('BEGIN:VCALENDAR one' AS {bytes}), NULL, NULL, 'lp', 'rp', NULL, 'v2', 'tp', {at 1767603650}, 'https://crm.example.org/1', true, 'k', '', false, false, 'down', 'unavailable', 1, {at 1767604000}, {at 1767603600}, {at 1767603700});
INSERT INTO conflicts (user_id, collection_id, object_id, link_id, name, uid, kind, cause, method, device, base, mine, theirs, fields, their_version, created_at, resolved_at, resolution, resolved_by)
	VALUES (1, 1, 1, 1, 'a.ics', 'a@example.org', 1, 'relay', '', 'crm', CAST('b' AS {bytes}), CAST('m' AS {bytes}), NULL, '["summary"]', 'v2', {at 1767603700}, NULL, '', '');
INSERT INTO runs (link_id, "trigger", started, ended, outcome, error, counts, requests) VALUES (1, 'poll', {at 1767603700}, {at 1767603701}, 'ok', '', '{}', 3);
INSERT INTO steps (run_id, pair_id, uid, side, action, outcome, error, fields) VALUES (1, 1, 'a@example.org', 'local', 'create', 'done', '', 'summary');
