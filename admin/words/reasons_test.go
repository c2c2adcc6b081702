package words

import (
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// What the program tells is there in every language, with the values of the English text, and nothing is translated that it does not tell.
func TestEveryReasonIsTranslated(t *testing.T) {
	t.Parallel()
	english := sources(t)
	if len(english) < 1000 {
		t.Fatalf("only %d texts were found", len(english))
	}
	for _, l := range Languages()[1:] {
		if l.Code == untold {
			t.Logf("%s has no catalogue of reasons yet", l.Name)
			continue
		}
		text, err := told.ReadFile("reasons/" + l.Code + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		var catalogue map[string]string
		if err := yaml.Unmarshal(text, &catalogue); err != nil {
			t.Fatal(err)
		}
		missing := 0
		for _, said := range english {
			here, ok := catalogue[said]
			switch {
			case !ok:
				if missing++; missing <= 20 {
					t.Errorf("%s: missing: %q", l.Code, said)
				}
			case strings.TrimSpace(here) == "":
				t.Errorf("%s: %q says nothing", l.Code, said)
			}
		}
		if missing > 20 {
			t.Errorf("%s: %d more are missing", l.Code, missing-20)
		}
		for said := range catalogue {
			if _, found := slices.BinarySearch(english, said); !found {
				t.Errorf("%s: nobody says %q any more", l.Code, said)
			}
		}
		if _, err := openReasons(l.Code); err != nil { // values that differ
			t.Error(err)
		}
	}
}

func TestReason(t *testing.T) {
	t.Parallel()
	r := &reasons{whole: map[string]string{"the remote is gone": "там ничего нет", "No type": "Без типа"}}
	for english, here := range map[string]string{
		"there is no %s %q":                  "нет %[2]q (%[1]s)",
		"it could not be read: %s":           "не прочитано: %s",
		"%d of %d items would be deleted":    "было бы удалено %d из %d",
		"%s bytes":                           "%s байт",
		"more than %d %% of all, %.1f times": "больше %d %% всего, %.1f раза",
		"refused%s":                          "отказ%s",
		"; it has: %s":                       "; есть: %s",
	} {
		f, err := newForm(english, here)
		if err != nil {
			t.Fatal(err)
		}
		r.forms = append(r.forms, f)
	}
	slices.SortFunc(r.forms, func(a, b form) int { return b.letters - a.letters })
	for english, want := range map[string]string{
		"the remote is gone":                               "там ничего нет",
		"The remote is gone.":                              "Там ничего нет.",
		"no type":                                          "без типа",
		"3 of 40 items would be deleted":                   "было бы удалено 3 из 40",
		`there is no type "a \"b\""`:                       `нет "a \"b\"" (type)`,
		"it could not be read: the remote is gone":         "не прочитано: там ничего нет",
		"it could not be read: what the CRM says":          "не прочитано: what the CRM says",
		"the remote is gone; it could not be read: no":     "там ничего нет; не прочитано: no",
		"more than 20 % of all, 1.5 times":                 "больше 20 % всего, 1.5 раза",
		"refused; it has: a, b":                            "отказ; есть: a, b",
		"it could not be read: many bytes":                 "не прочитано: many bytes", // anybody's words
		"nobody says this":                                 "nobody says this",
		"it could not be read: %s":                         "не прочитано: %s",
		"it could not be read: " + strings.Repeat(": ", 9): "не прочитано: " + strings.Repeat(": ", 9),
	} {
		if got, _ := r.tell(english, 0); got != want {
			t.Errorf("%q is %q, want %q", english, got, want)
		}
	}
	for english, here := range map[string]string{"%s and %d": "%d и %s", "only %s": "только", "once %s": "%s и %[1]s"} {
		if _, err := newForm(english, here); err == nil {
			t.Errorf("%q for %q was taken", here, english)
		}
	}
}

// Whatever a CRM says is answered quickly, and as it is.
func FuzzReason(f *testing.F) {
	for _, seed := range []string{"", ".", "a: b: c; d", "it has %s", strings.Repeat("a, ", 100), strings.Repeat(": ", 1000)} {
		f.Add(seed)
	}
	r, err := openReasons("fi")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if here, known := r.tell(text, 0); !known && here != text {
			t.Errorf("%q became %q", text, here)
		}
	})
}
