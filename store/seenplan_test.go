package store

import (
	"strings"
	"testing"

	"crmbridge/internal/testenv"
)

// To mark one download PostgreSQL looks one row up, however much the device has seen and nothing is known of it: a join would read all of it, in every
// transaction that writes for the device.
func TestAMarkIsLookedUp(t *testing.T) {
	t.Parallel()
	s := migrated(t, testenv.Postgres(t))
	conn, err := s.writer.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, statement := range []string{
		"SET session_replication_role = replica", // the objects are not there
		"INSERT INTO seen (device, object_id, seq) SELECT 'phone', n, n FROM generate_series(1, 20000) n",
		"SET session_replication_role = origin",
	} {
		if _, err := conn.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := conn.QueryContext(t.Context(), "EXPLAIN "+s.rebound.rebind(markedInTurn), "phone", "[[5, 70000]]", "phone")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var plan []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		plan = append(plan, line)
	}
	if text := strings.Join(plan, "\n"); rows.Err() != nil || !strings.Contains(text, "SubPlan") || !strings.Contains(text, "Index Scan using seen") || strings.Contains(text, "Seq Scan on seen") {
		t.Errorf("%v\n%s", rows.Err(), text)
	}
}
