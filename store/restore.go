package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"crmbridge/pim"
)

// RestoreOptions say how a backup is put back.
type RestoreOptions struct {
	// Replace allows that what is in the database is lost.
	Replace bool
	// Damaged allows that what is put back is not consistent. It was not when the backup
	// was made, either.
	Damaged bool
	// Before is called in the transaction before anything is changed, with the tables there are;
	// an error ends it. nil: nothing is asked.
	Before func(tx *Tx, tables []string) error
	// After is called in the transaction when everything is back, as the last. nil: nothing is done.
	After func(tx *Tx) error
}

// Restore puts a backup back in one transaction: a process that dies before its end has changed nothing.
// open gives the backup from its begin, and is called twice: it is read through before
// the database is touched. The database has to be empty, unless o says otherwise; of another schema it
// becomes this program's. All sync tokens end (see Restored), leases and queued runs are forgotten, every
// link is due, and runs that were under way are closed as cancelled.
//
// pim.ErrHeld when the database is not empty; pim.ErrInvalid and pim.ErrUnsupported as CheckBackup.
func (s *Store) Restore(ctx context.Context, open func() (io.ReadCloser, error), o RestoreOptions) (BackupSummary, error) {
	const op = "restore"
	sum, err := readFrom(open, backupVisitor{})
	if err != nil {
		return sum, fail(op, err)
	}
	err = s.Update(ctx, func(t *Tx) error {
		if err := t.clear(o); err != nil {
			return err
		}
		again, err := t.refill(open)
		if err != nil {
			return err
		}
		if again.Made != sum.Made || fmt.Sprint(again.Rows) != fmt.Sprint(sum.Rows) {
			return pim.Errorf("store: restore", pim.ErrInvalid, "the backup changed while it was read; nothing was changed")
		}
		return t.settleRestored(o)
	})
	if err == nil && s.postgres {
		s.analyze(ctx)
	}
	return sum, fail(op, err)
}

func readFrom(open func() (io.ReadCloser, error), visit backupVisitor) (BackupSummary, error) {
	f, err := open()
	if err != nil {
		return BackupSummary{}, err
	}
	sum, err := readBackup(f, visit)
	return sum, errors.Join(err, f.Close())
}

// clear removes our tables.
func (t *Tx) clear(o RestoreOptions) error {
	if t.s.postgres {
		// A server that nobody stopped would hold up the locks: say so soon.
		if _, err := t.exec(`SET LOCAL lock_timeout = '10s'`); err != nil {
			return err
		}
	}
	there, err := t.tablesThere()
	if err != nil {
		return err
	}
	if o.Before != nil {
		if err := o.Before(t, there); err != nil {
			return err
		}
	}
	ours, err := t.tableNames()
	if err != nil {
		return err
	}
	var filled []string
	for _, name := range there {
		if !ours[name] {
			continue
		}
		var n int
		if err := t.row(`SELECT count(*) FROM (SELECT 1 FROM ` + name + ` LIMIT 1) x`).Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			filled = append(filled, name)
		}
	}
	if len(filled) > 0 && !o.Replace {
		return pim.Errorf("store: restore", pim.ErrHeld, "the database is not empty (%s); nothing was changed", strings.Join(filled, ", "))
	}
	return t.dropTables(there, ours)
}

// tablesThere are the tables of the database's schema.
func (t *Tx) tablesThere() ([]string, error) {
	if t.s.postgres {
		return t.texts(`SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = current_schema() ORDER BY tablename`)
	}
	return t.texts(`SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`)
}

// dropTables drops those that point to others first.
func (t *Tx) dropTables(there []string, ours map[string]bool) error {
	left := map[string]bool{}
	for _, name := range there {
		left[name] = ours[name] || name == migrationTable || slices.Contains(apart(), name)
	}
	order := []string{migrationTable}
	for _, m := range models() {
		tab, err := t.s.tables.of(t.s, m)
		if err != nil {
			return err
		}
		order = append([]string{tab.name}, order...)
	}
	order = append(apart(), order...)
	for _, name := range order {
		if !left[name] {
			continue
		}
		if _, err := t.exec(`DROP TABLE ` + name); err != nil {
			return err
		}
	}
	return nil
}

