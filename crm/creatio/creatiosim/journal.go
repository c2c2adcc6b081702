package creatiosim

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

var errClosed = errors.New("creatiosim: closed")

// ErrLocked is returned by New when another process has the folder open.
var ErrLocked = errors.New("creatiosim: folder is in use by another process")

const (
	journalName = "creatio.jsonl"
	// compactOver is how many lines beyond twice the rows make the journal worth rewriting on opening.
	compactOver = 1000
)

// journal is the data on disk: one JSON line per transaction, appended and synced before the write is answered. A line
// cut off by a crash was never answered and is dropped; damage anywhere else stops the opening.
type journal struct {
	f    *os.File
	size int64 // length of the whole lines
}

// journalLine is one transaction.
type journalLine struct {
	Ops []journalOp `json:"ops"`
}

// journalOp is one row as it is afterwards, or its deletion. Whole rows make a line longer and replay simpler.
type journalOp struct {
	Entity  string                     `json:"e"`
	ID      string                     `json:"id"`
	Deleted bool                       `json:"d,omitempty"`
	Values  map[string]json.RawMessage `json:"v,omitempty"`
}

// openJournal replays dir's journal into st and leaves it open for appending.
func openJournal(dir string, st *store) (*journal, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("creatiosim: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, journalName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("creatiosim: %w", err)
	}
	j, err := startJournal(f, dir, st)
	if err != nil {
		f.Close()
		return nil, err
	}
	return j, nil
}

// startJournal locks, replays, drops an unfinished last line, and rewrites the file when most of it is history.
func startJournal(f *os.File, dir string, st *store) (*journal, error) {
	if err := lockFile(f); err != nil {
		return nil, fmt.Errorf("%w: %s", ErrLocked, dir)
	}
	j := &journal{f: f}
	lines, err := j.replay(st)
	if err != nil {
		return nil, err
	}
	if err := f.Truncate(j.size); err != nil {
		return nil, fmt.Errorf("creatiosim: %w", err)
	}
	rows := 0
	for _, t := range st.tables {
		rows += len(t.byID)
	}
	if lines > 2*rows+compactOver {
		return j, j.compact(st)
	}
	return j, nil
}

// replay reads every whole line and fills the tables with what is left at the end.
func (j *journal) replay(st *store) (lines int, err error) {
	rows := map[*table]map[guid]*row{}
	for _, t := range st.tables {
		rows[t] = map[guid]*row{}
	}
	rd := bufio.NewReaderSize(j.f, 1<<20)
	for {
		line, err := rd.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			break // what is left has no newline: a write that was never finished
		}
		if err != nil {
			return lines, fmt.Errorf("creatiosim: read journal: %w", err)
		}
		lines++
		if err := replayLine(st, rows, line); err != nil {
			return lines, fmt.Errorf("creatiosim: journal line %d: %w", lines, err)
		}
		j.size += int64(len(line))
	}
	for t, m := range rows {
		t.putMany(slices.Collect(maps.Values(m)))
	}
	return lines, nil
}

// replayLine applies one line to the rows read so far. Columns that no longer exist are passed over, entities are not:
// losing a column loses little, losing a table would go unnoticed.
func replayLine(st *store, rows map[*table]map[guid]*row, line []byte) error {
	var l journalLine
	if err := json.Unmarshal(line, &l); err != nil {
		return err
	}
	for _, op := range l.Ops {
		t := st.tables[op.Entity]
		id, ok := parseGUID(op.ID)
		if t == nil || !ok {
			return fmt.Errorf("unknown row %s(%s)", op.Entity, op.ID)
		}
		if op.Deleted {
			delete(rows[t], id)
			continue
		}
		r := st.blank(t.ent, id)
		for name, raw := range op.Values {
			c := t.ent.byName[name]
			if c == nil {
				continue // a column of an earlier release
			}
			v, err := decodeStored(c, raw)
			if err != nil {
				return fmt.Errorf("%s.%s: %w", op.Entity, name, err)
			}
			r.vals[c.pos] = v
		}
		rows[t][id] = r
	}
	return nil
}

