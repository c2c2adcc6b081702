package store

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"crmbridge/pim"
)

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

// Every table of ours is in a backup or said to be apart, whoever added it.
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
			if !ours[name] && name != migrationTable && !slices.Contains(apart(), name) && !strings.HasPrefix(name, "card_words") && !strings.HasPrefix(name, "sqlite_") {
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
