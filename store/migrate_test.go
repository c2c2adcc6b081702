package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"crmbridge/pim"
)

// The sums of the migrations' texts. A sum is never changed once a release has its
// migration: make another migration instead.
func frozen() map[int]string {
	return map[int]string{
		1:  "b09a6f1f6bcbbcbc",
		2:  "85a77b2a7ef185d7",
		3:  "a112643d39cfcd34",
		4:  "33ab723b1196fd91",
		5:  "623d4b2eb4d27c7d",
		6:  "aef95c27d5d0bf40",
		8:  "870652d6016e7c62",
		9:  "71b56018b57c4fbe",
		10: "41c078572f3e96e0",
		11: "11212da3f450dd62",
		12: "e99d04753610241a",
		13: "1d122b355fb71a67",
		14: "cad58fa8001d1330",
		15: "2e50b7effdf55821",
		16: "83ed8fc036c782e7",
		17: "233a7eb0de01265c",
		18: "15f685ecf338745e",
		19: "4a264c1818f55003",
		22: "ac10a1fcebb6e213",
		23: "05d830a9396a1fa5",
		24: "f575d5732facb037",
		25: "d418e9caa01f00d9",
		26: "595d298c753f70c3",
		27: "1e70d63835e70a37",
		28: "c4716ff684bda9c4",
		31: "4c8166c40074098a",
	}
}

func TestMigrationsAreFrozen(t *testing.T) {
	t.Parallel()
	last := 0
	for _, m := range migrations() {
		if m.id <= last { // a number may be missing: one that was reserved and not needed
			t.Errorf("migration %d follows %d", m.id, last)
		}
		last = m.id
		sum := sha256.Sum256([]byte(m.text + m.sqlite + m.postgres))
		if got := hex.EncodeToString(sum[:8]); got != frozen()[m.id] {
			t.Errorf("migration %d has the sum %s, not %q: a released one must not be edited", m.id, got, frozen()[m.id])
		}
	}
}

// recorder notes what AutoMigrate would change.
type recorder struct {
	logger.Interface
	changes []string
}

func (r *recorder) LogMode(logger.LogLevel) logger.Interface { return r }

func (r *recorder) Trace(_ context.Context, _ time.Time, text func() (string, int64), _ error) {
	sql, _ := text()
	verb, _, _ := strings.Cut(strings.TrimSpace(sql), " ")
	switch strings.ToUpper(verb) {
	case "SELECT", "PRAGMA":
	default:
		r.changes = append(r.changes, sql)
	}
}

// everyModel is what backups keep, and what they do not.
func everyModel() []any { return append(models(), &WordIndex{}, &Session{}, &Ticket{}) }

// The models and the migrations say the same.
func TestAutoMigrateHasNothingToDo(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, url string) {
		s := migrated(t, url)
		for _, m := range everyModel() {
			stmt := &gorm.Statement{DB: s.orm}
			if err := stmt.Parse(m); err != nil {
				t.Fatal(err)
			}
			for _, f := range stmt.Schema.Fields {
				// A field without a way to say NULL has a column that forbids it; GORM
				// would want a tag for that on nearly every field.
				always := f.DBName == "hash" || f.DBName == "xml"
				f.NotNull = always || f.FieldType.Kind() != reflect.Pointer && f.FieldType.Kind() != reflect.Slice
			}
			columns, err := s.orm.Migrator().ColumnTypes(m)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range columns { // AutoMigrate does not look for these
				if stmt.Schema.LookUpField(c.Name()) == nil {
					t.Errorf("%s.%s belongs to no field", stmt.Schema.Table, c.Name())
				}
			}
		}
		r := &recorder{Interface: logger.Discard}
		if err := s.orm.Session(&gorm.Session{NewDB: true, Logger: r}).AutoMigrate(everyModel()...); err != nil {
			t.Fatal(err)
		}
		for _, c := range r.changes {
			t.Errorf("AutoMigrate would run: %s", c)
		}
	})
}

