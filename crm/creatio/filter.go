package creatio

import (
	"strings"
	"time"
)

// cond is a condition of $filter with the own columns that it touches: those have
// to be in $select, else the product says "Column by path X not found".
type cond struct {
	text string
	cols []string
}

func compare(col, op, literal string) cond {
	return cond{col + " " + op + " " + literal, []string{col}}
}

func equals(col, value string) cond { return compare(col, "eq", quote(value)) }

// holds asks for a word, given in lower case, anywhere in a column.
func holds(col, word string) cond {
	return cond{"contains(tolower(" + col + ")," + quote(word) + ")", []string{col}}
}

// ends asks for a column that ends so, given in lower case.
func ends(col, with string) cond {
	return cond{"endswith(tolower(" + col + ")," + quote(with) + ")", []string{col}}
}

func since(col string, t time.Time) cond {
	return compare(col, "ge", t.UTC().Format(stampLayout))
}

// quote is a string literal (OData 4 ABNF: a quote is doubled).
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// literal is a time in a filter; no quotes, always UTC.
func literal(t time.Time) string { return t.UTC().Format(stampLayout) }

func all(cs ...cond) cond { return joined(" and ", cs) }

func either(cs ...cond) cond {
	c := joined(" or ", cs)
	if strings.Contains(c.text, " or ") {
		c.text = "(" + c.text + ")"
	}
	return c
}

func joined(op string, cs []cond) cond {
	var out cond
	var texts []string
	for _, c := range cs {
		if c.text != "" {
			texts = append(texts, c.text)
			out.cols = append(out.cols, c.cols...)
		}
	}
	out.text = strings.Join(texts, op)
	return out
}

func anyID(ids []guid) cond {
	cs := make([]cond, len(ids))
	for i, id := range ids {
		cs[i] = compare("Id", "eq", string(id))
	}
	return either(cs...)
}

// spelling is how a site wants conditions on lookups. Live sites differ: some know
// only Owner/Id, some only OwnerId.
type spelling uint8

const (
	byNavigation spelling = iota
	byColumn
)

// is compares a lookup of the entity itself.
func (s spelling) is(nav, op string, id guid) cond {
	if s == byNavigation {
		return cond{nav + "/Id " + op + " " + string(id), []string{nav + "Id"}}
	}
	return compare(nav+"Id", op, string(id))
}

// among is is, for any of ids.
func (s spelling) among(nav string, ids []guid) cond {
	cs := make([]cond, len(ids))
	for i, id := range ids {
		cs[i] = s.is(nav, "eq", id)
	}
	return either(cs...)
}

// behind turns a condition on an entity into one on its children: nav is the
// lookup that leads from the child to it. It works by navigation only.
func behind(nav string, c cond) cond {
	if c.text == "" {
		return c
	}
	out := cond{cols: []string{nav + "Id"}}
	for _, w := range splitWords(c.text) {
		if isPath(w) {
			w = nav + "/" + w
		}
		out.text += w
	}
	return out
}

// splitWords cuts a filter into words and what is between them; literals in quotes
// stay whole.
func splitWords(s string) []string {
	var out []string
	for len(s) > 0 {
		n := 1
		switch {
		case s[0] == '\'':
			for n < len(s) && s[n] != '\'' {
				n++
			}
			n++
		case wordByte(s[0]):
			for n < len(s) && wordByte(s[n]) {
				n++
			}
		}
		n = min(n, len(s))
		out, s = append(out, s[:n]), s[n:]
	}
	return out
}

func wordByte(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '/' || b == '-' || b == '.' || b == ':' || b == '_'
}

// isPath tells column paths from operators and literals: all columns begin with a
// capital letter, and nothing else in our filters does.
func isPath(w string) bool { return w[0] >= 'A' && w[0] <= 'Z' }
