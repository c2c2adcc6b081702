package rrule

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Parse reads the value of an RRULE. Case, blanks, a "RRULE:" in front and a semicolon at the end do not matter;
// everything else is checked: unknown and repeated parts, values out of range, parts that must not stand together.
// RSCALE=GREGORIAN and SKIP=OMIT (RFC 7529) say what is so anyway and are dropped; others give ErrUnsupported. All
// other errors wrap ErrRule. Errors quote at most a few bytes of the text.
func Parse(text string) (Rule, error) {
	var r Rule
	if len(text) > maxText {
		return Rule{}, fmt.Errorf("%w: %d bytes, at most %d", ErrRule, len(text), maxText)
	}
	text = strings.ToUpper(dropBlanks(text))
	text = strings.TrimPrefix(text, "RRULE:")
	seen := map[string]bool{}
	for part := range strings.SplitSeq(text, ";") {
		if part == "" {
			continue
		}
		name, value, ok := strings.Cut(part, "=")
		if !ok {
			return Rule{}, fmt.Errorf("%w: %.20q has no value", ErrRule, part)
		}
		if seen[name] {
			return Rule{}, fmt.Errorf("%w: %.20q twice", ErrRule, name)
		}
		seen[name] = true
		if err := r.set(name, value); err != nil {
			return Rule{}, err
		}
	}
	if err := r.Validate(); err != nil {
		return Rule{}, err
	}
	return r, nil
}

// dropBlanks: programs write "BYDAY=MO, TU", and unfold lines into "BYMONTH=1, 2".
func dropBlanks(s string) string {
	return strings.Map(func(c rune) rune {
		if c == ' ' || c == '\t' || c == '\r' || c == '\n' {
			return -1
		}
		return c
	}, s)
}

func (r *Rule) set(name, value string) (err error) {
	switch name {
	case "FREQ":
		i := slices.Index(freqNames[1:], value)
		if i < 0 {
			return fmt.Errorf("%w: FREQ=%.20q", ErrRule, value)
		}
		r.Freq = Freq(i + 1)
	case "INTERVAL":
		r.Interval, err = positive(name, value)
	case "COUNT":
		r.Count, err = positive(name, value)
	case "UNTIL":
		r.Until, err = parseUntil(value)
	case "BYDAY":
		r.ByDay, err = parseDays(value)
	case "WKST":
		r.WeekStart, err = parseWeekday(name, value)
	case "RSCALE":
		if value != "GREGORIAN" {
			err = fmt.Errorf("%w: RSCALE=%.20q", ErrUnsupported, value)
		}
	case "SKIP":
		if value != "OMIT" {
			err = fmt.Errorf("%w: SKIP=%.20q", ErrUnsupported, value)
		}
	default:
		i := slices.IndexFunc(listParts[:], func(p listPart) bool { return p.name == name })
		if i < 0 {
			return fmt.Errorf("%w: unknown part %.20q", ErrRule, name)
		}
		*listParts[i].list(r), err = parseList(listParts[i], value)
	}
	return err
}

// integer is RFC 5545's 1*DIGIT, where sign says that one may stand in front.
func integer(s string, sign bool) (int, bool) {
	digits := s
	if sign && s != "" && (s[0] == '+' || s[0] == '-') {
		digits = s[1:]
	}
	if digits == "" || len(digits) > 10 || strings.Trim(digits, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return n, err == nil
}

func positive(name, value string) (int, error) {
	n, ok := integer(value, false)
	if !ok || n < 1 || n > maxNumber {
		return 0, fmt.Errorf("%w: %s=%.20q: want 1 to %d", ErrRule, name, value, maxNumber)
	}
	return n, nil
}

func parseUntil(value string) (Until, error) {
	// RFC 5545 3.3.12: without leap seconds, 60 is 59.
	text := value
	if i := len("20060102T1504"); len(text) >= i+2 && text[i:i+2] == "60" {
		text = text[:i] + "59" + text[i+2:]
	}
	for _, f := range []struct {
		form   UntilForm
		layout string
	}{{UntilUTC, "20060102T150405Z"}, {UntilLocal, "20060102T150405"}, {UntilDate, "20060102"}} {
		if t, err := time.Parse(f.layout, text); err == nil && len(text) == len(f.layout) {
			return Until{f.form, t}, nil
		}
	}
	return Until{}, fmt.Errorf("%w: UNTIL=%.20q: want a date, or date and time", ErrRule, value)
}

func parseList(p listPart, value string) ([]int, error) {
	if n := strings.Count(value, ",") + 1; n > p.most() {
		return nil, fmt.Errorf("%w: %s: %d values, at most %d", ErrRule, p.name, n, p.most())
	}
	var list []int
	for item := range strings.SplitSeq(value, ",") {
		n, ok := integer(item, p.negative)
		if !ok && p.name == "BYMONTH" && len(item) > 1 && strings.HasSuffix(item, "L") {
			return nil, fmt.Errorf("%w: leap month %.20q", ErrUnsupported, item) // RFC 7529 4.2
		}
		if !ok || !p.has(n) {
			return nil, fmt.Errorf("%w: %s: %.20q: want %s", ErrRule, p.name, item, p.wanted())
		}
		list = append(list, n)
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}

func parseWeekday(name, value string) (Weekday, error) {
	i := slices.Index(weekdayNames[:], value)
	if i < 0 {
		return 0, fmt.Errorf("%w: %s: %.20q is no weekday", ErrRule, name, value)
	}
	return Weekday(i), nil
}

func parseDays(value string) ([]NthDay, error) {
	if n := strings.Count(value, ",") + 1; n > maxDays {
		return nil, fmt.Errorf("%w: BYDAY: %d values, at most %d", ErrRule, n, maxDays)
	}
	var list []NthDay
	for item := range strings.SplitSeq(value, ",") {
		cut := max(0, len(item)-2)
		day, err := parseWeekday("BYDAY", item[cut:])
		if err != nil {
			return nil, err
		}
		n := 0
		if cut > 0 {
			var ok bool
			if n, ok = integer(item[:cut], true); !ok || n == 0 || n < -53 || n > 53 {
				return nil, fmt.Errorf("%w: BYDAY: %.20q: want 1 to 53 or -53 to -1", ErrRule, item)
			}
		}
		list = append(list, NthDay{n, day})
	}
	slices.SortFunc(list, compareDays)
	return slices.Compact(list), nil
}

func compareDays(a, b NthDay) int {
	return cmp.Or(cmp.Compare(a.N, b.N), cmp.Compare(a.Day, b.Day))
}
