package store

import (
	"database/sql"
	"math"
	"regexp"
	"strings"
	"testing"
)

// Every statement that the queries prepare finds its rows by an index.
func TestQueriesUseIndexes(t *testing.T) {
	t.Parallel()
	s := migrated(t, t.TempDir()+"/x.db")
	useAll(t, s)
	plans := 0
	for _, pool := range []*sql.DB{s.writer, s.reader} {
		for _, query := range prepared(t, pool) {
			if strings.HasPrefix(query, "INSERT") && !strings.Contains(query, "SELECT") || strings.Contains(query, "sqlite_master") {
				continue
			}
			plans++
			for _, step := range plan(t, s, query) {
				if scans.MatchString(step) && !mayScan(query) {
					t.Errorf("%s\n\t%s", query, step)
				}
			}
		}
	}
	if plans < 50 {
		t.Errorf("only %d statements were looked at", plans)
	}
}

// The hot queries use the index that was made for them.
func TestHotQueriesUseTheirIndex(t *testing.T) {
	t.Parallel()
	s := migrated(t, t.TempDir()+"/x.db")
	useAll(t, s)
	for part, index := range map[string]string{
		"o.name = ? AND NOT o.shadowed":                   "objects_name",
		"o.uid = ? AND NOT o.deleted":                     "objects_uid",
		"o.seq > ? AND o.seq <= ?":                        "objects_seq",
		"o.span = ? AND o.first_start >= ?":               "COVERING INDEX objects_time",
		"NOT o.deleted AND o.id > ?":                      "objects_list",
		"o.component IN (?) AND o.id > ?":                 "objects_component",
		"+o.component IN (?, ?)":                          "objects_list",
		"? AND (dirty OR intent <> '' OR retry_at":        "pairs_due",
		"error <> '' AND (dirty":                          "pairs_failing (link_id=? AND id>?)",
		"error <> '' AND ignored_at":                      "pairs_failing (link_id=? AND id>?)",
		"WHERE error <> '' AND id > ?":                    "pairs_failing_all (id>?)",
		"hold <> '' AND hold IN (SELECT value FROM":       "pairs_hold (link_id=? AND id>?)",
		"relate_at IS NOT NULL AND relate_at <= ?":        "pairs_relate (link_id=? AND relate_at>? AND relate_at<?)",
		"mark <> '' AND mark IN":                          "pairs_mark (mark=?)",
		"mark_at IS NOT NULL AND mark_at <= ?":            "pairs_mark_due (link_id=? AND mark_at>? AND mark_at<?)",
		"files_at IS NOT NULL AND files_at <= ?":          "pairs_files_due (link_id=? AND files_at>? AND files_at<?)",
		"WHERE hold <> '' AND id > ?":                     "pairs_held_all (id>?)",
		"WHERE resolved_at IS NULL AND id":                "conflicts_waiting_all (id<?)",
		"user_id = ? AND resolved_at IS NULL AND created": "conflicts_waiting (user_id=? AND id<?)",
		"link_id <> 0 AND link_id = ? AND id":             "conflicts_link (link_id=? AND id<?)",
		"FROM runs WHERE link_id = ? AND outcome = ?":     "runs_link (link_id=? AND id<?)",
		"run_id = ? AND id > ? AND outcome":               "steps_run (run_id=? AND id>?)",
		"remote_id <> '' AND NOT remote_gone":             "pairs_alive",
		"series <> '' AND resolved_at IS":                 "COVERING INDEX conflicts_series",
		"SELECT DISTINCT digest":                          "COVERING INDEX conflicts_digest",
		"card_words MATCH ?":                              "card_words VIRTUAL TABLE INDEX 64:M1><",
		"NOT o.deleted ORDER BY o.seq LIMIT":              "objects_seq",
		"object_id IN (SELECT o.id FROM objects o":        "COVERING INDEX objects_seq (collection_id=? AND seq>?)",
	} {
		found := 0
		for _, query := range prepared(t, s.reader) {
			if !strings.Contains(query, part) || strings.Contains(query, "sum(CASE") {
				continue
			}
			found++
			if p := strings.Join(plan(t, s, query), "\n"); !strings.Contains(p, index) {
				t.Errorf("%s\n%s\nlacks %s", query, p, index)
			}
			if p := strings.Join(plan(t, s, query), "\n"); strings.Contains(p, "TEMP B-TREE") {
				t.Errorf("%s\n%s\nsorts", query, p)
			}
		}
		if found == 0 {
			t.Errorf("no query has %q", part)
		}
	}
}

var scans = regexp.MustCompile(`^SCAN (users|tokens|collections|objects|o|versions|v|seen|properties|links|pairs|p|conflicts|runs|steps|identities|feeds|derived|duplicates|word_index|w|devices|second_factors|recovery_codes|ties|deeds|occurrences|x)\b`)

// mayScan lists what reads a whole table on purpose, or a table with few rows.
func mayScan(query string) bool {
	for _, part := range []string{
		"FROM `users` ORDER BY name", "FROM `links` ORDER BY id", "FROM `links` WHERE NOT paused", migrationTable, "FROM word_index AS w JOIN", "FROM duplicates WHERE state = 'open'",
		"INSERT INTO devices (device, here_at) SELECT DISTINCT", // a migration, once
		"UPDATE pairs SET mask = ''", "UPDATE pairs SET notes = ''", "UPDATE collections SET bytes = (", "UPDATE conflicts SET series = ''", "UPDATE derived SET edition", "UPDATE identities SET collection_id = 0", "UPDATE steps SET title", "UPDATE runs SET kind",
		"UPDATE objects SET origin", "UPDATE steps SET undone = ''", "UPDATE runs SET undoes", "UPDATE links SET stop_owner", "UPDATE pairs SET along = ''", "UPDATE links SET mapped = ''", "UPDATE links SET folders = ''", "UPDATE steps SET cut = ''", "UPDATE pairs SET agreed = ''", "UPDATE pairs SET mark = ''", "UPDATE pairs SET files = ''", "UPDATE runs SET asked_by", "UPDATE users SET language", "UPDATE tokens SET scope", // migrations, once
	} {
		if strings.Contains(query, part) {
			return true
		}
	}
	return false
}

func prepared(t *testing.T, pool *sql.DB) (queries []string) {
	t.Helper()
	conn, err := pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	err = conn.Raw(func(c any) error {
		for query := range c.(*cachingConn).known {
			queries = append(queries, query)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return queries
}

func plan(t *testing.T, s *Store, query string) (steps []string) {
	t.Helper()
	args := make([]any, strings.Count(query, "?"))
	for i := range args {
		args[i] = "[]" // what it is does not matter to the plan, but json_each reads it
	}
	rows, err := s.reader.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, detail)
	}
	return steps
}

func TestSpan(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		start, end int64
		want       int
	}{
		{0, 0, 0}, {0, day, 0}, {0, day + 1, 1}, {0, 4 * day, 1}, {0, 16384 * day, 7}, {0, 16384*day + 1, openSpan},
		{math.MinInt64, 0, openSpan}, {0, math.MaxInt64, openSpan}, {math.MinInt64 + 1, math.MaxInt64 - 1, openSpan},
		{-1, math.MaxInt64 - 1, openSpan}, {math.MaxInt64 - 2, math.MaxInt64 - 1, 0},
	} {
		if got := span(c.start, c.end); got != c.want {
			t.Errorf("span(%d, %d) = %d, want %d", c.start, c.end, got, c.want)
		}
	}
}
