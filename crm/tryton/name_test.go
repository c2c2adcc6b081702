package tryton

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestSplitName(t *testing.T) {
	t.Parallel()
	for full, want := range map[string]nameParts{
		"":                                {},
		"Karin":                           {given: "Karin"},
		"Karin Håkansson":                 {given: "Karin", family: "Håkansson"},
		"  Karin   Anna Håkansson ":       {given: "Karin", middle: "Anna", family: "Håkansson"},
		"Dr. Karin Håkansson":             {prefix: "Dr.", given: "Karin", family: "Håkansson"},
		"Prof. Dr. med. Karin Håkansson":  {prefix: "Prof. Dr. med.", given: "Karin", family: "Håkansson"},
		"Karin Håkansson PhD":             {given: "Karin", family: "Håkansson", suffix: "PhD"},
		"Karin Håkansson, Ph.D., M.Sc.":   {given: "Karin", family: "Håkansson", suffix: "Ph.D., M.Sc."},
		"Karin Håkansson, of the North":   {given: "Karin", family: "Håkansson", suffix: "of the North"},
		"Håkansson, Karin Anna":           {given: "Karin", middle: "Anna", family: "Håkansson"},
		"Karin, PhD":                      {given: "Karin", suffix: "PhD"},
		"John Smith Jr.":                  {given: "John", family: "Smith", suffix: "Jr."},
		"Martin King III":                 {given: "Martin", family: "King", suffix: "III"},
		"Jack Ma":                         {given: "Jack", family: "Ma"},
		"Yo Yo Ma":                        {given: "Yo", middle: "Yo", family: "Ma"},
		"Ludwig van Beethoven":            {given: "Ludwig", family: "van Beethoven"},
		"Anna Maria von der Leine":        {given: "Anna", middle: "Maria", family: "von der Leine"},
		"Van Morrison":                    {given: "Van", family: "Morrison"},
		"Al Example":                      {given: "Al", family: "Example"},
		"Dr.":                             {given: "Dr."},
		"山田太郎":                            {given: "太郎", family: "山田"},
		"Example Works GmbH":              {},
		"Example AS":                      {},
		"ООО Пример":                      {},
		"Anna, ":                          {given: "Anna"},
		"Herr Max Mustermann":             {prefix: "Herr", given: "Max", family: "Mustermann"},
		"Sra. Ana de la Cruz":             {prefix: "Sra.", given: "Ana", family: "de la Cruz"},
		"Example Trading Company Limited": {},
	} {
		if got := splitName(full); got != want {
			t.Errorf("%q: %+v, want %+v", full, got, want)
		}
	}
}

func TestIsOrganisation(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"Example GmbH": true, "Example gmbh": true, "Beispiel & Co. KG": true, "Example Inc.": true, "Example inc": true, "Exempel AB": true,
		"Eksempel ApS": true, "Example S.p.A.": true, "Esempio s.r.o.": true, "Example Sp. z o.o.": true,
		"GmbH": false, "Ann Example": false, "Ann Sa": false, "Ann Da": false, "": false, "АО Пример": true,
	} {
		if got := isOrganisation(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}

// Names made of parts as people have them come apart again.
func TestJoinThenSplit(t *testing.T) {
	t.Parallel()
	word := rapid.StringMatching(`[A-ZÅÄÖ][a-zåäöé]{2,9}`).Filter(func(w string) bool { return !isTitle(w) && !isSuffix(w) && !isOrganisation("x "+w) })
	rapid.Check(t, func(t *rapid.T) {
		n := nameParts{
			prefix: rapid.SampledFrom([]string{"", "Dr.", "Prof. Dr."}).Draw(t, "prefix"),
			given:  word.Draw(t, "given"),
			middle: strings.Join(rapid.SliceOfN(word, 0, 2).Draw(t, "middle"), " "),
			family: rapid.SampledFrom([]string{"", "van ", "von der "}).Draw(t, "particle") + word.Draw(t, "family"),
			suffix: rapid.SampledFrom([]string{"", "PhD", "Jr.", "of the North", "PhD, MSc"}).Draw(t, "suffix"),
		}
		if got := splitName(joinName(n)); got != n {
			t.Errorf("%q: %+v, want %+v", joinName(n), got, n)
		}
	})
}

func FuzzSplitName(f *testing.F) {
	for _, s := range []string{"", ",", "a,", ",b", "Dr. , Jr.", "van van", "山", "\x00", "  , ,"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n := splitName(s)
		for _, p := range []string{n.prefix, n.given, n.middle, n.family, n.suffix} {
			if p != strings.TrimSpace(p) {
				t.Errorf("%q: part %q", s, p)
			}
		}
		if len(n.prefix+n.given+n.middle+n.family+n.suffix) > len(s) {
			t.Errorf("%q: more came out than went in: %+v", s, n)
		}
	})
}