// decodeStored reads a value by its column's type. Dates are milliseconds since 1970.
func decodeStored(c *column, raw json.RawMessage) (any, error) {
	switch c.kind {
	case kindGUID:
		var s string
		err := json.Unmarshal(raw, &s)
		g, ok := parseGUID(s)
		if err == nil && !ok {
			err = fmt.Errorf("not an id: %q", s)
		}
		return g, err
	case kindText:
		return decodeAs[string](raw)
	case kindDate, kindDay:
		n, err := decodeAs[int64](raw)
		if err != nil {
			return nil, err
		}
		return stamp(n.(int64)), nil
	case kindBool:
		return decodeAs[bool](raw)
	case kindInt:
		return decodeAs[int64](raw)
	case kindNumber:
		return decodeAs[float64](raw)
	default:
		return decodeAs[[]byte](raw)
	}
}

// decodeAs reads a JSON value of a Go type.
func decodeAs[T any](raw json.RawMessage) (any, error) {
	var v T
	err := json.Unmarshal(raw, &v)
	return v, err
}

// encodeStored writes a row's values that are set, without its id.
func encodeStored(r *row, e *entity) (map[string]json.RawMessage, error) {
	out := make(map[string]json.RawMessage, len(e.cols))
	for _, c := range e.cols[1:] {
		v := r.vals[c.pos]
		if v == nil {
			continue
		}
		switch x := v.(type) {
		case guid:
			v = x.String()
		case stamp:
			v = int64(x)
		}
		raw, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		out[c.name] = raw
	}
	return out, nil
}

// encodeLine writes a transaction.
func encodeLine(changes []change) ([]byte, error) {
	var l journalLine
	for _, c := range changes {
		op := journalOp{Entity: c.table.ent.name, ID: c.id.String(), Deleted: c.after == nil}
		if c.after != nil {
			var err error
			if op.Values, err = encodeStored(c.after, c.table.ent); err != nil {
				return nil, err
			}
		}
		l.Ops = append(l.Ops, op)
	}
	b, err := json.Marshal(l)
	return append(b, '\n'), err
}

// append writes one transaction and waits until it is on disk. After an error the file ends where it did before.
func (j *journal) append(changes []change) error {
	b, err := encodeLine(changes)
	if err != nil {
		return err
	}
	if _, err = j.f.WriteAt(b, j.size); err == nil {
		err = j.f.Sync()
	}
	if err != nil {
		return errors.Join(err, j.f.Truncate(j.size))
	}
	j.size += int64(len(b))
	return nil
}

// compact rewrites the journal as one line per row. The new text goes over the old only when it is complete on disk.
func (j *journal) compact(st *store) error {
	var buf bytes.Buffer
	for _, e := range st.schema.list {
		t := st.tables[e.name]
		for _, r := range t.order {
			b, err := encodeLine([]change{{table: t, id: r.id, after: r}})
			if err != nil {
				return fmt.Errorf("creatiosim: compact journal: %w", err)
			}
			buf.Write(b)
		}
	}
	path := j.f.Name()
	tmp, err := os.OpenFile(path+".tmp", os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("creatiosim: compact journal: %w", err)
	}
	if err := replaceFile(tmp, buf.Bytes(), path); err != nil {
		tmp.Close()
		return fmt.Errorf("creatiosim: compact journal: %w", err)
	}
	old := j.f
	j.f, j.size = tmp, int64(buf.Len())
	return old.Close()
}

// replaceFile puts text in place of the file at path, by way of tmp, which stays open and locked. The folder is synced too,
// since the rename is an entry in it.
func replaceFile(tmp *os.File, text []byte, path string) error {
	if _, err := tmp.Write(text); err != nil {
		return err
	}
	if err := tmp.Sync(); err != nil {
		return err
	}
	if err := lockFile(tmp); err != nil {
		return err
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

func (j *journal) close() error { return j.f.Close() }
