package vcf_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"crmbridge/pim/line"
	"crmbridge/pim/vcf"
)

// wordPieces are parts of values and of what is looked for: all that is written in more than one way, or that an index could
// take for something of its own.
var wordPieces = []string{
	"ann", "ANN", "Example", "jürgen", "JÜRGEN", "Stra\u00dfe", "STRASSE", "\u0130stanbul", "I\u0307stanbul", "istanbul", "\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2", "\u03c3\u03b9\u03c3\u03c5\u03c6\u03bf\u03c3",
	"e\u0301\u0323a", "e\u0323\u0301a", "a\u0308\u0323bc", "ﬁle", "file", "Å", "K", "한국어", "日本語", "100%", "a_b", `"quoted"`, "st*r", "NEAR", "a OR b", "(x)", "O'Neil", `\\back`, "a\\,b", "a\\;b", "two\\nlines",
	" ", ";", ",", "@example.org", "+47 22 33 44", "ab", "é", "\u0301", "\ufffd", "👩‍👧", "-", "^", "x\x01y",
}

func drawWordValue(t *rapid.T) string {
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(wordPieces), 1, 3).Draw(t, "pieces"), "")
}

// drawWordText is a card whose values are written in all the ways there are.
func drawWordText(t *rapid.T) []byte {
	var b strings.Builder
	b.WriteString("BEGIN:VCARD\r\nVERSION:3.0\r\n")
	for range rapid.IntRange(0, 5).Draw(t, "lines") {
		name := rapid.SampledFrom([]string{"FN", "fn", "N", "NICKNAME", "EMAIL", "item1.TEL", "ITEM1.email", "ORG", "TITLE", "NOTE", "X-OTHER", "ADR", "UID"}).Draw(t, "name")
		value := drawWordValue(t)
		switch rapid.IntRange(0, 5).Draw(t, "form") {
		case 0:
			name += ";ENCODING=QUOTED-PRINTABLE"
			var q strings.Builder
			for i := range len(value) {
				q.WriteString("=" + strings.ToUpper(hex(value[i])))
			}
			value = q.String()
		case 1:
			name, value = name+";CHARSET=iso-8859-1", "J\xfcrgen \xdf"
		case 2:
			value += "\xc3\xc3\xa9\xff" // no UTF-8
		case 3:
			name += ";TYPE=work,\"a:b\""
		}
		l := name + ":" + value
		if at := rapid.IntRange(0, 2*len(l)).Draw(t, "fold"); at > 0 && at < len(l) {
			l = l[:at] + "\r\n " + l[at:]
		}
		b.WriteString(l + "\r\n")
	}
	b.WriteString("END:VCARD\r\n")
	return []byte(b.String())
}

func hex(c byte) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[c>>4], digits[c&15]})
}

// drawPart is a part of one of several texts, in some case.
func drawPart(t *rapid.T, from []string) string {
	runes := []rune(strings.ToValidUTF8(rapid.SampledFrom(from).Draw(t, "of"), "\ufffd"))
	at := rapid.IntRange(0, max(0, len(runes)-3)).Draw(t, "from")
	part := string(runes[at:min(len(runes), at+rapid.IntRange(2, 12).Draw(t, "length"))])
	if rapid.IntRange(0, 3).Draw(t, "upper") == 0 {
		part = strings.ToUpper(part)
	}
	return part
}

