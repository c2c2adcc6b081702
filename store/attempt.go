package store

import "errors"

// Attempt runs f, of which nothing stays when it fails: neither what it wrote nor what it left to AfterCommit. The
// transaction itself goes on, and f's error is returned. A panic is no failure of f alone: it rolls all back. Attempts
// may be nested. A View refuses it.
func (t *Tx) Attempt(f func() error) error {
	const op = "attempt"
	if err := t.writing(op); err != nil {
		return err
	}
	after, added, edited := len(t.after), t.added, append([]edit(nil), t.edited...)
	if _, err := t.tx.ExecContext(t.ctx, "SAVEPOINT attempt"); err != nil {
		return fail(op, err)
	}
	failure := f()
	if failure != nil {
		t.after, t.added, t.edited = t.after[:after], added, edited
		if _, err := t.tx.ExecContext(t.ctx, "ROLLBACK TO SAVEPOINT attempt"); err != nil {
			return errors.Join(failure, fail(op, err))
		}
	}
	_, err := t.tx.ExecContext(t.ctx, "RELEASE SAVEPOINT attempt")
	return errors.Join(failure, fail(op, err))
}
