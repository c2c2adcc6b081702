package admin

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"crmbridge/admin/words"
	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/review"
	"crmbridge/store"

	"gopkg.in/yaml.v3"
)

// Keys stand in templates as {{say "key"}}, {{count "key"}} and {{word "family"}}, and in the program as c.Say("key") and the like.
var keyed = regexp.MustCompile(`\b(say|count|word|Say|Count|Word)\(?\s*"(\w+(?:\.\w+)*)"`)

// A page that asks for a text that there is none of would show its key; a text that no page asks for is translated in vain.
func TestEveryTextIsUsedAndThere(t *testing.T) {
	t.Parallel()
	texts := map[string]bool{}
	b, err := os.ReadFile("words/en.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := yaml.Unmarshal(b, &tree); err != nil {
		t.Fatal(err)
	}
	flatten(texts, "", tree)
	used := map[string]bool{}
	look := func(text string) {
		for _, m := range keyed.FindAllStringSubmatch(text, -1) {
			if family := strings.EqualFold(m[1], "word"); family {
				for key := range texts {
					if strings.HasPrefix(key, m[2]+".") {
						used[key], used[m[2]] = true, true
					}
				}
				if !used[m[2]] {
					t.Errorf("there is no word in the family %q", m[2])
				}
				continue
			}
			used[m[2]] = true
			if !texts[m[2]] {
				t.Errorf("there is no text %q", m[2])
			}
		}
	}
	err = fs.WalkDir(os.DirFS("."), ".", func(name string, d fs.DirEntry, err error) error {
		if name == "words" {
			return fs.SkipDir
		}
		if err != nil || d.IsDir() || strings.HasSuffix(name, "_test.go") || !strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, ".html") {
			return err
		}
		text, err := os.ReadFile(name)
		look(string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for key := range texts {
		if !used[key] {
			t.Errorf("no page says %q", key)
		}
	}
}

func flatten(into map[string]bool, prefix string, tree map[string]any) {
	if _, plural := tree["other"].(string); plural {
		into[prefix] = true
		return
	}
	for name, v := range tree {
		key := strings.TrimPrefix(prefix+"."+name, ".")
		if sub, ok := v.(map[string]any); ok {
			flatten(into, key, sub)
		} else {
			into[key] = true
		}
	}
}

// Words of the program that pages show have a text, whoever adds one.
func TestWordsOfTheProgramHaveTexts(t *testing.T) {
	t.Parallel()
	book, err := words.Open()
	if err != nil {
		t.Fatal(err)
	}
	families := map[string][]string{"runs.outcomes": outcomes(), "items.states": strings.Split(review.ItemStates(), ", "), "holds.states": strings.Split(review.HoldStates(), ", "),
		"audit.acts": manage.Acts()}
	for _, k := range []pim.Kind{pim.KindEvent, pim.KindTask, pim.KindContact, pim.KindMessage} {
		families["kinds"] = append(families["kinds"], k.String())
		for _, f := range pim.Fields(k) {
			families["fields"] = append(families["fields"], string(f.ID))
		}
	}
	for _, s := range store.DuplicateStates() {
		families["duplicates.states"] = append(families["duplicates.states"], string(s))
	}
	p := book.For("ru", "")
	for family, all := range families {
		for _, w := range all {
			if p.Word(family, w) == w {
				t.Errorf("%s has no text for %q", family, w)
			}
		}
	}
}

// What rules do, and why something failed, is told in the language of the page, whole: also what stands within it.
func TestRulesAndReasonsAreTranslated(t *testing.T) {
	t.Parallel()
	book, err := words.Open()
	if err != nil {
		t.Fatal(err)
	}
	told := append(rule.Rules{Mail: rule.MailAllow, DefaultType: "Call", ActivityContacts: true}.Describe("the CRM"),
		"Creatio refused the change: the server did not answer in time", "It could not be synced, 3 times so far: the mailbox is full.")
	for _, code := range []string{"fi", "pt", "sv"} {
		p := book.For(code, "")
		for _, line := range told {
			if here := p.Reason(line); here == line || strings.Contains(here, "the CRM") || strings.Contains(here, "days") || strings.Contains(here, "the server") || strings.Contains(here, "the mailbox") {
				t.Errorf("%s: %q is %q", code, line, here)
			}
		}
	}
}
