package store

import (
	"context"
	"errors"
	"fmt"
)

// rule is an invariant as a query for what breaks it: each row is one text.
type rule struct {
	name  string
	query string
}

func rules() []rule {
	return []rule{
		{"an object's change is one of its collection", `SELECT 'object ' || o.id FROM objects o JOIN collections c ON c.id = o.collection_id WHERE o.seq > c.seq OR o.seq < 1`},
		{"a living object has its text", `SELECT 'object ' || o.id FROM objects o LEFT JOIN versions v ON v.object_id = o.id AND v.seq = o.seq
			WHERE NOT o.deleted AND (v.text IS NULL OR v.etag <> o.etag OR length(v.text) <> o.size)`},
		{"a tombstone has no text", `SELECT 'object ' || o.id FROM objects o LEFT JOIN versions v ON v.object_id = o.id AND v.seq = o.seq
			WHERE o.deleted AND (o.etag <> '' OR o.size <> 0 OR v.text IS NOT NULL)`},
		{"no text is newer than its object", `SELECT 'object ' || o.id FROM objects o JOIN versions v ON v.object_id = o.id AND v.seq > o.seq`},
		{"the living are not shadowed", `SELECT 'object ' || id FROM objects WHERE shadowed AND NOT deleted`},
		{"a name is spoken for once", `SELECT 'collection ' || collection_id || ' name ' || name FROM objects GROUP BY collection_id, name
			HAVING sum(CASE WHEN shadowed THEN 0 ELSE 1 END) <> 1`},
		{"a UID lives once", `SELECT 'collection ' || collection_id || ' uid ' || uid FROM objects WHERE NOT deleted AND uid <> '' GROUP BY collection_id, uid HAVING count(*) > 1`},
		{"an object starts before it ends", `SELECT 'object ' || id FROM objects WHERE first_start > last_end`},
		{"nobody has seen the future", `SELECT s.device || ' object ' || o.id FROM seen s JOIN objects o ON o.id = s.object_id WHERE s.seq > o.seq`},
		{"a deleted collection is empty", `SELECT 'collection ' || c.id FROM collections c WHERE c.deleted AND (
			EXISTS (SELECT 1 FROM objects o WHERE o.collection_id = c.id AND NOT o.deleted) OR EXISTS (SELECT 1 FROM links l WHERE l.collection_id = c.id))`},
		{"a link has looked at changes that were made", `SELECT 'link ' || l.id FROM links l JOIN collections c ON c.id = l.collection_id WHERE l.local_seq > c.seq OR l.user_id <> c.user_id`},
		{"a pair's object lies in its link's collection, or is an occurrence of a series there", `SELECT 'pair ' || p.id FROM pairs p JOIN links l ON l.id = p.link_id LEFT JOIN objects o ON o.id = p.object_id
			WHERE p.object_id <> 0 AND (o.id IS NULL OR p.seq > o.seq OR o.collection_id <> l.collection_id AND NOT EXISTS
				(SELECT 1 FROM derived d JOIN collections c ON c.id = d.collection_id WHERE d.collection_id = o.collection_id AND d.source_id = l.collection_id AND c.home = 'occurrences'))`},
		{"an occurrence is one of a series", `SELECT 'occurrence ' || x.id FROM occurrences x JOIN objects o ON o.id = x.object_id JOIN objects s ON s.id = x.series_id
			WHERE o.collection_id <> x.collection_id OR x.seq > o.seq OR x.series_seq > s.seq OR NOT EXISTS
				(SELECT 1 FROM derived d WHERE d.collection_id = x.collection_id AND d.source_id = s.collection_id)`},
		{"a collection knows how many bytes it has", `SELECT 'collection ' || c.id FROM collections c
			WHERE c.bytes IS NULL OR c.bytes <> (SELECT coalesce(sum(o.size), 0) FROM objects o WHERE o.collection_id = c.id AND NOT o.deleted)`},
		{"a conflict knows its size", `SELECT 'conflict ' || id FROM conflicts
			WHERE size IS NULL OR size <> coalesce(length(base), 0) + coalesce(length(mine), 0) + coalesce(length(theirs), 0)`},
		{"a conflict is resolved in some way", `SELECT 'conflict ' || id FROM conflicts WHERE (resolved_at IS NULL) <> (resolution = '')`},
		{"a run that ended has an outcome", `SELECT 'run ' || id FROM runs WHERE (ended IS NULL) <> (outcome = '')`},
	}
}