// refillRows is how many rows share a statement.
const refillRows = 20

// refill makes the tables of the backup's schema, fills them and brings them up to date.
func (t *Tx) refill(open func() (io.ReadCloser, error)) (BackupSummary, error) {
	var in *refilling
	sum, err := readFrom(open, backupVisitor{
		header: func(h BackupHeader) error { return t.migrateTo(h.Schema) },
		table: func(table backupTable) error {
			if err := in.flush(); err != nil {
				return err
			}
			ours, err := t.tableNames()
			if err == nil && !ours[table.Table] {
				err = notWhole(fmt.Errorf("there is no table %s", table.Table))
			}
			in = &refilling{t: t, table: table}
			return err
		},
		row: func(cells []any) error { return in.add(cells) },
	})
	if err == nil {
		err = in.flush()
	}
	if err != nil {
		return sum, err
	}
	steps := migrations()
	if err := t.migrateTo(steps[len(steps)-1].id); err != nil {
		return sum, err
	}
	return sum, t.setNumbers(sum.Numbers)
}

// refilling gathers rows of a table into statements.
type refilling struct {
	t     *Tx
	table backupTable
	args  []any
	rows  int
}

func (r *refilling) add(cells []any) error {
	r.args = append(r.args, cells...)
	if r.rows++; r.rows < refillRows {
		return nil
	}
	return r.flush()
}

func (r *refilling) flush() error {
	if r == nil || r.rows == 0 {
		return nil
	}
	columns := make([]string, len(r.table.Columns))
	for i, c := range r.table.Columns {
		columns[i] = `"` + c.Name + `"`
	}
	places := "(" + strings.TrimSuffix(strings.Repeat("?, ", len(columns)), ", ") + ")"
	_, err := r.t.exec(`INSERT INTO `+r.table.Table+` (`+strings.Join(columns, ", ")+`) VALUES `+
		strings.TrimSuffix(strings.Repeat(places+", ", r.rows), ", "), r.args...)
	r.args, r.rows = r.args[:0], 0
	return err
}

// setNumbers goes on with ids where the database of the backup was.
func (t *Tx) setNumbers(numbers map[string]int64) error {
	ours, err := t.tableNames()
	if err != nil {
		return err
	}
	for name, n := range numbers {
		if !ours[name] || n <= 0 {
			continue
		}
		if t.s.postgres {
			_, err = t.exec(`SELECT setval(pg_get_serial_sequence(?, 'id'), ?)`, name, n)
		} else {
			if _, err = t.exec(`DELETE FROM sqlite_sequence WHERE name = ?`, name); err == nil {
				_, err = t.exec(`INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)`, name, n)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// settleRestored makes what was put back fit to be used.
func (t *Tx) settleRestored(o RestoreOptions) error {
	if !o.Damaged {
		broken, err := t.checkInvariants()
		if err != nil {
			return err
		}
		if len(broken) > 0 {
			return &pim.Error{Op: "store: restore", Kind: pim.ErrHeld, Err: errors.Join(broken...),
				Public: "what the backup holds is not consistent, and was not when it was made; nothing was changed"}
		}
	}
	if _, err := t.Restored(); err != nil {
		return err
	}
	for _, statement := range []string{
		`UPDATE links SET lease_owner = '', lease_until = NULL, wanted_at = NULL, next_run = NULL`,
		`DELETE FROM latches WHERE owner <> ''`,
		`UPDATE sign_ins SET lease_owner = '', lease_until = NULL`,
		`UPDATE runs SET outcome = 'cancelled', error = 'the database was put back from a backup that was made meanwhile', ended = started WHERE ended IS NULL`,
	} {
		if _, err := t.exec(statement); err != nil {
			return err
		}
	}
	if o.After == nil {
		return nil
	}
	return o.After(t)
}