// drawWordFilter asks mostly for what stands in a line of the card.
func drawWordFilter(t *rapid.T, text []byte) vcf.Filter {
	lim := vcf.DefaultLimits()
	all, _ := vcf.Words(text, lim)
	values := append(strings.Split(all, "\n"), drawWordValue(t))
	names := []string{"FN", "n", "EMAIL", "TEL", "item1.TEL", "X-OTHER", "UID"}
	of := map[string][]string{}
	for scan := line.NewScan(text); ; {
		name, ok := scan.Next()
		if !ok {
			break
		}
		if l, err := scan.Line(lim); err == nil && name != "" {
			names = append(names, name, name, name)
			of[name] = append(of[name], line.Unescape(l.Value))
		}
	}
	prop := rapid.Custom(func(t *rapid.T) vcf.PropFilter {
		p := vcf.PropFilter{
			Name:       rapid.SampledFrom(names).Draw(t, "name"),
			AllOf:      rapid.Bool().Draw(t, "all of"),
			NotDefined: rapid.IntRange(0, 9).Draw(t, "not defined") == 0,
		}
		for range rapid.SampledFrom([]int{0, 1, 1, 1, 2}).Draw(t, "texts") {
			from := values
			if own := of[p.Name]; len(own) > 0 && rapid.IntRange(0, 3).Draw(t, "its own") > 0 {
				from = own
			}
			p.Texts = append(p.Texts, line.TextMatch{
				Text:      drawPart(t, from),
				Collation: rapid.SampledFrom([]string{"", "i;octet", "i;unicode-casemap", "i;unicode-casemap", "i;ascii-casemap"}).Draw(t, "collation"),
				Type:      rapid.SampledFrom([]string{"", "", "contains", "equals", "starts-with", "ends-with"}).Draw(t, "type"),
				Negate:    rapid.IntRange(0, 9).Draw(t, "negate") == 0,
			})
		}
		if rapid.IntRange(0, 30).Draw(t, "unknown") == 0 {
			p.Texts = append(p.Texts, line.TextMatch{Text: "ann", Collation: "i;klingon"})
		}
		if rapid.IntRange(0, 9).Draw(t, "param") == 0 {
			p.Params = []line.ParamFilter{{Name: "TYPE"}}
		}
		return p
	})
	return vcf.Filter{AllOf: rapid.Bool().Draw(t, "all of"), Props: rapid.SliceOfN(prop, 1, 3).Draw(t, "props")}
}

// An index of words leaves out no card that the filter matches, nor one about which the filter would be an error.
func TestWordsHideNothing(t *testing.T) {
	t.Parallel()
	asked, found := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		lim := vcf.DefaultLimits()
		var text []byte
		if rapid.Bool().Draw(t, "odd") {
			text = drawSieveText(t)
		} else {
			text = drawWordText(t)
		}
		for range 8 {
			f := drawWordFilter(t, text)
			wanted := f.Wanted()
			if wanted == nil {
				continue
			}
			asked++
			words, whole := vcf.Words(text, lim)
			words = strings.ToValidUTF8(words, "\ufffd")
			may := true
			for _, list := range wanted {
				for _, w := range list {
					if utf8.RuneCountInString(w) < vcf.MinWord || !utf8.ValidString(w) || strings.ContainsRune(w, 0) {
						t.Fatalf("%q cannot be asked for", w)
					}
				}
				may = may && slices.ContainsFunc(list, func(w string) bool { return strings.Contains(words, w) })
			}
			may = may || !whole
			c, err := vcf.Parse(text, lim)
			if err != nil {
				continue
			}
			if ok, err := c.Matches(f); ok || err != nil {
				found++
				if !may {
					t.Fatalf("%v, %v, but %q is not in %q of\n%q\n%+v", ok, err, wanted, words, text, f)
				}
			}
		}
	})
	if asked < 30 || found == 0 {
		t.Errorf("%d filters had something to ask for, and %d matched", asked, found)
	}
}

