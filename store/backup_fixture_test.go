package store

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"strings"
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
			func() error {
				_, err := tx.AddBring(Bring{LinkID: l.ID, RemoteID: "r", ByLinkID: l.ID, ByRemoteID: "b", Role: "Owner"})
				return err
			},
			func() error {
				in, err := tx.PutSignIn(SignIn{UserID: u.ID, Driver: "d", Name: "n", Account: "ann@example.org"}, func(SignInID) ([]byte, error) { return []byte{0xff, 0}, nil })
				if err != nil {
					return err
				}
				_, err = tx.AcquireSignIn(in.ID, "o", tx.Now().Add(time.Hour), nil)
				return err
			},
			func() error {
				return tx.SetSecondFactor(SecondFactor{UserID: u.ID, Secret: []byte{0xff, 0}, Step: 7}, [][]byte{{0xff}, {0xfe}})
			},
			func() error {
				_, err := tx.BeginDeed(Deed{Via: "page", Account: "ann", Act: "link.pause", Subject: "=l", Notes: `{"a":"b"}`})
				return err
			},
			func() error { return tx.AddTie(Tie{UserID: u.ID, Issuer: "https://id.example.org", Subject: "s"}) },
			func() error { return tx.HoldLatch("pause crm.example.org", tx.Now().Add(time.Hour)) },
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
				case *SignIn:
					r.LeaseOwner, r.LeaseUntil = "", nil
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
