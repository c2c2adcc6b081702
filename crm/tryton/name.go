package tryton

import (
	"slices"
	"strings"
	"unicode"
)

// Tryton keeps a name as one text. nameParts are what phones want of it.
type nameParts struct{ prefix, given, middle, family, suffix string }

// joinName makes one text of the parts. splitName finds the parts again where they
// are written as people write them.
func joinName(n nameParts) string {
	s := strings.Join(strings.Fields(strings.Join([]string{n.prefix, n.given, n.middle, n.family}, " ")), " ")
	suffix := strings.Join(strings.Fields(n.suffix), " ")
	switch {
	case suffix == "":
		return s
	case s == "":
		return suffix
	case isSuffix(suffix) && !strings.Contains(suffix, ",") && len(strings.Fields(n.given+" "+n.middle+" "+n.family)) > 1:
		return s + " " + suffix
	}
	return s + ", " + suffix
}

// splitName takes a name apart: titles in front, degrees and "Jr." behind (or anything
// behind a comma), the last word and the particles before it as family name, the
// first as given name. "Family, Given" is turned round. Organisations and names
// of one word stay whole.
func splitName(full string) nameParts {
	var n nameParts
	words := strings.Fields(full)
	if len(words) == 0 || isOrganisation(full) {
		return n
	}
	main, behind, comma := strings.Cut(strings.Join(words, " "), ",")
	words, behind = strings.Fields(main), strings.TrimSpace(behind)
	if comma && behind != "" {
		if len(words) == 1 && !isSuffix(behind) && !isTitle(words[0]) {
			return reversed(words[0], behind)
		}
		n.suffix = behind
	}
	for len(words) > 1 && isTitle(words[0]) {
		n.prefix = strings.TrimSpace(n.prefix + " " + words[0])
		words = words[1:]
	}
	if n.suffix == "" {
		for len(words) > 2 && isSuffix(words[len(words)-1]) {
			n.suffix = strings.TrimSpace(words[len(words)-1] + " " + n.suffix)
			words = words[:len(words)-1]
		}
	}
	n.given, n.middle, n.family = splitWords(words)
	return n
}

// reversed reads "Family, Given Middle".
func reversed(family, rest string) nameParts {
	words := strings.Fields(rest)
	return nameParts{given: words[0], middle: strings.Join(words[1:], " "), family: family}
}

func splitWords(words []string) (given, middle, family string) {
	switch len(words) {
	case 0:
		return "", "", ""
	case 1:
		rs := []rune(words[0])
		if !ideographic(words[0]) || len(rs) < 2 || len(rs) > 4 {
			return words[0], "", ""
		}
		n := len(rs) / 2 // of four signs two are the family name, of fewer one
		return string(rs[n:]), "", string(rs[:n])
	}
	at := len(words) - 1
	for at > 1 && isParticle(words[at-1]) {
		at--
	}
	return words[0], strings.Join(words[1:at], " "), strings.Join(words[at:], " ")
}

// ideographic names are written without blanks, the family name first.
func ideographic(s string) bool {
	for _, r := range s {
		if !unicode.Is(unicode.Han, r) && !unicode.Is(unicode.Hangul, r) {
			return false
		}
	}
	return s != ""
}

func isTitle(w string) bool {
	return slices.Contains(titles(), strings.ToLower(strings.TrimSuffix(w, ".")))
}

func titles() []string {
	return []string{
		"mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor", "sir", "dame", "rev", "ing", "dipl.-ing", "med",
		"herr", "frau", "hr", "fr", "mme", "mlle", "monsieur", "madame", "sr", "sra", "señor", "señora", "dott", "mag",
		"dr.h.c", "h.c", "mgr", "bc",
	}
}

// isSuffix reports what stands behind a name without a comma, too. Short degrees count
// in capitals only: Ma and Ba are family names.
func isSuffix(s string) bool {
	degrees := []string{"II", "III", "IV", "MD", "MA", "BA", "MBA", "DDS", "CPA", "JD", "LLM"}
	words := []string{"jr", "jun", "junior", "sr", "sen", "senior", "phd", "msc", "bsc", "esq", "csc", "drsc"}
	for w := range strings.FieldsSeq(strings.ReplaceAll(s, ",", " ")) {
		plain := strings.ReplaceAll(w, ".", "")
		if !slices.Contains(degrees, plain) && !slices.Contains(words, strings.ToLower(plain)) {
			return false
		}
	}
	return strings.TrimSpace(s) != ""
}

// isParticle reports words that belong to the family name behind them. They are
// written small; "Van" with a capital may be a given name.
func isParticle(w string) bool {
	return slices.Contains([]string{
		"van", "von", "der", "den", "de", "het", "'t", "ter", "ten", "zu", "zum", "zur", "vom", "am", "af", "av",
		"di", "da", "del", "della", "dei", "dos", "das", "do", "du", "des", "la", "le", "el", "al", "bin", "ibn", "ben", "st.", "y", "e",
	}, w)
}

// isOrganisation recognises a company by its legal form, the last word of its name.
// Forms that are also names of people count only as they are usually written.
func isOrganisation(name string) bool {
	words := strings.Fields(strings.TrimRight(name, " ,"))
	if len(words) < 2 {
		return false
	}
	last := words[len(words)-1]
	exact := []string{
		"AG", "AB", "AS", "ASA", "A/S", "ApS", "BV", "B.V.", "NV", "N.V.", "SA", "S.A.", "SAS", "SARL", "S.A.R.L.", "SRL", "S.r.l.", "S.R.L.", "SpA", "S.p.A.",
		"SE", "SL", "S.L.", "KG", "OHG", "e.V.", "eG", "Oy", "Oyj", "KB", "HB", "KS", "ANS", "DA", "SRO", "s.r.o.", "a.s.", "d.o.o.", "d.d.", "o.o.", "Kft.", "Zrt.",
		"PLC", "plc", "LLC", "LLP", "LP", "L.P.", "Pty", "Co.", "KK", "GK",
	}
	if slices.Contains(exact, last) {
		return true
	}
	switch strings.ToLower(strings.TrimRight(last, ".")) {
	case "gmbh", "ggmbh", "mbh", "ltd", "limited", "inc", "incorporated", "corp", "corporation", "company", "holding", "group", "foundation", "stiftung", "university":
		return true
	}
	first := words[0]
	return first == "ООО" || first == "ОАО" || first == "ЗАО" || first == "ПАО" || first == "ИП" || first == "АО"
}
