package dav_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"crmbridge/store"
)

// The same is found with the index of words as without it, also of what was written, moved and deleted since.
func TestSearchByWords(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	extra := []string{
		"TITLE:Große\\, graue Katze", "item1.TEL:+47 22 33 44 55\r\nitem1.X-ABLABEL:Cabin", "NOTE;ENCODING=QUOTED-PRINTABLE:J=C3=BCrgen", "ORG:100%_Sure;O'Neil",
		"NOTE:folded in the mid\r\n dle of a word", "NICKNAME:İstanbul", "NICKNAME:ΣΊΣΥΦΟΣ", "ROLE:a \"quoted\" st*r",
	}
	for i, l := range extra {
		s.put(fmt.Sprintf("%s%d.vcf", annBook, i), card(fmt.Sprintf("uid-%d", i), fmt.Sprintf("Person %d", i), l))
	}
	search := func(how, name, text string) []string {
		t.Helper()
		m := s.call("REPORT", annBook, askMore("CR:addressbook-query", `<CR:filter><CR:prop-filter name="`+name+`"><CR:text-match collation="i;unicode-casemap" match-type="`+
			how+`">`+text+`</CR:text-match></CR:prop-filter></CR:filter>`, "D:getetag"), "Depth: 1").multi()
		return m.order
	}
	check := func(when string) {
		t.Helper()
		for _, c := range []struct{ how, name, text, want string }{
			{"contains", "FN", "PERSON", "01234567"}, {"contains", "FN", "rson 3", "3"}, {"starts-with", "TITLE", "GROSSE, GRAUE", "0"}, {"ends-with", "TITLE", "katze", "0"},
			{"contains", "TEL", "22 33", "1"}, {"contains", "item1.TEL", "22 33", "1"}, {"contains", "item2.TEL", "22 33", ""}, {"contains", "NOTE", "jürgen", "2"},
			{"contains", "ORG", "0%_s", "3"}, {"contains", "ORG", "0__s", ""}, {"contains", "ORG", "O'NEIL", "3"}, {"contains", "NOTE", "MIDDLE", "4"},
			{"equals", "NICKNAME", "i̇stanbul", "5"}, {"equals", "NICKNAME", "σίσυφος", "6"}, {"contains", "ROLE", "&quot;QUOTED&quot; st*", "7"}, {"contains", "ROLE", "st.r", ""},
			{"equals", "UID", "uid-4", "4"}, {"contains", "FN", "nobody", ""}, {"contains", "FN", "Pe", "01234567"},
		} {
			var want []string
			for _, n := range strings.Split(c.want, "") {
				want = append(want, annBook+n+".vcf")
			}
			if got := search(c.how, c.name, c.text); !slices.Equal(got, want) {
				t.Errorf("%s: %s %s %q finds %v, want %v", when, c.name, c.how, c.text, got, want)
			}
		}
	}
	check("without an index")
	s.h.Indexed()
	check("with an index")

	s.call("DELETE", annBook+"7.vcf", "").want(204)
	s.put(annBook+"6.vcf", card("uid-6", "Renamed Somebody"))
	s.call("MOVE", annBook+"5.vcf", "", "Destination: "+annBook+"new.vcf").want(201)
	s.put(annBook+"8.vcf", card("uid-8", "Person 8"))
	for _, c := range []struct{ name, text, want string }{
		{"ROLE", "quoted", ""}, {"FN", "renamed", "6.vcf"}, {"FN", "person 6", ""}, {"NICKNAME", "stanbul", "new.vcf"}, {"FN", "person 8", "8.vcf"},
	} {
		var want []string
		if c.want != "" {
			want = []string{annBook + c.want}
		}
		if got := search("contains", c.name, c.text); !slices.Equal(got, want) {
			t.Errorf("%s %q finds %v, want %v", c.name, c.text, got, want)
		}
	}
}

// An index that is far behind is brought up to date by the search that finds it so.
func TestSearchAsksForTheIndex(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	put := func(from, to int) {
		for i := from; i < to; i++ {
			s.put(fmt.Sprintf("%s%d.vcf", annBook, i), card(fmt.Sprint("uid-", i), fmt.Sprintf("Person %03d", i)))
		}
	}
	finds := func(n int) {
		t.Helper()
		m := s.call("REPORT", annBook, askMore("CR:addressbook-query", `<CR:filter><CR:prop-filter name="FN"><CR:text-match>`+fmt.Sprintf("son %03d", n)+
			`</CR:text-match></CR:prop-filter></CR:filter>`, "D:getetag"), "Depth: 1").multi()
		if want := []string{fmt.Sprintf("%s%d.vcf", annBook, n)}; !slices.Equal(m.order, want) {
			t.Errorf("%v, want %v", m.order, want)
		}
	}
	put(0, 3)
	finds(2)
	s.h.Indexed()
	put(3, 70)
	finds(69) // 67 changes behind
	s.h.Indexed()
	err := s.store.View(t.Context(), func(tx *store.Tx) error {
		behind, err := tx.WordsBehind()
		if len(behind) > 0 {
			t.Errorf("still behind: %v", behind)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	finds(69)
}
