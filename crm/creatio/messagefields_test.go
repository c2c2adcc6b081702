package creatio

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"crmbridge/pim"
)

func TestPeopleAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]pim.Person{
		"":                                 nil,
		" ; ":                              nil,
		"ann@example.org":                  {{Email: "ann@example.org"}},
		"Ann <ann@example.org>":            {{Name: "Ann", Email: "ann@example.org"}},
		"ann@example.org, bob@example.org": {{Email: "ann@example.org"}, {Email: "bob@example.org"}},
		"Doe, John <john@example.org>, bob@example.org;": {{Name: "Doe, John", Email: "john@example.org"}, {Email: "bob@example.org"}},
		`"Doe; \"J\"" <john@example.org>; Sales`:         {{Name: `Doe; "J"`, Email: "john@example.org"}, {Name: "Sales"}},
		"<ann@example.org":                               {{Email: "ann@example.org"}},
	} {
		got := readPeople(text)
		if len(got) != len(want) {
			t.Errorf("%q: %+v", text, got)
			continue
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%q: %+v, want %+v", text, got[i], want[i])
			}
		}
	}
}

func TestPeopleSurviveTheColumn(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var all []pim.Person
		for range rapid.IntRange(0, 5).Draw(t, "how many") {
			name := strings.Join(strings.Fields(rapid.StringMatching(`[a-zØ;,<>"\\@ 0-9]{0,12}`).Draw(t, "name")), " ")
			p := pim.Person{Name: name, Email: rapid.StringMatching(`([a-z]{1,5}@example\.org)?`).Draw(t, "mail")}
			if p != (pim.Person{}) {
				all = append(all, p)
			}
		}
		got := readPeople(writePeople(all))
		if len(got) != len(all) {
			t.Fatalf("%+v became %+v", all, got)
		}
		for i := range all {
			if got[i] != all[i] && !(all[i].Email == "" && strings.Contains(all[i].Name, "@")) { // a name that is an address is one
				t.Fatalf("%+v became %+v", all[i], got[i])
			}
		}
	})
}

func TestNamesOfFiles(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "file", "a.pdf": "a.pdf", `C:\x\a.pdf`: "a.pdf", "../../etc/passwd": "passwd", "x/": "file",
		strings.Repeat("n", 300) + ".pdf": strings.Repeat("n", nameLimit-len(unfinished)-4) + ".pdf",
	} {
		if got := fileName(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