// wordRules are those of the index of words, which is different in each database.
func (s *Store) wordRules() []rule {
	object, words := `k.object_id`, `SELECT 1 FROM card_words AS k WHERE k.object_id = o.id AND k.collection_id = o.collection_id`
	collection := `k.collection_id`
	if !s.postgres {
		object, collection = fmt.Sprintf(`(k.rowid & %d)`, 1<<wordBits-1), fmt.Sprintf(`(k.rowid >> %d)`, wordBits)
		words = fmt.Sprintf(`SELECT 1 FROM card_words AS k WHERE k.rowid = (o.collection_id << %d) + o.id`, wordBits)
	}
	return []rule{
		{"the words of a collection are indexed up to a change", `SELECT 'collection ' || w.collection_id FROM word_index AS w
			LEFT JOIN collections AS c ON c.id = w.collection_id WHERE c.id IS NULL OR w.seq > c.seq OR w.seq < 0`},
		{"words are of a card that lives, or did when they were indexed", `SELECT 'object ' || ` + object + ` FROM card_words AS k
			LEFT JOIN objects AS o ON o.id = ` + object + ` LEFT JOIN word_index AS w ON w.collection_id = ` + collection + `
			WHERE o.id IS NULL OR w.seq IS NULL OR o.collection_id <> ` + collection + ` OR o.deleted AND o.seq <= w.seq`},
		{"a card has words once it is indexed", `SELECT 'object ' || o.id FROM word_index AS w JOIN objects AS o ON o.collection_id = w.collection_id AND o.seq <= w.seq
			WHERE NOT o.deleted AND o.component = '` + cardComponent + `' AND NOT EXISTS (` + words + `)`},
	}
}

// CheckInvariants checks what the package promises about the stored rows and
// returns all that is broken, at most ten of each kind. It reads everything.
func (s *Store) CheckInvariants(ctx context.Context) error {
	var broken []error
	err := s.View(ctx, func(t *Tx) (err error) {
		broken, err = t.checkInvariants()
		return err
	})
	return errors.Join(append(broken, err)...)
}

// checkInvariants returns all that is broken, at most ten of each kind.
func (t *Tx) checkInvariants() (errs []error, err error) {
	for _, r := range append(rules(), t.s.wordRules()...) {
		broken, err := t.texts(r.query + ` LIMIT 10`)
		if err != nil {
			return errs, fmt.Errorf("store: check %q: %w", r.name, err)
		}
		for _, b := range broken {
			errs = append(errs, fmt.Errorf("store: %s, but not %s", r.name, b))
		}
	}
	if !t.s.postgres {
		for _, check := range []string{`SELECT 'row of ' || "table" FROM pragma_foreign_key_check`, `SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'`} {
			broken, err := t.texts(check)
			if err != nil {
				return errs, fail("check", err)
			}
			for _, b := range broken {
				errs = append(errs, fmt.Errorf("store: damaged: %s", b))
			}
		}
	}
	found, err := t.checkTexts()
	return append(errs, found...), err
}

// texts reads one text of each row.
func (t *Tx) texts(query string, args ...any) ([]string, error) {
	rows, err := t.query(query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, rows.Err()
}

// checkTexts compares what is derived from texts and times with what is stored.
func (t *Tx) checkTexts() (broken []error, err error) {
	var ids []CollectionID
	if err := t.db().Model(&Collection{}).Where("NOT deleted").Pluck("id", &ids).Error; err != nil {
		return nil, fail("check", err)
	}
	for _, id := range ids {
		err := t.EachObject(id, EachOptions{Text: true}, func(o *Object) error {
			if len(broken) < 10 && (o.ETag != ETag(o.Text) || o.Span != span(o.Start, o.End)) {
				broken = append(broken, fmt.Errorf("store: an ETag or span is derived, but not that of object %d", o.ID))
			}
			return nil
		})
		if err != nil {
			return broken, err
		}
	}
	return broken, nil
}
