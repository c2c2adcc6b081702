package vcf

import (
	"slices"
	"strings"
	"unicode/utf8"

	"crmbridge/pim/line"
)

// WordsEdition counts the ways in which Words has been made. Words of another edition say nothing to Wanted.
const WordsEdition = 1

// Words are what people search cards by, for an index: the values of some properties as Matches compares them under
// i;unicode-casemap, one a line. whole is false for a text that does not parse or has more than an index should hold; such a
// card may match whatever its words say.
func Words(text []byte, lim Limits) (words string, whole bool) {
	c, err := Parse(text, lim)
	if err != nil {
		return "", false
	}
	var b strings.Builder
	for _, p := range c.card.Parts {
		if p.Line == nil || p.Line.Blank() || !worded(p.Line.Name) {
			continue
		}
		if b.Len()+len(p.Line.Value) > maxWords {
			return "", false
		}
		b.WriteString(line.Fold(textOf(p.Line)))
		b.WriteByte('\n')
	}
	return b.String(), true
}

// maxWords bounds the words of a card before they are mapped, in bytes: an index takes time for each letter of each.
const maxWords = 16 << 10

// worded reports the properties whose values are among the words.
func worded(name string) bool {
	switch name {
	case "FN", "N", "NICKNAME", "EMAIL", "TEL", "ORG", "TITLE", "ROLE", "ADR", "NOTE", "CATEGORIES", "IMPP", "URL", "UID":
		return true
	}
	return false
}

// MinWord is the length of the shortest text that Wanted asks for, in runes: an index of trigrams finds none that is shorter.
const MinWord = 3

// maxWanted is how many texts Wanted asks for at most.
const maxWanted = 64

// Wanted says what the Words of a card hold that f matches: of each list at least one text. nil when nothing is sure,
// such as for properties that are not among the words and for what a card must not have.
func (f Filter) Wanted() [][]string {
	var lists [][]string
	texts := 0
	for _, p := range f.Props {
		if !p.known() {
			return nil // whether that is an error depends on the cards
		}
		wanted := p.wanted()
		if f.AllOf {
			lists = append(lists, wanted...)
			continue
		}
		if len(wanted) == 0 {
			return nil
		}
		lists = either(lists, wanted)
	}
	for _, list := range lists {
		texts += len(list)
	}
	if texts > maxWanted {
		return nil
	}
	return lists
}

// wanted is Wanted for one property.
func (f PropFilter) wanted() [][]string {
	_, base := cutName(f.Name)
	if f.NotDefined || !worded(strings.ToUpper(base)) {
		return nil
	}
	if !f.AllOf && len(f.Params) > 0 {
		return nil
	}
	var lists [][]string
	for _, t := range f.Texts {
		core := t.Core()
		sure := !t.Negate && utf8.RuneCountInString(core) >= MinWord
		switch {
		case f.AllOf && sure:
			lists = append(lists, []string{core})
		case !f.AllOf && !sure:
			return nil
		case !f.AllOf:
			lists = either(lists, [][]string{{core}})
		}
	}
	return lists
}

// either is what is sure when a or b is: of all that b asks for at once, the list whose shortest text is longest. An empty
// a is no alternative yet.
func either(a, b [][]string) [][]string {
	best := slices.MaxFunc(b, func(x, y []string) int { return shortest(x) - shortest(y) })
	if len(a) == 0 {
		return [][]string{slices.Clone(best)}
	}
	list := a[0]
	for _, text := range best {
		if !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	return [][]string{list}
}

func shortest(list []string) int {
	n := len(list[0])
	for _, text := range list[1:] {
		n = min(n, len(text))
	}
	return n
}

// known reports that no collation or match type of the filter is refused.
func (f PropFilter) known() bool {
	for _, t := range f.Texts {
		if !t.Known() {
			return false
		}
	}
	for _, p := range f.Params {
		if p.Text != nil && !p.Text.Known() {
			return false
		}
	}
	return true
}
