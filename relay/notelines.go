package relay

import (
	"slices"
	"strings"
)

// Lines below the notes: values of the CRM that people read and change there. They stand
// behind a line of their own, so that nothing a person wrote is ever taken for one of
// them:
//
//	Bring the samples.
//
//	--- CRM ---
//	Region: North
//	Level: Gold
//
// Only what is behind the last such line, and begins with the label of a mapped column,
// is a value. Everything else there is the person's own, who wrote at the end.

// notesRule is that line.
const notesRule = "--- CRM ---"

type noteLine struct{ label, value string }

// joinNotes puts values below a person's notes. Those without a value have no line.
func joinNotes(own string, lines []noteLine) string {
	own = strings.TrimRight(own, " \t\r\n")
	var b strings.Builder
	for _, l := range lines {
		if l.value != "" {
			b.WriteString("\n" + l.label + ": " + oneLine(l.value))
		}
	}
	if b.Len() == 0 && !slices.ContainsFunc(strings.Split(own, "\n"), isRule) {
		return own
	}
	if own != "" {
		own += "\n\n"
	}
	return own + notesRule + b.String()
}

// splitNotes is what joinNotes came from. there: the text has such a part.
func splitNotes(text string, labels []string) (own string, values map[string]string, there bool) {
	values = map[string]string{}
	all := strings.Split(text, "\n")
	at := len(all) - 1
	for at >= 0 && !isRule(all[at]) {
		at--
	}
	if at < 0 {
		return text, values, false
	}
	var more []string
	for _, line := range all[at+1:] {
		label, value, ok := valueLine(line, labels)
		if _, twice := values[label]; !ok || twice {
			more = append(more, line)
			continue
		}
		values[label] = value
	}
	own = strings.TrimRight(strings.Join(all[:at], "\n"), " \t\r\n")
	if rest := strings.Trim(strings.Join(more, "\n"), "\r\n"); strings.TrimSpace(rest) != "" {
		own = strings.TrimLeft(own+"\n"+rest, "\n")
	}
	return own, values, true
}

func isRule(line string) bool { return strings.TrimSpace(line) == notesRule }

// valueLine reads "Label: value"; clients may have cut the blanks at its ends.
func valueLine(line string, labels []string) (label, value string, ok bool) {
	for _, l := range labels {
		rest, found := strings.CutPrefix(strings.TrimLeft(line, " \t"), l+":")
		if found {
			return l, manyLines(strings.TrimRight(strings.TrimPrefix(rest, " "), "\r")), true
		}
	}
	return "", "", false
}

// newline stands for a line break in a value, which has one line here. The sign itself, if
// somebody uses it, is written with a backslash before it, and backslashes before either
// are doubled.
const newline = '↵'

func oneLine(value string) string {
	value = strings.ReplaceAll(strings.ReplaceAll(value, "\r\n", "\n"), "\r", "\n")
	var b strings.Builder
	slashes := 0
	for _, r := range value {
		switch r {
		case '\\':
			slashes++
			continue
		case '\n', newline:
			b.WriteString(strings.Repeat(`\`, 2*slashes))
			if r == newline {
				b.WriteByte('\\')
			}
			r = newline
		default:
			b.WriteString(strings.Repeat(`\`, slashes))
		}
		slashes = 0
		b.WriteRune(r)
	}
	return b.String() + strings.Repeat(`\`, slashes)
}

// manyLines is what oneLine came from.
func manyLines(line string) string {
	var b strings.Builder
	slashes := 0
	for _, r := range line {
		switch {
		case r == '\\':
			slashes++
			continue
		case r == newline:
			b.WriteString(strings.Repeat(`\`, slashes/2))
			if slashes%2 == 0 {
				r = '\n'
			}
		default:
			b.WriteString(strings.Repeat(`\`, slashes))
		}
		slashes = 0
		b.WriteRune(r)
	}
	return b.String() + strings.Repeat(`\`, slashes)
}
