package store

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash"
	"io"
	"regexp"
	"strconv"
	"time"

	"crmbridge/pim"
)

// maxBackupLine bounds a row of a backup: the largest conflict has three texts of the
// largest size that the configuration allows.
const maxBackupLine = 768 << 20

// backupVisitor gets the parts of a backup in their order. A nil function is not called.
type backupVisitor struct {
	header func(BackupHeader) error
	table  func(backupTable) error
	row    func(cells []any) error // int64, float64, bool, string, []byte, time.Time or nil
}

// notWhole is what is said of a backup that is not as it was written.
func notWhole(err error) error {
	return &pim.Error{Op: "store: backup", Kind: pim.ErrInvalid, Public: "the backup is cut off or was changed since it was made; use another copy of it", Err: err}
}

// CheckBackup reads a backup through and says what it holds. pim.ErrInvalid for what is no
// backup, or not as it was written; pim.ErrUnsupported for one by a newer program.
func CheckBackup(r io.Reader) (BackupSummary, error) {
	return readBackup(r, backupVisitor{})
}

// readBackup reads a backup through. What it visits is known to be whole only when it returns
// without an error.
func readBackup(r io.Reader, visit backupVisitor) (BackupSummary, error) {
	sum := BackupSummary{Rows: map[string]int64{}}
	zip, err := gzip.NewReader(r)
	if err != nil {
		return sum, &pim.Error{Op: "store: backup", Kind: pim.ErrInvalid, Public: "this is no backup of the bridge", Err: err}
	}
	in := &backupReader{in: bufio.NewReaderSize(zip, 256<<10), sum: sha256.New()}
	line, err := in.line()
	if err != nil {
		return sum, err
	}
	if sum.BackupHeader, err = backupHeader(line); err != nil {
		return sum, err
	}
	if visit.header != nil {
		if err := visit.header(sum.BackupHeader); err != nil {
			return sum, err
		}
	}
	return sum, in.tables(&sum, visit)
}

func backupHeader(line []byte) (BackupHeader, error) {
	var h BackupHeader
	if err := json.Unmarshal(line, &h); err != nil || h.Backup != backupName {
		return h, &pim.Error{Op: "store: backup", Kind: pim.ErrInvalid, Public: "this is no backup of the bridge", Err: err}
	}
	steps := migrations()
	if newest := steps[len(steps)-1].id; h.Format > backupFormat || h.Schema > newest {
		return h, pim.Errorf("store: backup", pim.ErrUnsupported, "the backup was made by a newer version of this program (%s, schema %d; this one knows %d): update the program", h.Program, h.Schema, newest)
	}
	for _, m := range steps {
		if m.id == h.Schema {
			return h, nil
		}
	}
	return h, notWhole(errors.New("unknown schema"))
}

// backupReader reads lines and sums them.
type backupReader struct {
	in   *bufio.Reader
	sum  hash.Hash
	last []byte // the sum before the line that was read last
}

// line is the next one, without its end.
func (b *backupReader) line() ([]byte, error) {
	var line []byte
	for {
		part, err := b.in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case err == nil:
			b.last = b.sum.Sum(nil)
			_, _ = b.sum.Write(line) // never fails
			return line[:len(line)-1], nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, notWhole(err)
		case len(line) > maxBackupLine:
			return nil, notWhole(errors.New("a line is too long"))
		}
	}
}

// tables reads all after the header.
func (b *backupReader) tables(sum *BackupSummary, visit backupVisitor) error {
	var table backupTable
	var found backupEnd
	for {
		line, err := b.line()
		if err != nil {
			return err
		}
		if bytes.HasPrefix(line, []byte("[")) && table.Table != "" {
			cells, err := backupRow(line, table.Columns)
			if err != nil {
				return err
			}
			sum.Rows[table.Table]++
			found.Rows++
			if visit.row != nil {
				if err := visit.row(cells); err != nil {
					return err
				}
			}
			continue
		}
		var head struct {
			backupTable
			End *backupEnd `json:"end"`
		}
		if err := json.Unmarshal(line, &head); err != nil {
			return notWhole(err)
		}
		if head.End != nil {
			found.SHA256 = hex.EncodeToString(b.last)
			return b.ended(*head.End, found)
		}
		if table = head.backupTable; !table.valid() {
			return notWhole(errors.New("a table without a name or columns"))
		}
		if _, again := sum.Rows[table.Table]; again {
			return notWhole(errors.New("a table comes twice"))
		}
		sum.Rows[table.Table] = 0
		found.Tables++
		if visit.table != nil {
			if err := visit.table(table); err != nil {
				return err
			}
		}
	}
}

// ended compares what is said at the end with what was found, and that nothing follows.
func (b *backupReader) ended(said, found backupEnd) error {
	if said != found {
		return notWhole(errors.New("the sum differs"))
	}
	if _, err := b.in.ReadByte(); !errors.Is(err, io.EOF) { // gzip's own sum is checked here
		return notWhole(errors.Join(errors.New("something follows the end"), err))
	}
	return nil
}

// names is what tables and columns may be called: they become part of statements.
var names = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)

func (t backupTable) valid() bool {
	for _, c := range t.Columns {
		if !names.MatchString(c.Name) {
			return false
		}
	}
	return names.MatchString(t.Table) && len(t.Columns) > 0
}

func backupRow(line []byte, columns []backupColumn) ([]any, error) {
	var raw []any
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	if err := d.Decode(&raw); err != nil || len(raw) != len(columns) || d.More() {
		return nil, notWhole(errors.Join(errors.New("a row that does not fit its table"), err))
	}
	for i, v := range raw {
		cell, ok := restoredCell(v, columns[i].Type)
		if !ok {
			return nil, notWhole(errors.New("a value that does not fit its column"))
		}
		raw[i] = cell
	}
	return raw, nil
}

// restoredCell is the value that backupCell wrote, as the databases take it.
func restoredCell(v any, kind string) (any, bool) {
	if v == nil {
		return nil, true
	}
	switch kind {
	case "int", "time":
		n, ok := v.(json.Number)
		if !ok {
			return nil, false
		}
		i, err := strconv.ParseInt(n.String(), 10, 64)
		if kind == "time" {
			return time.UnixMicro(i).UTC(), err == nil
		}
		return i, err == nil
	case "float":
		n, ok := v.(json.Number)
		if !ok {
			return nil, false
		}
		f, err := n.Float64()
		return f, err == nil
	case "bool":
		b, ok := v.(bool)
		return b, ok
	case "text":
		s, ok := v.(string)
		return s, ok
	case "bytes":
		if s, ok := v.(string); ok {
			return []byte(s), true
		}
		m, _ := v.(map[string]any)
		s, ok := m["b64"].(string)
		if !ok || len(m) != 1 {
			return nil, false
		}
		b, err := base64.StdEncoding.DecodeString(s)
		return b, err == nil
	}
	return nil, false
}
