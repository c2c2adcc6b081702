package birthday_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"crmbridge/birthday"
	"crmbridge/internal/testenv"
	"crmbridge/pim"
	"crmbridge/pim/ics"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// home is a user with an address book and its birthday calendar.
type home struct {
	t         testing.TB
	st        *store.Store
	user      store.User
	book, cal store.Collection
}

func newHome(t testing.TB) *home { return homeOn(t, "") }

// homeOn is newHome in a database, "" for SQLite.
func homeOn(t testing.TB, url string) *home {
	t.Helper()
	h := &home{t: t, st: storetest.OpenWith(t, store.Config{URL: url})}
	h.update(func(tx *store.Tx) (err error) {
		if h.user, err = tx.CreateUser(store.User{Name: "ann"}); err != nil {
			return err
		}
		if h.book, err = tx.CreateCollection(store.Collection{UserID: h.user.ID, Home: store.AddressBooks, Slug: "people", DisplayName: "People"}); err != nil {
			return err
		}
		h.cal, err = birthday.Enable(tx, h.book)
		return err
	})
	return h
}

// another is a home with another book of the same user.
func (h *home) another(slug string) *home {
	h.t.Helper()
	next := *h
	h.update(func(tx *store.Tx) (err error) {
		if next.book, err = tx.CreateCollection(store.Collection{UserID: h.user.ID, Home: store.AddressBooks, Slug: slug}); err != nil {
			return err
		}
		next.cal, err = birthday.Enable(tx, next.book)
		return err
	})
	return &next
}

func (h *home) update(f func(*store.Tx) error) {
	h.t.Helper()
	if err := h.st.Update(h.t.Context(), f); err != nil {
		h.t.Fatal(err)
	}
}

func (h *home) put(name, uid string, lines ...string) {
	h.t.Helper()
	text := "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:" + uid + "\r\n" + strings.Join(append(lines, "END:VCARD", ""), "\r\n")
	h.update(func(tx *store.Tx) error {
		_, err := tx.PutObject(store.Put{Collection: h.book.ID, Name: name, UID: uid, Kind: pim.KindContact, Component: "VCARD", Text: []byte(text), ReplaceUID: true})
		return err
	})
}

func (h *home) remove(name string) {
	h.t.Helper()
	h.update(func(tx *store.Tx) error {
		_, err := tx.DeleteObject(h.book.ID, name, store.Cond{}, "test", 0)
		return err
	})
}

// events are the objects of the calendar once it was read.
func (h *home) events() []store.Object {
	h.t.Helper()
	if err := birthday.Freshen(h.t.Context(), h.st, h.cal.ID); err != nil {
		h.t.Fatal(err)
	}
	return h.before()
}

