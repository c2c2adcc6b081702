package store

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	driver "modernc.org/sqlite"

	"crmbridge/pim"
)

// busyWait is how long a writer of this process waits for one of another process,
// such as a command run beside the server. A cancelled context ends the wait.
const busyWait = 15 * time.Second

// openSQLite makes the two pools over one file. The writer has to connect first: it
// makes the file a WAL file.
//
// Durability: synchronous=FULL, so that an answered write survives a power cut and
// not only the end of the process (for which NORMAL would do). In WAL mode that is
// one fdatasync per commit; see docs/decisions/0001-sqlite-driver.md for its cost.
func (s *Store) openSQLite() (gorm.Dialector, error) {
	path, err := sqlitePath(s.cfg.URL)
	if err != nil {
		return nil, err
	}
	if err := createPrivate(path); err != nil {
		return nil, err
	}
	durable := "synchronous(FULL)"
	if s.cfg.Scratch {
		durable = "synchronous(OFF)"
	}
	if s.writer, err = sqlitePool(sqliteDSN(path, "immediate", "journal_mode(WAL)", durable, "foreign_keys(1)", "cache_size(-16384)", "journal_size_limit(67108864)")); err != nil {
		return nil, err
	}
	s.writer.SetMaxOpenConns(1)
	s.writer.SetMaxIdleConns(1)
	// A small cache for each reader: there may be many, and what they miss the
	// system's cache of the file has. Reads were no faster with 8 MiB, and eight
	// listings of 100 000 objects at once took 80 MiB more.
	if s.reader, err = sqlitePool(sqliteDSN(path, "deferred", "query_only(1)", "cache_size(-2048)")); err != nil {
		return nil, err
	}
	// A few answers to slow clients may hold their connections (dav.lingering), so there
	// are many. As many stay open as ordinary load has at the same moment, logins
	// included: a new one has to prepare all its statements again.
	s.reader.SetMaxOpenConns(128)
	s.reader.SetMaxIdleConns(max(16, 4*runtime.GOMAXPROCS(0)))
	s.reader.SetConnMaxIdleTime(5 * time.Minute)
	return sqlite.Dialector{Conn: s.writer}, nil
}

// createPrivate makes an empty file where there is none, before SQLite does it with
// the umask's rights: it will hold personal data. Its -wal and -shm take over its
// rights. A file that is there is not opened: closing it again would strip this
// process of the locks that SQLite holds on it (POSIX locks belong to the process).
func createPrivate(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return &pim.Error{Op: "store: open", Kind: pim.ErrUnavailable, Public: "the database file cannot be made: " + path, Err: err}
	}
	return fail("open", f.Close())
}

func sqlitePool(dsn string) (*sql.DB, error) {
	c, err := driver.NewConnector(dsn)
	if err != nil {
		return nil, fail("open", err)
	}
	return sql.OpenDB(cachingConnector{c}), nil
}

func sqlitePath(raw string) (string, error) {
	path := strings.TrimPrefix(raw, "sqlite:")
	if strings.HasPrefix(path, "//") && path != raw {
		path = path[2:] // sqlite:///var/lib/…
	}
	if path == "" || strings.Contains(path, ":memory:") || strings.ContainsRune(path, 0) {
		return "", pim.Errorf("store: open", pim.ErrInvalid, "the database needs a file path or a postgres:// URL")
	}
	if scheme, _, found := strings.Cut(path, "://"); found {
		return "", pim.Errorf("store: open", pim.ErrInvalid, "databases of kind %q are not supported", scheme)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("store: open: %w", err)
	}
	return abs, nil
}

// sqliteDSN makes a data source name. Times are stored as whole microseconds since
// 1970 UTC: they sort, are exact and match PostgreSQL's resolution.
func sqliteDSN(path, lock string, pragmas ...string) string {
	q := url.Values{
		"_txlock": {lock}, "_time_integer_format": {"unix_micro"}, "_inttotime": {"1"},
		"_pragma": append([]string{fmt.Sprintf("busy_timeout(%d)", busyWait.Milliseconds())}, pragmas...),
	}
	u := url.URL{Path: filepath.ToSlash(path)}
	return "file:" + u.EscapedPath() + "?" + q.Encode()
}
