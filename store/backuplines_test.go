package store

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// rewritten is a file of these lines with a true sum; where keep is not nil, of its tables and columns only.
func rewritten(t testing.TB, text []string, keep map[string][]string) []byte {
	t.Helper()
	var b bytes.Buffer
	out, err := newBackupWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	end := backupEnd{}
	var columns []int // nil: the table goes
	for i, l := range text[:len(text)-1] {
		switch {
		case i > 0 && strings.HasPrefix(l, "{"):
			if l, columns = tableOf(t, l, keep); columns != nil {
				end.Tables++
			}
		case strings.HasPrefix(l, "["):
			if l = rowOf(t, l, columns); columns != nil {
				end.Rows++
			}
		}
		if i > 0 && columns == nil {
			continue
		}
		if _, err := out.buf.WriteString(l + "\n"); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.end(end); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// tableOf is the line of a table with the columns to keep, and where they stood.
func tableOf(t testing.TB, line string, keep map[string][]string) (string, []int) {
	t.Helper()
	var table backupTable
	if err := json.Unmarshal([]byte(line), &table); err != nil {
		t.Fatal(err)
	}
	var where []int
	var kept []backupColumn
	for i, c := range table.Columns {
		if keep == nil || slices.Contains(keep[table.Table], c.Name) {
			where, kept = append(where, i), append(kept, c)
		}
	}
	table.Columns = kept
	return encoded(t, table), where
}

func rowOf(t testing.TB, line string, columns []int) string {
	t.Helper()
	var cells, kept []json.RawMessage
	if err := json.Unmarshal([]byte(line), &cells); err != nil {
		t.Fatal(err)
	}
	for _, i := range columns {
		kept = append(kept, cells[i])
	}
	return encoded(t, kept)
}

func encoded(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// columnsOf are the columns of the tables of a schema.
func columnsOf(t testing.TB, version int) map[string][]string {
	t.Helper()
	s, err := Open(t.Context(), Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "old.db"), Now: testNow})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	all := map[string][]string{}
	err = s.migrateTo(t.Context(), version)
	if err == nil {
		err = s.View(t.Context(), func(tx *Tx) error {
			names, err := tx.tablesThere()
			for _, name := range names {
				if all[name], err = tx.texts(`SELECT name FROM pragma_table_info(?)`, name); err != nil {
					return err
				}
			}
			return err
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return all
}
