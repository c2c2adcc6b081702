package crm

import (
	"slices"
	"strings"
	"unicode"
)

// How says how a name was found in a list.
type How uint8

// Ways to find a name.
const (
	Unknown How = iota // nothing fits
	Exact              // the same words, whatever their case and punctuation
	Partial            // the one value that begins with the name, or has all its words
	Several            // more than one fits in part, so that none is taken
)

// shortest is how many letters a name needs to be found in part: "AB" is in too much.
const shortest = 3

// Match finds a name among the values of a list: exact, else in part. Of several that
// are exactly it the first is taken. fits are the names that fit in part.
func Match(name string, values []LookupValue) (v LookupValue, how How, fits []string) {
	for _, v := range values {
		if v.Name == name {
			return v, Exact, nil
		}
	}
	want := Words(name)
	if len(want) == 0 {
		return LookupValue{}, Unknown, nil
	}
	for _, v := range values {
		if slices.Equal(Words(v.Name), want) {
			return v, Exact, nil
		}
	}
	if len([]rune(strings.Join(want, ""))) < shortest {
		return LookupValue{}, Unknown, nil
	}
	for _, fit := range []func(have, want []string) bool{beginsWith, hasAll} {
		var found []LookupValue
		for _, v := range values {
			if fit(Words(v.Name), want) {
				found = append(found, v)
			}
		}
		switch len(found) {
		case 0:
			continue
		case 1:
			return found[0], Partial, nil
		}
		for _, f := range found {
			fits = append(fits, f.Name)
		}
		return LookupValue{}, Several, fits
	}
	return LookupValue{}, Unknown, nil
}

// Words are the words of a name in lower case, without punctuation.
func Words(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) })
}

// LongestWords are the words of a name, at most so many, the longest first: what a CRM is
// asked for. Each value that fits the name has all of them in it.
func LongestWords(name string, most int) []string {
	var words []string
	for _, w := range Words(name) {
		if !slices.Contains(words, w) {
			words = append(words, w)
		}
	}
	slices.SortStableFunc(words, func(a, b string) int { return len(b) - len(a) })
	return words[:min(most, len(words))]
}

// beginsWith allows the last word to be cut: "Acme Indu" is "Acme Industries".
func beginsWith(have, want []string) bool {
	last := len(want) - 1
	return len(have) >= len(want) && slices.Equal(have[:last], want[:last]) && strings.HasPrefix(have[last], want[last])
}

func hasAll(have, want []string) bool {
	return !slices.ContainsFunc(want, func(w string) bool { return !slices.Contains(have, w) })
}