func (h *home) seq() store.Seq {
	h.t.Helper()
	var c store.Collection
	err := h.st.View(h.t.Context(), func(tx *store.Tx) (err error) {
		c, err = tx.Collection(h.cal.ID)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return c.Seq
}

// said is what is to be seen of an event.
func said(o store.Object) string {
	var out []string
	for l := range strings.SplitSeq(strings.ReplaceAll(string(o.Text), "\r\n ", ""), "\r\n") {
		for _, name := range []string{"DTSTART", "RRULE", "SUMMARY"} {
			if strings.HasPrefix(l, name) {
				out = append(out, l)
			}
		}
	}
	return strings.Join(out, " ")
}

func TestEvents(t *testing.T) {
	t.Parallel()
	const date = "DTSTART;VALUE=DATE:"
	for _, c := range []struct {
		lines []string
		want  []string
	}{
		{[]string{"FN:Jane Roe", "BDAY:19800506"}, []string{date + "19800506 RRULE:FREQ=YEARLY SUMMARY:🎂 Jane Roe (1980)"}},
		{[]string{"FN:Jane Roe", "BDAY:--0203"}, []string{date + "19720203 RRULE:FREQ=YEARLY SUMMARY:🎂 Jane Roe"}},
		{[]string{"FN:Jane Roe", "BDAY;X-APPLE-OMIT-YEAR=1604:1604-02-03"}, []string{date + "19720203 RRULE:FREQ=YEARLY SUMMARY:🎂 Jane Roe"}},
		{[]string{"FN:Jane Roe", "BDAY:1980-05-06T10:00:00Z"}, []string{date + "19800506 RRULE:FREQ=YEARLY SUMMARY:🎂 Jane Roe (1980)"}},
		{[]string{"FN:Leap", "BDAY:20000229"}, []string{date + "20000229 RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1 SUMMARY:🎂 Leap (2000)"}},
		{[]string{"FN:Leap", "BDAY:--0229"}, []string{date + "19720229 RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1 SUMMARY:🎂 Leap"}},
		{[]string{"FN:Old", "BDAY:18120207"}, []string{date + "19040207 RRULE:FREQ=YEARLY SUMMARY:🎂 Old (1812)"}},
		{[]string{"FN:Old", "BDAY:18120229"}, []string{date + "19040229 RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1 SUMMARY:🎂 Old (1812)"}},
		{[]string{"FN:Roe\\, Jane\\; \\nDr.", "BDAY:19800506"}, []string{date + "19800506 RRULE:FREQ=YEARLY SUMMARY:🎂 Roe\\, Jane\\; Dr. (1980)"}},
		{[]string{"N:Roe;Jane;;;", "BDAY:19800506"}, []string{date + "19800506 RRULE:FREQ=YEARLY SUMMARY:🎂 Jane Roe (1980)"}},
		{[]string{"FN:Jane Roe", "BDAY:19800506", "ANNIVERSARY:20100601"},
			[]string{date + "20100601 RRULE:FREQ=YEARLY SUMMARY:💍 Jane Roe (2010)", date + "19800506 RRULE:FREQ=YEARLY SUMMARY:🎂 Jane Roe (1980)"}},
		{[]string{"FN:Jane Roe"}, nil},
		{[]string{"FN:Jane Roe", "BDAY:1980"}, nil},
		{[]string{"FN:Jane Roe", "BDAY:19810229"}, nil},
		{[]string{"FN:Jane Roe", "BDAY;VALUE=text:circa 1800"}, nil},
		{[]string{"FN:Customers", "KIND:group", "BDAY:19800506"}, nil},
	} {
		h := newHome(t)
		h.put("a.vcf", "a", c.lines...)
		var got []string
		for _, o := range h.events() {
			got = append(got, said(o))
			parsed, err := ics.Parse(o.Text, ics.DefaultLimits())
			if err != nil || len(parsed.Validate()) > 0 || parsed.UID() != o.UID {
				t.Errorf("%q: %v %v", c.lines, err, parsed.Validate())
			}
		}
		slices.Sort(got)
		slices.Sort(c.want)
		if !slices.Equal(got, c.want) {
			t.Errorf("%q:\ngot  %q\nwant %q", c.lines, got, c.want)
		}
	}
}

// TestLeapDays: every year has the day, and the index finds it.
func TestLeapDays(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.put("a.vcf", "a", "FN:Leap", "BDAY:20000229")
	o := h.events()[0]
	parsed, err := ics.Parse(o.Text, ics.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	r := ics.TimeRange{From: time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC), Until: time.Date(2029, 1, 1, 0, 0, 0, 0, time.UTC)}
	var got []string
	all, err := parsed.Occurrences(ics.Zones{}, r, 0)
	for _, oc := range all {
		got = append(got, oc.Start.String())
	}
	want := []string{"2023-02-28", "2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%q %v", got, err)
	}
	from, until := r.From.Unix(), r.Until.Unix()
	n := 0
	err = h.st.View(t.Context(), func(tx *store.Tx) error {
		return tx.EachObject(h.cal.ID, store.EachOptions{From: &from, Until: &until}, func(*store.Object) error { n++; return nil })
	})
	if err != nil || n != 1 {
		t.Errorf("the index finds %d, %v", n, err)
	}
}

func TestMain(m *testing.M) { testenv.Main(m) }

func TestFollowsTheBook(t *testing.T) {
	t.Parallel()
	followsTheBook(t, newHome(t))
}

func TestFollowsTheBookOnPostgres(t *testing.T) {
	t.Parallel()
	testenv.Need(t, "initdb", "postgres")
	followsTheBook(t, homeOn(t, testenv.Postgres(t)))
}

func followsTheBook(t *testing.T, h *home) {
	t.Helper()
	h.put("a.vcf", "a", "FN:Jane", "BDAY:19800506")
	h.put("b.vcf", "b", "FN:Joe", "BDAY:19900102")
	before := h.events()
	if len(before) != 2 {
		t.Fatalf("%d events", len(before))
	}
	at := h.seq()
	h.put("a.vcf", "a", "FN:Jane", "BDAY:19800506", "TEL:1") // nothing that the calendar shows
	if same := h.events(); same[0].ETag != before[0].ETag || same[1].ETag != before[1].ETag || h.seq() != at {
		t.Errorf("changed without reason: %v", same)
	}
	h.put("a.vcf", "a", "FN:Jane Smith", "BDAY:19800507")
	after := h.events()
	i := slices.IndexFunc(after, func(o store.Object) bool { return strings.Contains(string(o.Text), "Jane Smith (1980)") })
	if i < 0 || !slices.ContainsFunc(before, func(o store.Object) bool { return o.UID == after[i].UID && o.Name == after[i].Name }) {
		t.Errorf("an edit made another event: %v", after)
	}
	uid := after[i].UID
	// Renamed, then deleted and made again under the same name, then with another UID.
	h.update(func(tx *store.Tx) error {
		_, err := tx.MoveObject(store.Move{From: h.book.ID, Name: "a.vcf", To: h.book.ID, NewName: "c.vcf", By: "test"})
		return err
	})
	if got := h.events(); len(got) != 2 || !slices.ContainsFunc(got, func(o store.Object) bool { return o.UID == uid }) {
		t.Errorf("after a rename: %v", got)
	}
	h.remove("c.vcf")
	h.put("c.vcf", "a", "FN:Jane Again", "BDAY:19800507")
	if got := h.events(); len(got) != 2 || !slices.ContainsFunc(got, func(o store.Object) bool { return o.UID == uid && strings.Contains(string(o.Text), "Again") }) {
		t.Errorf("made again: %v", got)
	}
	h.put("c.vcf", "other", "FN:Jane Again", "BDAY:19800507")
	if got := h.events(); len(got) != 2 || slices.ContainsFunc(got, func(o store.Object) bool { return o.UID == uid }) {
		t.Errorf("with another UID: %v", got)
	}
	h.put("c.vcf", "other", "FN:Jane Again")
	h.remove("b.vcf")
	if got := h.events(); len(got) != 0 {
		t.Errorf("left: %v", got)
	}
}

// TestNothingIsWrittenWithoutChanges: who polls must not make writers wait.
func TestNothingIsWrittenWithoutChanges(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	for i := range 450 { // more than two batches
		h.put(fmt.Sprintf("%d.vcf", i), fmt.Sprint(i), "FN:x", "BDAY:19800506")
	}
	if n := len(h.events()); n != 450 {
		t.Fatalf("%d events", n)
	}
	at := h.seq()
	release := make(chan struct{})
	held := make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- h.st.Update(t.Context(), func(tx *store.Tx) error {
			close(held)
			<-release
			return nil
		})
	}()
	<-held
	// While somebody else holds the only writing transaction, reading goes on.
	if err := birthday.FreshenHome(t.Context(), h.st, h.user.ID); err != nil {
		t.Error(err)
	}
	close(release)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if h.seq() != at {
		t.Error("something was written")
	}
}

