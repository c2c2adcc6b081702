package words

import (
	"embed"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

//go:embed reasons/*.yaml
var told embed.FS

// reasons turn what the program tells in English into another language: why something was not done, what rules do, what options are for. Such texts come
// from everywhere and many are stored, so that they are known by their form: a catalogue has the formats that they were made by, and what those are in the language.
//
// A text of which there is no format, such as what a CRM says itself, stays as it is; and so do all in a language that has no catalogue yet (untold).
type reasons struct {
	whole map[string]string // texts without values
	forms []form            // the others, those with the most letters first
}

// form is a text with values.
type form struct {
	before, after string // what it begins and ends with
	match         *regexp.Regexp
	parts         []part
	letters       int
}

// part is a text, or the value with that number.
type part struct {
	text  string
	value int // from 1; 0: a text
	plain bool
}

// verbs of package fmt that texts have, and what they print.
var (
	aVerb  = regexp.MustCompile(`%(?:\[(\d+)\])?(%|[sdqv]|\.1f)`)
	values = map[string]string{"s": `(.*?)`, "v": `(.*?)`, "d": `(-?\d+)`, "q": `("(?:[^"\\]|\\.)*")`, ".1f": `(-?\d+\.\d)`}
)

// untold are the languages that have no catalogue of reasons yet.
const untold = "ru"

// openReasons reads the catalogue of a language. English needs none.
func openReasons(code string) (*reasons, error) {
	text, err := told.ReadFile("reasons/" + code + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("words: %w", err)
	}
	var catalogue map[string]string
	if err := yaml.Unmarshal(text, &catalogue); err != nil {
		return nil, fmt.Errorf("words: reasons/%s.yaml: %w", code, err)
	}
	r := &reasons{whole: map[string]string{}}
	for english, here := range catalogue {
		if !aVerb.MatchString(english) {
			r.whole[english] = here
			continue
		}
		f, err := newForm(english, here)
		if err != nil {
			return nil, fmt.Errorf("words: reasons/%s.yaml: %q: %w", code, english, err)
		}
		r.forms = append(r.forms, f)
	}
	slices.SortFunc(r.forms, func(a, b form) int {
		if a.letters != b.letters {
			return b.letters - a.letters
		}
		return strings.Compare(a.match.String(), b.match.String())
	})
	return r, nil
}

func newForm(english, here string) (f form, err error) {
	var pattern strings.Builder
	pattern.WriteString(`(?s)^`)
	kinds, at := []string{}, 0
	for _, m := range aVerb.FindAllStringSubmatchIndex(english, -1) {
		literal, verb := english[at:m[0]], english[m[4]:m[5]]
		if at = m[1]; verb == "%" {
			literal, verb = literal+"%", ""
		}
		pattern.WriteString(regexp.QuoteMeta(literal))
		f.letters += utf8.RuneCountInString(literal)
		if verb == "" {
			continue
		}
		pattern.WriteString(values[verb])
		kinds = append(kinds, verb)
	}
	f.letters += utf8.RuneCountInString(english[at:])
	pattern.WriteString(regexp.QuoteMeta(english[at:]) + `$`)
	if f.match, err = regexp.Compile(pattern.String()); err != nil {
		return f, err
	}
	first, last := aVerb.FindStringIndex(english), aVerb.FindAllStringIndex(english, -1)
	f.before, f.after = english[:first[0]], english[last[len(last)-1][1]:]
	if strings.Contains(english, "%%") {
		f.before, f.after = "", "" // what stands there is not what is printed
	}
	f.parts, err = parts(here, kinds)
	return f, err
}

// parts reads a translation, which has the values of the English text, each once.
func parts(here string, kinds []string) (out []part, err error) {
	at, next, used := 0, 1, make([]bool, len(kinds)+1)
	for _, m := range aVerb.FindAllStringSubmatchIndex(here, -1) {
		out = append(out, part{text: here[at:m[0]]})
		at = m[1]
		verb := here[m[4]:m[5]]
		if verb == "%" {
			out = append(out, part{text: "%"})
			continue
		}
		n := next
		if m[2] >= 0 {
			if n, err = strconv.Atoi(here[m[2]:m[3]]); err != nil {
				return nil, err
			}
		}
		if n < 1 || n > len(kinds) || used[n] || kinds[n-1] != verb {
			return nil, fmt.Errorf("%q does not have the values of the English text", here)
		}
		used[n], next = true, n+1
		out = append(out, part{value: n, plain: verb != "s" && verb != "v"})
	}
	out = append(out, part{text: here[at:]})
	for n := range kinds {
		if !used[n+1] {
			return nil, fmt.Errorf("%q leaves out value %d", here, n+1)
		}
	}
	return out, nil
}

// tell is a text in the language; deep is how far inside of another it stands.
func (r *reasons) tell(text string, deep int) (string, bool) {
	if here, ok := r.form(text, deep); ok {
		return here, true
	}
	if here, ok := r.otherwiseWritten(text, deep); ok {
		return here, true
	}
	if deep >= deepest {
		return text, false
	}
	for _, begin := range []string{": ", "; ", ", "} { // what is put behind another text
		if rest, ok := strings.CutPrefix(text, begin); ok {
			here, known := r.tell(rest, deep+1)
			return begin + here, known
		}
	}
	// Texts that were put together.
	for _, between := range []string{"\n", "; ", ": ", ", "} {
		a, b, found := strings.Cut(text, between)
		if !found || a == "" || b == "" {
			continue
		}
		left, known := r.tell(a, deep+1)
		right, too := r.tell(b, deep+1)
		return left + between + right, known || too // at one kind of place only: more would take long with many
	}
	return text, false
}

// otherwiseWritten is a text that begins a sentence here and stands within one in the catalogue, or the other way round.
func (r *reasons) otherwiseWritten(text string, deep int) (string, bool) {
	body, stop := strings.CutSuffix(text, ".")
	for _, c := range []struct{ text, end string }{{turned(text), ""}, {body, "."}, {turned(body), "."}} {
		if c.text == text || c.text == "" || c.end != "" && !stop {
			continue
		}
		here, ok := r.form(c.text, deep)
		if !ok {
			continue
		}
		if c.text != text[:len(c.text)] {
			here = turned(here)
		}
		return here + c.end, true
	}
	return text, false
}

// turned is a text whose first letter is a capital where it was none, and the other way round.
func turned(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	if unicode.IsUpper(first) {
		return string(unicode.ToLower(first)) + text[size:]
	}
	return string(unicode.ToUpper(first)) + text[size:]
}

// deepest bounds how many times a text is taken apart.
const deepest = 12

// enough is how many letters of its own a form has to have for a value of another text to be taken for it, unless what stands in it is known: less
// may be anybody's words.
const enough = 10

func (r *reasons) form(text string, deep int) (string, bool) {
	if here, ok := r.whole[text]; ok {
		return here, true
	}
	for _, f := range r.forms {
		if !strings.HasPrefix(text, f.before) || !strings.HasSuffix(text, f.after) {
			continue
		}
		m := f.match.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		var b strings.Builder
		all := true // values of the text are known themselves
		for _, p := range f.parts {
			switch {
			case p.value == 0:
				b.WriteString(p.text)
			case p.plain || deep >= deepest:
				b.WriteString(m[p.value])
			default:
				value, known := r.tell(m[p.value], deep+1)
				all = all && known
				b.WriteString(value)
			}
		}
		if deep > 0 && f.letters < enough && !all {
			continue
		}
		return b.String(), true
	}
	return text, false
}

// Reason is what the program tells in English, in the language of p. What there is no translation of stays as it is: a CRM's own words, and what people wrote.
func (p *Printer) Reason(text any) string {
	english := fmt.Sprint(text)
	if p.reasons == nil || english == "" {
		return english
	}
	here, _ := p.reasons().tell(english, 0)
	return here
}

// lazily reads the reasons of a language once somebody needs them.
func lazily(code string) func() *reasons {
	if code == untold {
		return nil
	}
	return sync.OnceValue(func() *reasons {
		r, err := openReasons(code)
		if err != nil {
			return &reasons{} // a test reads them all
		}
		return r
	})
}
