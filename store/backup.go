package store

import (
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"reflect"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"gorm.io/gorm/schema"

	"crmbridge/pim"
)

// A backup is a gzip file of lines, each one JSON value:
//
//	{"backup":"crmbridge","format":1,"schema":10,…}      BackupHeader
//	{"table":"users","columns":[{"name":"id","type":"int"},…]}
//	[1,"ann",…]                                          a row, and so on
//	{"table":"tokens",…}                                 the next table, parents first
//	{"end":{"tables":15,"rows":4711,"sha256":"…"}}       the sum of all bytes before this line
//
// It is the same for both databases, so that what was kept of one is put back into
// the other, and people can read it (zcat). Values: int and float are numbers, bool is true
// or false, time is whole microseconds since 1970 UTC, text is a string, bytes are a string
// where they are UTF-8 and {"b64":"…"} where they are not; null is none.
const (
	backupName   = "crmbridge"
	backupFormat = 1
)

// BackupHeader says what a backup is of.
type BackupHeader struct {
	Backup  string    `json:"backup"`
	Format  int       `json:"format"`
	Schema  int       `json:"schema"`
	Made    time.Time `json:"made"`
	Program string    `json:"program"`
	From    string    `json:"from"` // sqlite or postgres
	// Numbers are the last ids given, per table: none is given twice.
	Numbers map[string]int64 `json:"numbers"`
}

type backupColumn struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

type backupTable struct {
	Table   string         `json:"table"`
	Columns []backupColumn `json:"columns"`
}

type backupEnd struct {
	Tables int    `json:"tables"`
	Rows   int64  `json:"rows"`
	SHA256 string `json:"sha256"`
}

// BackupSummary is what a backup holds.
type BackupSummary struct {
	BackupHeader
	Rows map[string]int64 `json:"rows"` // per table
}

// apart are the tables that no backup has: the index of words, which searches make anew, and who is signed in.
func apart() []string { return []string{"word_index", "card_words", "sessions", "tickets"} }

// models are all other tables of ours, those that others point to first.
func models() []any {
	return []any{&User{}, &Token{}, &Collection{}, &Object{}, &Version{}, &Seen{}, &Property{}, &Link{}, &Pair{}, &Conflict{}, &Run{}, &Step{}, &Identity{}, &Feed{}, &Derived{}, &Occurrence{}, &Duplicate{}, &Device{}, &Bring{}, &SignIn{}, &Latch{}, &SecondFactor{}, &RecoveryCode{}, &Tie{}, &Deed{}}
}

// Backup writes all there is, as it is at one moment; others write meanwhile. program is
// its version, for people. Settings of links stay sealed. The job queue is not in it.
func (s *Store) Backup(ctx context.Context, w io.Writer, program string) (BackupSummary, error) {
	const op = "backup"
	var sum BackupSummary
	err := s.View(ctx, func(t *Tx) (err error) {
		sum, err = t.backup(w, program)
		return err
	})
	return sum, fail(op, err)
}

func (t *Tx) backup(w io.Writer, program string) (BackupSummary, error) {
	sum := BackupSummary{Rows: map[string]int64{}}
	out, err := newBackupWriter(w)
	if err != nil {
		return sum, err
	}
	have, err := t.schema()
	if err != nil {
		return sum, err
	}
	sum.BackupHeader = BackupHeader{Backup: backupName, Format: backupFormat, Schema: have, Made: t.now, Program: program, From: "sqlite"}
	if t.s.postgres {
		sum.From = "postgres"
	}
	if sum.Numbers, err = t.numbers(); err != nil {
		return sum, err
	}
	if err := out.value(sum.BackupHeader); err != nil {
		return sum, err
	}
	end := backupEnd{}
	for _, m := range models() {
		name, n, err := t.backupTable(out, m)
		if err != nil {
			return sum, fmt.Errorf("%s: %w", name, err)
		}
		sum.Rows[name] = n
		end.Tables++
		end.Rows += n
	}
	return sum, out.end(end)
}

func (t *Tx) backupTable(out *backupWriter, model any) (name string, n int64, err error) {
	described, err := schema.Parse(model, new(sync.Map), t.s.orm.NamingStrategy)
	if err != nil {
		return "", 0, err
	}
	name = described.Table
	head := backupTable{Table: name}
	for _, c := range described.DBNames {
		kind, err := columnType(described.FieldsByDBName[c].FieldType)
		if err != nil {
			return name, 0, fmt.Errorf("%s: %w", c, err)
		}
		head.Columns = append(head.Columns, backupColumn{c, kind})
	}
	if err := out.value(head); err != nil {
		return name, 0, err
	}
	n, err = t.backupRows(out, model, head)
	return name, n, err
}

