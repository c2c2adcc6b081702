package store

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"crmbridge/pim"
)

// furnish puts rows into every table, with what is hard to keep.
func furnish(t testing.TB, s *Store) {
	t.Helper()
	err := s.Update(t.Context(), func(tx *Tx) error {
		u, err := tx.CreateUser(User{Name: "ann", DisplayName: "Ann \u2028 \"A\" <b> 🙂\\", Zone: "Europe/Berlin"})
		if err != nil {
			return err
		}
		c, err := tx.CreateCollection(Collection{UserID: u.ID, Home: Calendars, Slug: "a", Components: "VEVENT"})
		if err != nil {
			return err
		}
		d, err := tx.CreateCollection(Collection{UserID: u.ID, Home: AddressBooks, Slug: "b"})
		if err != nil {
			return err
		}
		for i, text := range []string{"plain", "\xff\xfe not UTF-8 \x00", "", "Grüße\r\n=1+1"} {
			p := Put{Collection: c.ID, Name: fmt.Sprint(i), UID: fmt.Sprint(i), Kind: pim.KindEvent, Component: "VEVENT", Text: []byte(text), Start: math.MinInt64, End: math.MaxInt64}
			if _, err := tx.PutObject(p); err != nil {
				return err
			}
		}
		if _, err := tx.PutObject(Put{Collection: d.ID, Name: "s", UID: "s", Kind: pim.KindEvent, Component: "VEVENT", Text: []byte("series")}); err != nil {
			return err
		}
		if _, err := tx.DeleteObject(c.ID, "0", Cond{}, "ann", 0); err != nil {
			return err
		}
		l, err := tx.CreateLink(Link{UserID: u.ID, CollectionID: c.ID, Side: CRM, Name: "l", Settings: []byte{0, 1, 0xff}, Rules: []byte(`{"policy":"ask"}`), Interval: time.Minute})
		if err != nil {
			return err
		}
		at := tx.Now().Add(time.Microsecond)
		feed := Feed{UserID: u.ID, CollectionID: c.ID, Hash: []byte("f\xff"), Detail: DetailBusy, ExpiresAt: &at}
		for _, do := range []func() error{
			func() error {
				_, err := tx.CreateToken(Token{UserID: u.ID, Hash: []byte("h"), Name: "phone", LastUsed: &at})
				return err
			},
			func() error { _, err := tx.CreateFeed(feed); return err },
			func() error { return tx.SetDerived(Derived{CollectionID: c.ID, SourceID: d.ID, What: "w"}) },
			func() error { return tx.SetProperty(Property{Owner: "c:1", Space: "s", Local: "l", XML: []byte{}}) },
			func() error {
				return tx.SaveOccurrence(&Occurrence{CollectionID: c.ID, SeriesID: 5, Occurrence: "x", ObjectID: 3, Seq: 4, SeriesSeq: 2})
			},
			func() error {
				_, err := tx.SuggestDuplicates(c.ID, []Duplicate{{UserID: u.ID, CollectionID: c.ID, FirstID: 2, SecondID: 3, Kind: pim.KindEvent, Reasons: "[]", State: DuplicateOpen, FoundAt: at, Merge: []byte{0xff}}})
				return err
			},
			func() error { return tx.MarkSeen("token:1", []SeenMark{{2, 2}}) },
			func() error { return tx.DeviceHere("token:1") },
			func() error {
				return tx.SavePair(&Pair{LinkID: l.ID, ObjectID: 2, UID: "1", RemoteID: "r", Seq: 2, LocalText: []byte("x"), TheirModified: &at, Dirty: true})
			},
			func() error {
				return tx.SaveIdentity(Identity{UserID: u.ID, Driver: "d", Place: "p", RemoteID: "r", UID: "1"})
			},
			func() error {
				_, err := tx.AddConflict(Conflict{UserID: u.ID, CollectionID: c.ID, ObjectID: 2, Mine: []byte("m"), Theirs: nil})
				return err
			},
			func() error { _, err := tx.AcquireLease(l.ID, "o", tx.Now().Add(time.Hour), nil); return err },
			func() error { _, err := tx.SetWanted(l.ID); return err },
			func() error { _, err := tx.StartRun(Run{LinkID: l.ID, Trigger: "poll"}); return err },
			func() error {
				r, err := tx.StartRun(Run{LinkID: l.ID, Trigger: "poll"})
				r.Outcome = "ok"
				if err == nil {
					err = tx.FinishRun(r, []Step{{UID: "1", Title: "=1", Trace: "t"}, {}})
				}
				return err
			},
		} {
			if err := do(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func backupOf(t testing.TB, s *Store) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := s.Backup(t.Context(), &b, "test"); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func opener(b []byte) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }
}

// lines are a backup's, as text.
func lines(t testing.TB, b []byte) []string {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

func zipped(t testing.TB, lines []string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(strings.Join(lines, "\n") + "\n")); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// everything is what all tables hold, but for what a restore changes on purpose.
func everything(t testing.TB, s *Store) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	err := s.View(t.Context(), func(tx *Tx) error {
		for _, m := range models() {
			tab, err := s.tables.of(s, m)
			if err != nil {
				return err
			}
			rows, err := tx.query(tab.selects + "1 = 1")
			if err != nil {
				return err
			}
			all[tab.name] = []string{}
			for rows.Next() {
				row := reflect.New(reflect.TypeOf(m).Elem())
				if err := rows.Scan(tab.scan(row.Elem())...); err != nil {
					return err
				}
				switch r := row.Interface().(type) {
				case *Collection:
					r.Epoch = ""
				case *Seen:
					r.Seq = 0
				case *Link:
					r.LeaseOwner, r.LeaseUntil, r.WantedAt, r.NextRun = "", nil, nil, nil
				case *Run:
					if r.Outcome == "" || r.Outcome == "cancelled" {
						r.Outcome, r.Ended, r.Error = "", nil, ""
					}
				}
				all[tab.name] = append(all[tab.name], show(row.Elem()))
			}
			if err := rows.Close(); err != nil {
				return err
			}
			slices.Sort(all[tab.name])
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// show is a row with what pointers point to.
func show(row reflect.Value) string {
	var b strings.Builder
	for i := range row.NumField() {
		f := row.Field(i)
		if f.Kind() == reflect.Pointer && !f.IsNil() {
			f = f.Elem()
		}
		if x, ok := f.Interface().([]byte); ok && len(x) == 0 {
			f = reflect.ValueOf([]byte(nil)) // SQLite's driver does not tell nil from empty; TestRestoredNulls does
		}
		fmt.Fprintf(&b, "%s=%#v ", row.Type().Field(i).Name, f.Interface())
	}
	return b.String()
}

func same(t *testing.T, got, want map[string][]string) {
	t.Helper()
	for name, rows := range want {
		if !slices.Equal(got[name], rows) {
			t.Errorf("%s:\n%s\nwant\n%s", name, strings.Join(got[name], "\n"), strings.Join(rows, "\n"))
		}
	}
}

// A backup of either database is put back into either, whole, and goes on with the same ids.
func TestBackupGoesBetweenDatabases(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, from string) {
		a := migrated(t, from)
		furnish(t, a)
		if err := a.Update(t.Context(), func(tx *Tx) error { // the highest id is of a row that is gone
			k, err := tx.CreateToken(Token{UserID: 1, Hash: []byte("gone")})
			if err == nil {
				_, err = tx.exec(`DELETE FROM tokens WHERE id = ?`, k.ID)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		want := everything(t, a)
		for name, rows := range want {
			if len(rows) == 0 {
				t.Errorf("furnish leaves %s empty", name)
			}
		}
		file := backupOf(t, a)
		each(t, func(t *testing.T, to string) {
			b := openTest(t, to)
			sum, err := b.Restore(t.Context(), opener(file), RestoreOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if sum.Program != "test" || sum.Rows["objects"] != 5 {
				t.Errorf("%+v", sum)
			}
			same(t, everything(t, b), want)
			err = b.Update(t.Context(), func(tx *Tx) error {
				k, err := tx.CreateToken(Token{UserID: 1, Hash: []byte("next")})
				if err == nil && k.ID != 3 {
					t.Errorf("the next token is %d: a number was given twice", k.ID)
				}
				due, derr := tx.DueLinks(tx.Now())
				if derr != nil || len(due) != 1 {
					t.Errorf("due: %v %v", due, derr)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			same(t, without(everything(t, b), "tokens"), without(want, "tokens"))
		})
	})
}

func without(all map[string][]string, but string) map[string][]string {
	rest := map[string][]string{}
	for name, rows := range all {
		if name != but {
			rest[name] = rows
		}
	}
	return rest
}

// No bytes and empty bytes stay what they are.
func TestRestoredNulls(t *testing.T) {
	t.Parallel()
	nulls := func(s *Store) (all []string) {
		err := s.View(t.Context(), func(tx *Tx) (err error) {
			all, err = tx.texts(`SELECT object_id || ' ' || seq || CASE WHEN text IS NULL THEN ' none' ELSE ' ' || length(text) END FROM versions ORDER BY object_id, seq`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	each(t, func(t *testing.T, from string) {
		a := migrated(t, from)
		furnish(t, a)
		b := openTest(t, "sqlite:"+filepath.Join(t.TempDir(), "b.db"))
		if _, err := b.Restore(t.Context(), opener(backupOf(t, a)), RestoreOptions{}); err != nil {
			t.Fatal(err)
		}
		want := []string{"1 2 5", "1 6 none", "2 3 14", "3 4 0", "4 5 13", "5 2 6"}
		if got := nulls(b); !slices.Equal(got, want) || !slices.Equal(nulls(a), want) {
			t.Errorf("%v", got)
		}
	})
}

// Every table of ours is in a backup, whoever added it.
func TestBackupHasEveryTable(t *testing.T) {
	t.Parallel()
	s := migrated(t, "sqlite:"+filepath.Join(t.TempDir(), "x.db"))
	err := s.View(t.Context(), func(tx *Tx) error {
		there, err := tx.tablesThere()
		if err != nil {
			return err
		}
		ours, err := tx.tableNames()
		for _, name := range there {
			if !ours[name] && name != migrationTable && name != "word_index" && !strings.HasPrefix(name, "card_words") && !strings.HasPrefix(name, "sqlite_") {
				t.Errorf("%s is not in models", name)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A backup of an older schema is brought up to date.
func TestBackupOfAnOlderSchema(t *testing.T) {
	t.Parallel()
	a := migrated(t, "sqlite:"+filepath.Join(t.TempDir(), "a.db"))
	furnish(t, a)
	old := lines(t, backupOf(t, a))
	old[0] = strings.Replace(old[0], fmt.Sprintf(`"schema":%d`, newestSchema()), `"schema":8`, 1)
	file := rewritten(t, old, columnsOf(t, 8))
	each(t, func(t *testing.T, to string) {
		b := openTest(t, to)
		if _, err := b.Restore(t.Context(), opener(file), RestoreOptions{}); err != nil {
			t.Fatal(err)
		}
		if have, want, err := b.SchemaVersion(t.Context()); err != nil || have != want {
			t.Errorf("schema %d of %d: %v", have, want, err)
		}
		err := b.View(t.Context(), func(tx *Tx) error {
			rs, err := tx.Runs(RunFilter{})
			if err != nil || len(rs) != 2 {
				t.Errorf("%+v %v", rs, err)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func newestSchema() int {
	steps := migrations()
	return steps[len(steps)-1].id
}

// A file that was cut off, altered, or is something else changes nothing.
func TestRestoreRefuses(t *testing.T) {
	t.Parallel()
	a := migrated(t, "sqlite:"+filepath.Join(t.TempDir(), "a.db"))
	furnish(t, a)
	good := backupOf(t, a)
	text := lines(t, good)
	edit := func(do func(l []string) []string) []byte { return zipped(t, do(slices.Clone(text))) }
	flipped := slices.Clone(good)
	flipped[len(flipped)/2] ^= 1
	bad := map[string][]byte{
		"nothing":          {},
		"no gzip":          []byte("hello"),
		"another gzip":     zipped(t, []string{"hello"}),
		"cut off":          good[:len(good)-9],
		"cut in half":      good[:len(good)/2],
		"a flipped bit":    flipped,
		"without its end":  edit(func(l []string) []string { return l[:len(l)-1] }),
		"a row less":       edit(func(l []string) []string { return slices.Delete(l, 2, 3) }),
		"an altered value": edit(func(l []string) []string { l[2] = strings.Replace(l[2], "ann", "bob", 1); return l }),
		"more behind":      edit(func(l []string) []string { return append(l, "[]") }),
		"two files":        append(slices.Clone(good), good...),
		"newer":            rewritten(t, append([]string{strings.Replace(text[0], fmt.Sprintf(`"schema":%d`, newestSchema()), `"schema":99`, 1)}, text[1:]...), nil),
		"unknown table":    rewritten(t, replaceAll(text, `"table":"tokens"`, `"table":"sqlite_master"`), nil),
		"a bad column":     rewritten(t, replaceAll(text, `"name":"last_ip"`, `"name":"x\") --"`), nil),
		"a wrong type":     rewritten(t, replaceAll(text, `"name":"last_ip","type":"text"`, `"name":"last_ip","type":"int"`), nil),
		"a row of nobody":  rewritten(t, replaceAll(text, `[1,1,"phone"`, `[1,77,"phone"`), nil),
	}
	each(t, func(t *testing.T, to string) {
		b := migrated(t, to)
		furnish(t, b)
		before := everything(t, b)
		for name, file := range bad {
			_, err := b.Restore(t.Context(), opener(file), RestoreOptions{Replace: true})
			if err == nil {
				t.Errorf("%s was taken", name)
			} else if kind := pim.ReasonOf(err); kind != pim.ErrInvalid && kind != pim.ErrUnsupported && kind != pim.ErrNotFound {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := b.Restore(t.Context(), opener(good), RestoreOptions{}); pim.ReasonOf(err) != pim.ErrHeld {
			t.Errorf("a database in use was replaced: %v", err)
		}
		refused := pim.Errorf("x", pim.ErrHeld, "no")
		if _, err := b.Restore(t.Context(), opener(good), RestoreOptions{Replace: true, After: func(*Tx) error { return refused }}); pim.ReasonOf(err) != pim.ErrHeld {
			t.Errorf("a refusal at the end: %v", err)
		}
		same(t, everything(t, b), before)
		if _, err := b.Restore(t.Context(), opener(good), RestoreOptions{Replace: true}); err != nil {
			t.Errorf("replaced: %v", err)
		}
	})
}

func replaceAll(text []string, pairs ...string) []string {
	out := make([]string, len(text))
	for i, l := range text {
		out[i] = strings.NewReplacer(pairs...).Replace(l)
	}
	return out
}

// What is not consistent is put back only by who asks for it.
func TestRestoreChecksInvariants(t *testing.T) {
	t.Parallel()
	a := migrated(t, "sqlite:"+filepath.Join(t.TempDir(), "a.db"))
	furnish(t, a)
	text := lines(t, backupOf(t, a))
	for i, l := range text {
		if strings.HasPrefix(l, `[1,1,"calendars","a"`) {
			text[i] = strings.Replace(l, `,false,false,6,"`, `,false,false,1,"`, 1) // the collection's last change
		}
	}
	file := rewritten(t, text, nil)
	b, err := Open(t.Context(), Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "b.db"), Now: testNow})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if _, err := b.Restore(t.Context(), opener(file), RestoreOptions{}); pim.ReasonOf(err) != pim.ErrHeld || !strings.Contains(pim.PublicText(err), "not consistent") {
		t.Errorf("%v", err)
	}
	if _, err := b.Restore(t.Context(), opener(file), RestoreOptions{Damaged: true}); err != nil {
		t.Errorf("asked for: %v", err)
	}
}

// Others write while a backup is made; it is of one moment.
func TestBackupWhileOthersWrite(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, url string) {
		a := migrated(t, url)
		furnish(t, a)
		ctx, stop := context.WithCancel(t.Context())
		var writing sync.WaitGroup
		started := make(chan struct{}, 3)
		for w := range 3 {
			writing.Go(func() {
				for n := 0; ctx.Err() == nil; n++ {
					err := a.Update(ctx, func(tx *Tx) error {
						name := fmt.Sprintf("w%d-%d", w, n%7)
						// Object, version, collection and pair have to fit together.
						if n%5 == 4 {
							_, err := tx.DeleteObject(1, name, Cond{}, "w", 0)
							if pim.ReasonOf(err) == pim.ErrNotFound {
								return nil
							}
							return err
						}
						res, err := tx.PutObject(Put{Collection: 1, Name: name, UID: name, Kind: pim.KindEvent, Component: "VEVENT", Text: []byte(strings.Repeat("x", n%977))})
						if err != nil {
							return err
						}
						_, err = tx.PairByObject(1, res.Object.ID)
						if pim.ReasonOf(err) == pim.ErrNotFound {
							err = tx.SavePair(&Pair{LinkID: 1, ObjectID: res.Object.ID, UID: name, Seq: res.Object.Seq})
						}
						return err
					})
					if err != nil && ctx.Err() == nil {
						t.Error(err)
						return
					}
					if n == 0 {
						started <- struct{}{}
					}
				}
			})
		}
		for range 3 {
			<-started
		}
		for i := range 4 {
			file := backupOf(t, a)
			b := openTest(t, "sqlite:"+filepath.Join(t.TempDir(), "b.db")) // which checks the invariants at its end
			if _, err := b.Restore(t.Context(), opener(file), RestoreOptions{}); err != nil {
				t.Errorf("backup %d: %v", i, err)
			}
		}
		stop()
		writing.Wait()
	})
}

// Nobody waits for the hash to be right who only has a begin.
func FuzzReadBackup(f *testing.F) {
	dir := f.TempDir()
	s, err := Open(f.Context(), Config{URL: "sqlite:" + filepath.Join(dir, "x.db"), Now: testNow})
	if err != nil {
		f.Fatal(err)
	}
	if err := s.Migrate(f.Context()); err != nil {
		f.Fatal(err)
	}
	furnish(f, s)
	good := lines(f, backupOf(f, s))
	if err := s.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(strings.Join(good, "\n") + "\n")
	f.Add(good[0] + "\n" + `{"table":"a","columns":[{"name":"b","type":"bytes"}]}` + "\n" + `[{"b64":"/w=="}]` + "\n")
	f.Add(good[0] + "\n" + `{"end":{}}` + "\n")
	f.Fuzz(func(t *testing.T, text string) {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write([]byte(text))
		_ = z.Close()
		rows := 0
		sum, err := readBackup(&b, backupVisitor{row: func([]any) error { rows++; return nil }})
		if err == nil {
			total := int64(0)
			for _, n := range sum.Rows {
				total += n
			}
			if total != int64(rows) || sum.Backup != backupName {
				t.Errorf("%d rows, %+v", rows, sum)
			}
			return
		}
		if kind := pim.ReasonOf(err); kind != pim.ErrInvalid && kind != pim.ErrUnsupported {
			t.Errorf("%v", err)
		}
	})
}
