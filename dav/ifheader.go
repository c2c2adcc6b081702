package dav

import (
	"errors"
	"strings"
)

// maxIf bounds the conditions of one If header.
const maxIf = 64

var errIf = errors.New("dav: malformed If header")

// ifList is one parenthesised list of an If header (RFC 4918 10.4.2): true when all its conditions are.
type ifList struct {
	// resource is what it is about when tagged. known is false for a tag that names nothing in this tree.
	tagged     bool
	resource   target
	known      bool
	conditions []ifCondition
}

// ifCondition compares a state token or an entity tag; exactly one of the two is set.
type ifCondition struct {
	not   bool
	token string
	etag  string
}

// parseIf reads a header in one pass.
func parseIf(s string, hosts []string) ([]ifList, error) {
	p := ifParser{rest: s, hosts: hosts}
	var lists []ifList
	var current ifList
	for p.skip(); p.rest != ""; p.skip() {
		switch p.rest[0] {
		case '<':
			// RFC 4918 10.4.2: tagged and untagged lists do not mix, and a tag has a list.
			if len(lists) > 0 && !lists[0].tagged || current.tagged && len(lists) == 0 {
				return nil, errIf
			}
			uri, err := p.upTo('>')
			if err != nil {
				return nil, err
			}
			current = ifList{tagged: true}
			current.resource, current.known = decodeTarget(uri, hosts)
		case '(':
			conditions, err := p.list()
			if err != nil {
				return nil, err
			}
			l := current
			l.conditions = conditions
			lists = append(lists, l)
		default:
			return nil, errIf
		}
	}
	if len(lists) == 0 {
		return nil, errIf
	}
	return lists, nil
}

type ifParser struct {
	rest  string
	hosts []string
	count int
}

func (p *ifParser) skip() { p.rest = strings.TrimLeft(p.rest, " \t") }

// upTo takes the text between the first byte and end.
func (p *ifParser) upTo(end byte) (string, error) {
	i := strings.IndexByte(p.rest, end)
	if i < 0 {
		return "", errIf
	}
	text := p.rest[1:i]
	p.rest = p.rest[i+1:]
	return text, nil
}

// list reads "(" 1*Condition ")".
func (p *ifParser) list() ([]ifCondition, error) {
	p.rest = p.rest[1:]
	var conditions []ifCondition
	for {
		p.skip()
		if p.rest == "" {
			return nil, errIf
		}
		if p.rest[0] == ')' {
			p.rest = p.rest[1:]
			if len(conditions) == 0 {
				return nil, errIf
			}
			return conditions, nil
		}
		c, err := p.condition()
		if err != nil {
			return nil, err
		}
		if p.count++; p.count > maxIf {
			return nil, errIf
		}
		conditions = append(conditions, c)
	}
}

// condition reads ["Not"] (State-token | "[" entity-tag "]").
func (p *ifParser) condition() (ifCondition, error) {
	var c ifCondition
	if len(p.rest) >= 3 && strings.EqualFold(p.rest[:3], "not") {
		c.not = true
		p.rest = p.rest[3:]
		p.skip()
	}
	var err error
	switch {
	case strings.HasPrefix(p.rest, "<"):
		if c.token, err = p.upTo('>'); err == nil && c.token == "" {
			err = errIf
		}
	case strings.HasPrefix(p.rest, "["):
		var text string
		if text, err = p.upTo(']'); err != nil {
			return c, err
		}
		t, rest := nextTag(text)
		if t.value == "" || rest != "" {
			return c, errIf
		}
		// RFC 4918 10.4.4: entity tags compare strongly, so a weak one is no resource's.
		if c.etag = t.value; t.weak || t.any {
			c.etag = "W/" + t.value
		}
	default:
		err = errIf
	}
	return c, err
}

// ifState is what a resource is compared by: its entity tag and its state tokens. There are no locks, so the only
// token is the DAV:sync-token of a collection (RFC 6578 5).
type ifState struct {
	etag  string
	token string
}

// ifHolds judges the header: one list that is true is enough. own is the resource of the request; look finds
// others.
func ifHolds(lists []ifList, own ifState, look func(target) (ifState, error)) (bool, error) {
	for _, l := range lists {
		s := own
		if l.tagged {
			s = ifState{}
			if l.known {
				var err error
				if s, err = look(l.resource); err != nil {
					return false, err
				}
			}
		}
		if l.holds(s) {
			return true, nil
		}
	}
	return false, nil
}

// holds is RFC 4918 10.4.3: all conditions of a list have to be true.
func (l ifList) holds(s ifState) bool {
	for _, c := range l.conditions {
		var is bool
		if c.token != "" {
			is = c.token == s.token
		} else {
			is = c.etag == s.etag
		}
		if is == c.not {
			return false
		}
	}
	return true
}