func (t *Tx) backupRows(out *backupWriter, model any, head backupTable) (n int64, err error) {
	tab, err := t.s.tables.of(t.s, model)
	if err != nil {
		return 0, err
	}
	// The driver of SQLite gives nil for bytes that are empty, too.
	selects := "SELECT "
	empty := map[int]*bool{}
	for i, c := range head.Columns {
		selects += `"` + c.Name + `", `
		if c.Type == "bytes" {
			empty[i] = new(bool)
		}
	}
	var flags []any
	for i, c := range head.Columns {
		if empty[i] != nil {
			selects += `"` + c.Name + `" IS NOT NULL, `
			flags = append(flags, empty[i])
		}
	}
	rows, err := t.query(strings.TrimSuffix(selects, ", ") + " FROM " + head.Table)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	kind := reflect.TypeOf(model).Elem()
	cells := make([]any, len(tab.fields))
	for rows.Next() {
		if n++; n%checkRows == 0 && t.ctx.Err() != nil { // as in stream
			return n, t.ctx.Err()
		}
		row := reflect.New(kind).Elem()
		if err := rows.Scan(append(tab.scan(row), flags...)...); err != nil {
			return n, err
		}
		for i, f := range tab.fields {
			if cells[i] = backupCell(row.FieldByIndex(f)); cells[i] == nil && empty[i] != nil && *empty[i] {
				cells[i] = ""
			}
		}
		if err := out.value(cells); err != nil {
			return n, err
		}
	}
	return n, rows.Err()
}

// columnType is the word for a field in a backup.
func columnType(f reflect.Type) (string, error) {
	if f.Kind() == reflect.Pointer {
		f = f.Elem()
	}
	switch {
	case f == reflect.TypeFor[time.Time]():
		return "time", nil
	case f == reflect.TypeFor[[]byte]():
		return "bytes", nil
	}
	switch f.Kind() {
	case reflect.Bool:
		return "bool", nil
	case reflect.String:
		return "text", nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return "int", nil
	case reflect.Float64:
		return "float", nil
	}
	return "", pim.Wrap("store: backup", pim.ErrInternal, fmt.Errorf("a field of type %s has no form in a backup", f))
}

// backupWriter writes lines and sums them.
type backupWriter struct {
	zip *gzip.Writer
	buf *bufio.Writer // over zip and sum
	sum hash.Hash
}

func newBackupWriter(w io.Writer) (*backupWriter, error) {
	// The fastest level: texts get to a quarter, and a better one takes three times as long
	// for a tenth less.
	zip, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	b := &backupWriter{zip: zip, sum: sha256.New()}
	b.buf = bufio.NewWriterSize(io.MultiWriter(zip, b.sum), 256<<10)
	return b, nil
}

func (b *backupWriter) value(v any) error {
	e := json.NewEncoder(b.buf) // ends the line
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

type backupBytes struct {
	B64 string `json:"b64"`
}

func backupCell(v reflect.Value) any {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	switch x := v.Interface().(type) {
	case time.Time:
		return x.UnixMicro()
	case []byte:
		switch {
		case x == nil:
			return nil
		case utf8.Valid(x):
			return string(x)
		}
		return backupBytes{base64.StdEncoding.EncodeToString(x)}
	}
	switch v.Kind() {
	case reflect.String:
		return v.String()
	case reflect.Bool:
		return v.Bool()
	}
	if v.CanUint() {
		return v.Uint()
	}
	if v.CanInt() {
		return v.Int()
	}
	return v.Float()
}

func (b *backupWriter) end(e backupEnd) error {
	if err := b.buf.Flush(); err != nil {
		return err
	}
	e.SHA256 = hex.EncodeToString(b.sum.Sum(nil))
	if err := b.value(map[string]backupEnd{"end": e}); err != nil {
		return err
	}
	return errors.Join(b.buf.Flush(), b.zip.Close())
}

// numbers are the last ids given, per table.
func (t *Tx) numbers() (map[string]int64, error) {
	query := `SELECT name, seq FROM sqlite_sequence`
	if t.s.postgres {
		query = `SELECT t.relname, coalesce(s.last_value, 0) FROM pg_catalog.pg_sequences s
			JOIN pg_catalog.pg_class c ON c.oid = CAST(quote_ident(s.schemaname) || '.' || quote_ident(s.sequencename) AS regclass)
			JOIN pg_catalog.pg_depend d ON d.objid = c.oid AND d.deptype = 'a' JOIN pg_catalog.pg_class t ON t.oid = d.refobjid
			WHERE s.schemaname = current_schema()`
	}
	rows, err := t.query(query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	ours, err := t.tableNames()
	if err != nil {
		return nil, err
	}
	all := map[string]int64{}
	for rows.Next() {
		var name string
		var n int64
		if err := rows.Scan(&name, &n); err != nil {
			return nil, err
		}
		if ours[name] && n > 0 {
			all[name] = n
		}
	}
	return all, rows.Err()
}

// tableNames are the names of models.
func (t *Tx) tableNames() (map[string]bool, error) {
	names := map[string]bool{}
	for _, m := range models() {
		described, err := schema.Parse(m, new(sync.Map), t.s.orm.NamingStrategy)
		if err != nil {
			return nil, err
		}
		names[described.Table] = true
	}
	return names, nil
}