func TestWanted(t *testing.T) {
	t.Parallel()
	match := func(texts ...string) (out []line.TextMatch) {
		for _, s := range texts {
			out = append(out, line.TextMatch{Text: s, Collation: "i;unicode-casemap"})
		}
		return out
	}
	no := line.TextMatch{Text: "nobody", Negate: true}
	for name, c := range map[string]struct {
		f    vcf.Filter
		want [][]string
	}{
		"one":             {vcf.Filter{Props: []vcf.PropFilter{{Name: "FN", Texts: match("Ann")}}}, [][]string{{"ann"}}},
		"short":           {vcf.Filter{Props: []vcf.PropFilter{{Name: "FN", Texts: match("An")}}}, nil},
		"negated":         {vcf.Filter{Props: []vcf.PropFilter{{Name: "FN", Texts: []line.TextMatch{no}}}}, nil},
		"not defined":     {vcf.Filter{Props: []vcf.PropFilter{{Name: "FN", NotDefined: true, Texts: match("ann")}}}, nil},
		"no text":         {vcf.Filter{Props: []vcf.PropFilter{{Name: "FN"}}}, nil},
		"other property":  {vcf.Filter{Props: []vcf.PropFilter{{Name: "X-A", Texts: match("ann")}}}, nil},
		"any, one other":  {vcf.Filter{Props: []vcf.PropFilter{{Name: "FN", Texts: match("ann")}, {Name: "X-A", Texts: match("ann")}}}, nil},
		"all, one other":  {vcf.Filter{AllOf: true, Props: []vcf.PropFilter{{Name: "FN", Texts: match("ann")}, {Name: "X-A", Texts: match("bob")}}}, [][]string{{"ann"}}},
		"any":             {vcf.Filter{Props: []vcf.PropFilter{{Name: "FN", Texts: match("ann")}, {Name: "EMAIL", Texts: match("ANN", "bob")}}}, [][]string{{"ann", "bob"}}},
		"all":             {vcf.Filter{AllOf: true, Props: []vcf.PropFilter{{Name: "FN", Texts: match("ann")}, {Name: "EMAIL", Texts: match("bob")}}}, [][]string{{"ann"}, {"bob"}}},
		"all in any":      {vcf.Filter{Props: []vcf.PropFilter{{Name: "FN", AllOf: true, Texts: append(match("ann", "example"), no)}, {Name: "N", Texts: match("dora")}}}, [][]string{{"example", "dora"}}},
		"any with params": {vcf.Filter{Props: []vcf.PropFilter{{Name: "FN", Texts: match("ann"), Params: []line.ParamFilter{{Name: "TYPE"}}}}}, nil},
		"all with params": {vcf.Filter{Props: []vcf.PropFilter{{Name: "FN", AllOf: true, Texts: match("ann"), Params: []line.ParamFilter{{Name: "TYPE"}}}}}, [][]string{{"ann"}}},
		"ASCII only":      {vcf.Filter{Props: []vcf.PropFilter{{Name: "FN", Texts: []line.TextMatch{{Text: "Jürgensen"}}}}}, [][]string{{"rgensen"}}},
		"unknown":         {vcf.Filter{AllOf: true, Props: []vcf.PropFilter{{Name: "FN", Texts: match("ann")}, {Name: "N", Texts: []line.TextMatch{{Text: "ann", Collation: "i;klingon"}}}}}, nil},
		"too many":        {vcf.Filter{Props: []vcf.PropFilter{{Name: "FN", Texts: match(strings.Fields(strings.Repeat("ann ", 100))...), AllOf: true}}, AllOf: true}, nil},
	} {
		got := c.f.Wanted()
		if !slices.EqualFunc(got, c.want, slices.Equal) {
			t.Errorf("%s: %q, not %q", name, got, c.want)
		}
	}
}

func TestWordsOfALongCard(t *testing.T) {
	t.Parallel()
	card := func(note string) []byte {
		return []byte("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ann\r\nNOTE:" + note + "\r\nPHOTO:" + strings.Repeat("A", 20<<10) + "\r\nEND:VCARD\r\n")
	}
	if words, whole := vcf.Words(card("short"), vcf.DefaultLimits()); words != "ann\nshort\n" || !whole {
		t.Errorf("%q, %v", words, whole)
	}
	for name, text := range map[string][]byte{"long": card(strings.Repeat("long ", 4<<10)), "no card": []byte("BEGIN:VCARD")} {
		if words, whole := vcf.Words(text, vcf.DefaultLimits()); words != "" || whole {
			t.Errorf("%s: %q, %v", name, words, whole)
		}
	}
}
