package vcf

import (
	"slices"
	"strings"

	"crmbridge/pim/line"
)

// Sieve finds among many texts those worth parsing for a filter. It is for one goroutine.
type Sieve struct {
	filter Filter
	lim    Limits
	names  []string // of the properties asked for, upper case, without groups
	whole  bool     // parameters are asked for, too

	lines []*line.Line // of the text at hand
	named []*line.Line // those of one name
	light []line.Line  // room for lines of which only the value counts
}

// NewSieve prepares f for texts that would be parsed with lim; nil when f asks nothing.
func NewSieve(f Filter, lim Limits) *Sieve {
	if len(f.Props) == 0 {
		return nil
	}
	s := &Sieve{filter: f, lim: lim}
	for _, p := range f.Props {
		_, base := cutName(p.Name)
		if base = strings.ToUpper(base); !slices.Contains(s.names, base) {
			s.names = append(s.names, base)
		}
		s.whole = s.whole || len(p.Params) > 0
	}
	return s
}

// MayMatch is false when text is no card that the filter matches, which it finds out in a small part of the time that
// Parse and Matches take. When it is true, they have to be asked.
//
// A card that Parse takes and that has one BEGIN is one block, and its lines are those that a Scan finds: the filter
// says the same of them. Of all other texts it is true, or they are no cards.
func (s *Sieve) MayMatch(text []byte) bool {
	s.lines, s.light = s.lines[:0], s.light[:0]
	begun := false
	scan := line.NewScan(text)
	for name, ok := scan.Next(); ok; name, ok = scan.Next() {
		if scan.Group() == "" {
			switch {
			case strings.EqualFold(name, "BEGIN"):
				if begun {
					return true
				}
				begun = true
				continue
			case strings.EqualFold(name, "END"):
				continue
			}
		}
		if asked := s.asked(name); asked != "" && !s.take(&scan, asked) {
			return true
		}
	}
	ok, err := s.filter.holds(s.all)
	return ok || err != nil
}

// asked is the name in upper case if it is asked for, else "".
func (s *Sieve) asked(name string) string {
	for _, n := range s.names {
		if strings.EqualFold(n, name) {
			return n
		}
	}
	return ""
}

// all are the lines of one name; they are valid until it is called again.
func (s *Sieve) all(name string) []*line.Line {
	s.named = s.named[:0]
	for _, l := range s.lines {
		if l.Name == name {
			s.named = append(s.named, l)
		}
	}
	return s.named
}

// take adds the line that scan is at; false when it cannot be read.
func (s *Sieve) take(scan *line.Scan, name string) bool {
	head, value, ok := strings.Cut(scan.Content(), ":")
	if s.whole || !ok || mayEncode(head) {
		l, err := scan.Line(s.lim)
		if err != nil {
			return false
		}
		s.lines = append(s.lines, l)
		return true
	}
	if len(s.light) == cap(s.light) { // lines point into it
		s.light = make([]line.Line, 0, max(16, 2*cap(s.light)))
	}
	s.light = append(s.light, line.Line{Group: scan.Group(), Name: name, Value: value})
	s.lines = append(s.lines, &s.light[len(s.light)-1])
	return true
}

// mayEncode is false for a name with parameters of which none is or holds the words QUOTED-PRINTABLE or CHARSET, nor a
// quote, behind which another colon may stand: the value is then a text as it is (see decoded).
func mayEncode(head string) bool {
	for i := range len(head) {
		switch head[i] {
		case '"', 'q', 'Q':
			return true
		case 'h', 'H':
			if i > 0 && (head[i-1] == 'c' || head[i-1] == 'C') {
				return true
			}
		}
	}
	return false
}