func TestSwitch(t *testing.T) {
	t.Parallel()
	switches(t, newHome(t))
}

func TestSwitchOnPostgres(t *testing.T) {
	t.Parallel()
	testenv.Need(t, "initdb", "postgres")
	switches(t, homeOn(t, testenv.Postgres(t)))
}

func switches(t *testing.T, h *home) {
	t.Helper()
	h.put("a.vcf", "a", "FN:Jane", "BDAY:19800506")
	uid := h.events()[0].UID
	if h.cal.Slug != "birthdays-people" || !h.cal.ReadOnly || h.cal.DisplayName != "Birthdays (People)" || !birthday.MayBe(h.cal.Slug) || h.cal.Components != "VEVENT" {
		t.Errorf("%+v", h.cal)
	}
	h.update(func(tx *store.Tx) error {
		again, err := birthday.Enable(tx, h.book)
		if again.ID != h.cal.ID {
			t.Error("a second calendar")
		}
		return err
	})
	h.update(func(tx *store.Tx) error { return birthday.Disable(tx, h.book.ID) })
	err := h.st.Update(t.Context(), func(tx *store.Tx) error { return birthday.Disable(tx, h.book.ID) })
	if !errors.Is(err, pim.ErrNotFound) {
		t.Errorf("off twice: %v", err)
	}
	if err := birthday.Freshen(t.Context(), h.st, h.cal.ID); err != nil {
		t.Errorf("of a calendar that is gone: %v", err)
	}
	h.update(func(tx *store.Tx) (err error) {
		h.cal, err = birthday.Enable(tx, h.book)
		return err
	})
	if got := h.events(); len(got) != 1 || got[0].UID != uid {
		t.Errorf("on again: %v, want %s", got, uid)
	}
	// A calendar of the user's that has the name already.
	h.update(func(tx *store.Tx) error {
		if _, err := tx.CreateCollection(store.Collection{UserID: h.user.ID, Home: store.Calendars, Slug: "birthdays-work"}); err != nil {
			return err
		}
		work, err := tx.CreateCollection(store.Collection{UserID: h.user.ID, Home: store.AddressBooks, Slug: "work"})
		if err != nil {
			return err
		}
		made, err := birthday.Enable(tx, work)
		if made.Slug != "birthdays-work-2" || made.DisplayName != "Birthdays (work)" {
			t.Errorf("%+v", made)
		}
		if _, err := birthday.Enable(tx, made); !errors.Is(err, pim.ErrInvalid) {
			t.Errorf("of a calendar: %v", err)
		}
		return err
	})
	h.update(func(tx *store.Tx) error {
		if err := birthday.DeleteCollection(tx, h.book); err != nil {
			return err
		}
		for _, c := range []store.Collection{h.book, h.cal} {
			if _, err := tx.Collection(c.ID); !errors.Is(err, pim.ErrNotFound) {
				t.Errorf("%s is still there: %v", c.Slug, err)
			}
		}
		other, err := tx.CollectionBySlug(h.user.ID, store.Calendars, "birthdays-work-2")
		if err != nil {
			return err
		}
		book, err := tx.CollectionBySlug(h.user.ID, store.AddressBooks, "work")
		if err != nil {
			return err
		}
		if err := birthday.DeleteCollection(tx, other); err != nil { // a calendar, and its book has none then
			return err
		}
		return birthday.DeleteCollection(tx, book)
	})
}

// Nobody else deletes collections in the store, so that no birthday calendar stays behind.
func TestWhoDeletesCollections(t *testing.T) {
	t.Parallel()
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		switch filepath.Base(filepath.Dir(path)) {
		case "store", "storetest", "birthday":
			return nil
		}
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), "tx.DeleteCollection(") {
			t.Errorf("%s deletes collections without birthday.DeleteCollection", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
