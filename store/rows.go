package store

import (
	"math"
	"reflect"
	"strings"
	"sync"

	"gorm.io/gorm/schema"
)

// tables remembers, per model, how to read its rows.
type tables struct {
	known sync.Map // of reflect.Type to *table
	texts sync.Map // of statements that read several, by name
}

// text is the statement with a name, which build puts together once.
func (ts *tables) text(name string, build func() string) string {
	if known, ok := ts.texts.Load(name); ok {
		return known.(string)
	}
	made := build()
	ts.texts.Store(name, made)
	return made
}

// table is what GORM's own description of a model says about its columns.
type table struct {
	name    string
	columns []string
	selects string  // SELECT all columns FROM the table
	fields  [][]int // of the struct, in the order of the columns
}

// of are all columns of the table by the name it has in a statement.
func (tab *table) of(alias string) string {
	return alias + `."` + strings.Join(tab.columns, `", `+alias+`."`) + `"`
}

func (ts *tables) of(s *Store, model any) (*table, error) {
	kind := reflect.TypeOf(model)
	if known, ok := ts.known.Load(kind); ok {
		return known.(*table), nil
	}
	described, err := schema.Parse(model, new(sync.Map), s.orm.NamingStrategy)
	if err != nil {
		return nil, err
	}
	made := &table{name: described.Table, columns: described.DBNames, selects: `SELECT "` + strings.Join(described.DBNames, `", "`) + `" FROM ` + described.Table + " WHERE "}
	for _, name := range described.DBNames {
		made.fields = append(made.fields, described.FieldsByDBName[name].StructField.Index)
	}
	ts.known.Store(kind, made)
	return made, nil
}

// scan is where the columns of a row are to be read to.
func (tab *table) scan(row reflect.Value) []any {
	dest := make([]any, len(tab.fields))
	for i, f := range tab.fields {
		dest[i] = row.FieldByIndex(f).Addr().Interface()
	}
	return dest
}

// take reads a row of the model T of which where holds; sql.ErrNoRows when there is
// none. Every request reads a few, every run one for each item, and GORM took longer
// to put the statement together than the database to answer it.
func take[T any](t *Tx, where string, args ...any) (row T, err error) {
	tab, err := t.s.tables.of(t.s, &row)
	if err != nil {
		return row, err
	}
	return row, t.row(tab.selects+where, args...).Scan(tab.scan(reflect.ValueOf(&row).Elem())...)
}

// find reads all rows of the model T of which where holds.
func find[T any](t *Tx, where string, args ...any) (list []T, err error) {
	tab, err := t.s.tables.of(t.s, new(T))
	if err != nil {
		return nil, err
	}
	rows, err := t.query(tab.selects+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var row T
		if err := rows.Scan(tab.scan(reflect.ValueOf(&row).Elem())...); err != nil {
			return nil, err
		}
		list = append(list, row)
	}
	return list, rows.Err()
}

// where is a condition that is put together; each set of fields makes another statement, of which there
// are few.
type where struct {
	conds []string
	args  []any
}

func (w *where) add(wanted bool, cond string, args ...any) {
	if wanted {
		w.conds = append(w.conds, cond)
		w.args = append(w.args, args...)
	}
}

func (w *where) text() string { return strings.Join(w.conds, " AND ") }

// orMost is an id to be below of; 0 is none.
func orMost[T ~int64](id T) int64 {
	if id == 0 {
		return math.MaxInt64
	}
	return int64(id)
}

// orHundred is the length of a page unless one is given.
func orHundred(n int) int {
	if n <= 0 {
		return 100
	}
	return n
}
