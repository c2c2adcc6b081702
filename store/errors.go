package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"crmbridge/pim"
)

// CondError is the cause of a pim.ErrConflict from PutObject, DeleteObject,
// MoveObject and CopyObject: a precondition did not hold (RFC 9110 13.1).
type CondError struct {
	// Current is what the name holds now, text included; nil when it holds nothing.
	Current *Object
}

// Error implements error.
func (e *CondError) Error() string {
	if e.Current == nil {
		return "precondition: there is no such object"
	}
	return fmt.Sprintf("precondition: the object is at change %d", e.Current.Seq)
}

// UIDTaken is the cause of a pim.ErrExists from writes of objects: the UID belongs
// to another member of the collection, or the name holds an object with another
// UID (no-uid-conflict, RFC 4791 5.3.2.1 and RFC 6352 6.3.2.1).
type UIDTaken struct {
	// Name is the last path segment of the object that is in the way.
	Name string
}

// Error implements error.
func (e *UIDTaken) Error() string { return fmt.Sprintf("uid is taken by %q", e.Name) }

// NameTaken is the cause of a pim.ErrConflict from MoveObject and CopyObject without
// Overwrite: the destination holds an object (RFC 4918 10.6).
type NameTaken struct {
	// Current is the object at the destination, without its text.
	Current *Object
}

// Error implements error.
func (e *NameTaken) Error() string { return fmt.Sprintf("name %q is taken", e.Current.Name) }

// fail turns a fault of the database into a pim.Error; one that is a pim.Error
// already and nil pass unchanged.
func fail(op string, err error) error {
	var known *pim.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	op = "store: " + op
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return pim.Wrap(op, pim.ErrUnavailable, err)
	case errors.Is(err, sql.ErrNoRows), errors.Is(err, gorm.ErrRecordNotFound):
		return pim.Wrap(op, pim.ErrNotFound, err)
	}
	return pim.Wrap(op, reason(err), err)
}

// reason is the kind of a fault that the database server or file reported.
func reason(err error) pim.Reason {
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		switch lite.Code() {
		case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
			return pim.ErrExists
		case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
			return pim.ErrNotFound
		}
		switch lite.Code() & 0xff {
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR:
			return pim.ErrUnavailable
		}
		return pim.ErrInternal
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch {
		case pg.Code == "23505": // unique_violation
			return pim.ErrExists
		case pg.Code == "23503": // foreign_key_violation
			return pim.ErrNotFound
		case len(pg.Code) == 5 && (pg.Code[:2] == "08" || pg.Code[:2] == "40" || pg.Code[:2] == "53" || pg.Code[:2] == "57"):
			// connection, rollback, resources, operator intervention
			return pim.ErrUnavailable
		}
		return pim.ErrInternal
	}
	var refused *pgconn.ConnectError
	if errors.As(err, &refused) || errors.Is(err, sql.ErrConnDone) {
		return pim.ErrUnavailable
	}
	return pim.ErrInternal
}

// again reports whether PostgreSQL rolled the transaction back only because of
// others that ran beside it.
func again(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01") // serialization_failure, deadlock_detected
}

func notFound(op, what string) error {
	return pim.Errorf("store: "+op, pim.ErrNotFound, "there is no such %s", what)
}
