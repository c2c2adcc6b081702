package words

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"
)

// categories are what a language tells apart by number (CLDR), of whole numbers.
var categories = map[string][]string{
	"en": {"one", "other"}, "fi": {"one", "other"}, "sv": {"one", "other"}, "pt": {"many", "one", "other"}, "ru": {"few", "many", "one", "other"},
}

// catalogue has the texts of a language by key; a text with plurals has one for each category.
func catalogue(t *testing.T, code string) map[string]map[string]string {
	t.Helper()
	b, err := catalogues.ReadFile(code + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := yaml.Unmarshal(b, &tree); err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]string{}
	var walk func(prefix string, tree map[string]any)
	walk = func(prefix string, tree map[string]any) {
		if _, plural := tree["other"].(string); plural {
			out[prefix] = map[string]string{}
			for category, text := range tree {
				out[prefix][category], _ = text.(string)
			}
			return
		}
		for name, v := range tree {
			key := strings.TrimPrefix(prefix+"."+name, ".")
			switch v := v.(type) {
			case string:
				out[key] = map[string]string{"": v}
			case map[string]any:
				walk(key, v)
			default:
				t.Errorf("%s: %s is no text: %v", code, key, v)
			}
		}
	}
	walk("", tree)
	return out
}

var verb = regexp.MustCompile(`\{\{\s*\.(\w+)\s*\}\}`)

// verbs are the values that a text takes.
func verbs(text string) []string {
	var out []string
	for _, m := range verb.FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func TestEveryLanguageSaysTheSame(t *testing.T) {
	t.Parallel()
	english := catalogue(t, "en")
	for _, l := range Languages() {
		texts := catalogue(t, l.Code)
		for key := range texts {
			if english[key] == nil {
				t.Errorf("%s: %s is in no other language", l.Code, key)
			}
		}
		for key, said := range english {
			other, ok := texts[key]
			if !ok {
				t.Errorf("%s: %s is missing", l.Code, key)
				continue
			}
			want := []string{""}
			if _, plural := said["other"]; plural {
				want = categories[l.Code]
			}
			if got := slices.Sorted(maps.Keys(other)); !slices.Equal(got, want) {
				t.Errorf("%s: %s has %q, want %q", l.Code, key, got, want)
			}
			for category, text := range other {
				model := said[category]
				if model == "" {
					model = said["other"]
				}
				switch {
				case strings.TrimSpace(text) == "":
					t.Errorf("%s: %s says nothing", l.Code, key)
				case !slices.Equal(verbs(text), verbs(model)):
					t.Errorf("%s: %s takes %q, in English %q", l.Code, key, verbs(text), verbs(model))
				case strings.Count(text, "{{") != len(verb.FindAllString(text, -1)):
					t.Errorf("%s: %s has braces that are no value: %q", l.Code, key, text)
				}
			}
		}
	}
}

func TestLanguageOfSomebody(t *testing.T) {
	t.Parallel()
	b, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ choice, accept, want string }{
		{"", "", "en"},
		{"", "fi-FI,fi;q=0.9,en;q=0.8", "fi"},
		{"", "de,sv;q=0.5", "sv"},
		{"", "pt-PT", "pt"},
		{"", "de-DE", "en"},
		{"ru", "fi", "ru"},
		{"xx", "fi", "fi"},
		{"../en", "sv", "sv"},
		{"", strings.Repeat("a,", 1000), "en"},
		{"", "nn-NO, ru;q=0.1", "ru"},
	} {
		if got := b.For(c.choice, c.accept).Code(); got != c.want {
			t.Errorf("%q, %q: %s, want %s", c.choice, c.accept, got, c.want)
		}
	}
}

func TestNumbersAndTimes(t *testing.T) {
	t.Parallel()
	b, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, time.March, 9, 14, 5, 0, 0, time.UTC)
	for code, want := range map[string][]string{
		"en": {"1,234,567", "Mar 9, 2026", "in 1 second.", "in 2 seconds", "in 5 seconds", "in 21 seconds"},
		"fi": {"1\u00a0234\u00a0567", "9.3.2026", "1 sekunnin", "2 sekunnin", "5 sekunnin", "21 sekunnin"},
		"pt": {"1.234.567", "9 de mar. de 2026", "em 1 segundo.", "em 2 segundos", "em 5 segundos", "em 21 segundos"},
		"ru": {"1\u00a0234\u00a0567", "9 мар. 2026", "1 секунду", "2 секунды", "5 секунд", "21 секунду"},
		"sv": {"1\u00a0234\u00a0567", "9 mars 2026", "1 sekund", "2 sekunder", "5 sekunder", "21 sekunder"},
	} {
		p := b.For(code, "")
		if got := p.Number(1_234_567); got != want[0] {
			t.Errorf("%s: %q, want %q", code, got, want[0])
		}
		if got := p.Date(at); !strings.HasPrefix(got, want[1]) {
			t.Errorf("%s: %q, want %q", code, got, want[1])
		}
		for i, n := range []int{1, 2, 5, 21} {
			if got := p.Count("signin.wait", n); !strings.Contains(got, " "+want[2+i]) {
				t.Errorf("%s: %d: %q, want %q", code, n, got, want[2+i])
			}
		}
	}
}

func TestWordsThatNobodyKnows(t *testing.T) {
	t.Parallel()
	b, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	p := b.For("ru", "")
	if got := p.Word("devices.states", "revoked"); got != "отозван" {
		t.Errorf("revoked: %q", got)
	}
	if got := p.Word("devices.states", "on the moon"); got != "on the moon" {
		t.Errorf("a word of a newer version: %q", got)
	}
}