// loadV1 makes a database as the first release left it, with a row in every table.
func loadV1(t *testing.T, s *Store) {
	t.Helper()
	if err := s.migrateTo(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile("testdata/v1.sql")
	if err != nil {
		t.Fatal(err)
	}
	at := `${1}000000`
	if s.postgres {
		at = `to_timestamp($1)`
	}
	text := regexp.MustCompile(`\{at (\d+)\}`).ReplaceAllString(s.types().Replace(string(b)), at)
	err = s.Update(t.Context(), func(tx *Tx) error {
		for _, statement := range strings.Split(text, ";\n") {
			if strings.TrimSpace(statement) == "" {
				continue
			}
			if _, err := tx.SQL().Exec(statement); err != nil {
				return errors.Join(err, errors.New(statement))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestUpgradeFromV1(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, url string) {
		s := openTest(t, url)
		loadV1(t, s)
		for range 2 { // the second time has nothing to do
			if err := s.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		have, want, err := s.SchemaVersion(t.Context())
		if err != nil || have != want {
			t.Errorf("schema %d of %d: %v", have, want, err)
		}
		err = s.View(t.Context(), func(tx *Tx) error {
			for _, m := range models() {
				var n int64
				later := slices.Contains([]string{"*store.Identity", "*store.Feed", "*store.Derived", "*store.Occurrence", "*store.Duplicate", "*store.Bring", "*store.SignIn", "*store.Latch", "*store.SecondFactor", "*store.RecoveryCode", "*store.Tie", "*store.Deed"}, fmt.Sprintf("%T", m)) // of later migrations: empty
				if err := tx.db().Model(m).Count(&n).Error; err != nil || n == 0 && !later {
					t.Errorf("%T: %d rows, %v", m, n, err)
				}
			}
			c, err := tx.CollectionBySlug(1, Calendars, "work")
			if err != nil {
				return err
			}
			if got := SyncToken(c); got != "urn:crmbridge:sync:abcdefgh:5" {
				t.Errorf("sync token %s", got)
			}
			o, err := tx.Object(c.ID, "a.ics")
			if err != nil || string(o.Text) != "BEGIN:VCALENDAR two" || o.ETag != ETag(o.Text) || !o.UpdatedAt.Equal(time.Unix(1767603700, 0)) {
				t.Errorf("object %+v, %v", o, err)
			}
			if c.Bytes != o.Size {
				t.Errorf("a collection of %d bytes, whose only object has %d", c.Bytes, o.Size)
			}
			p, err := tx.PairByRemote(1, "r1")
			if err != nil || p.ObjectID != o.ID || p.RetryAt == nil || !p.RetryAt.Equal(time.Unix(1767604000, 0)) {
				t.Errorf("pair %+v, %v", p, err)
			}
			k, err := tx.TokenByHash([]byte("hash"))
			if err != nil || k.ExpiresAt != nil || k.LastUsed == nil {
				t.Errorf("token %+v, %v", k, err)
			}
			r, err := tx.OpenConflict(o.ID, 1)
			if r.Size != int64(len(r.Base)+len(r.Mine)+len(r.Theirs)) || r.Series != "" || r.Digest != "" {
				t.Errorf("conflict %+v", r)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		err = s.Update(t.Context(), func(tx *Tx) error { // ids go on where they were
			res, err := tx.PutObject(Put{Collection: 1, Name: "new.ics", UID: "new", Kind: pim.KindEvent, Component: "VEVENT", Text: []byte("x")})
			if res.Object.ID <= 2 {
				t.Errorf("id %d", res.Object.ID)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestNewerSchemaIsRefused(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, url string) {
		s := migrated(t, url)
		err := s.Update(t.Context(), func(tx *Tx) error {
			_, err := tx.exec(`INSERT INTO ` + migrationTable + ` (id) VALUES ('9999')`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = Open(t.Context(), Config{URL: url, Now: testNow})
		if !errors.Is(err, pim.ErrUnsupported) || !strings.Contains(pim.PublicText(err), "newer version") {
			t.Errorf("got %v", err)
		}
		if err := s.Migrate(t.Context()); err == nil { // one that was open before
			t.Error("migrated a newer schema")
		}
	})
}

func TestMigrateAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, url string) {
		var wg sync.WaitGroup
		for range 4 {
			s := openTest(t, url)
			wg.Go(func() {
				if err := s.Migrate(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	})
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	garbage := dir + "/garbage.db"
	if err := os.WriteFile(garbage, []byte(strings.Repeat("this is no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, url := range map[string]string{
		"empty": "", "memory": "sqlite::memory:", "kind": "mysql://h/db", "directory": dir, "no directory": dir + "/no/x.db",
		"garbage": garbage, "postgres url": "postgres://u:topsecret@%zz/", "postgres down": "postgres://u:topsecret@127.0.0.1:1/db",
	} {
		s, err := Open(t.Context(), Config{URL: url, Now: testNow})
		if err == nil {
			t.Errorf("%s: opened", name)
			s.Close()
			continue
		}
		if text := pim.PublicText(err); !strings.Contains(text, " ") {
			t.Errorf("%s: %q tells nobody what to do", name, text)
		}
		if strings.Contains(err.Error()+pim.PublicText(err), "topsecret") {
			t.Errorf("%s: the error shows the password: %v", name, err)
		}
	}
	if _, err := Open(t.Context(), Config{URL: dir + "/x.db"}); err == nil {
		t.Error("opened without a clock")
	}
}

// Any path is a good path, and others cannot read what is in the file.
func TestSQLiteFile(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"plain.db", "ä ö?x=1#y%20&.db", "a+b;c.db"} {
		for _, prefix := range []string{"", "sqlite:", "sqlite://"} {
			path := t.TempDir() + "/" + name
			s := migrated(t, prefix+path)
			if err := s.Update(t.Context(), func(tx *Tx) error {
				_, err := tx.CreateUser(User{Name: "ann"})
				return err
			}); err != nil {
				t.Fatal(err)
			}
			for _, end := range []string{"", "-wal", "-shm"} {
				info, err := os.Stat(path + end)
				if err != nil || info.Mode().Perm() != 0o600 {
					t.Errorf("%s: %v, %v", path+end, info, err)
				}
			}
		}
	}
}

func TestSQLitePragmas(t *testing.T) {
	t.Parallel()
	s := migrated(t, t.TempDir()+"/x.db")
	for pragma, want := range map[string][2]string{ // writer, reader
		"journal_mode": {"wal", "wal"}, "synchronous": {"2", "2"}, "foreign_keys": {"1", ""}, "query_only": {"0", "1"}, "busy_timeout": {"15000", "15000"},
	} {
		for i, pool := range []*sql.DB{s.writer, s.reader} {
			var got string
			err := pool.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got)
			if err != nil || want[i] != "" && got != want[i] {
				t.Errorf("%s: %q, %v; want %q", pragma, got, err, want[i])
			}
		}
	}
}
