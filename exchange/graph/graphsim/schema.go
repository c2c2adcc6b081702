package graphsim

import (
	"fmt"
	"strings"
)

// model are the parsed types.
type model struct {
	structs map[string]*structType
	enums   map[string][]string
}

// structType is a complex or entity type with what it has from its base types.
type structType struct {
	name   string
	base   string
	entity bool
	own    []property // without those of base
	props  map[string]property
}

// property is one member of a structType.
type property struct {
	name       string
	typ        string // String, Boolean, Int32, Int64, Double, DateTimeOffset, Date, Binary, an enum or a struct
	collection bool
	required   bool // may not be null
	navigation bool
}

// parseTypes reads the language of typeTable.
func parseTypes(text string) (*model, error) {
	m := &model{structs: map[string]*structType{}, enums: map[string][]string{}}
	for line := range strings.SplitSeq(strings.ReplaceAll(strings.TrimSpace(text), "\n\t", " "), "\n") {
		head, rest, ok := strings.Cut(line, ":")
		words := strings.Fields(head)
		if !ok || len(words) < 2 {
			return nil, fmt.Errorf("graphsim: type line %q", line)
		}
		if words[0] == "enum" {
			m.enums[words[1]] = strings.Fields(rest)
			continue
		}
		st := &structType{name: words[1], entity: words[0] == "entity"}
		if len(words) == 4 {
			st.base = words[3]
		}
		for item := range strings.SplitSeq(rest, ";") {
			if item = strings.TrimSpace(item); item != "" {
				st.own = append(st.own, parseProperty(item))
			}
		}
		m.structs[st.name] = st
	}
	for _, st := range m.structs {
		st.props = map[string]property{}
		for b := st; b != nil; b = m.structs[b.base] {
			for _, p := range b.own {
				st.props[p.name] = p
			}
		}
	}
	return m, m.check()
}

func parseProperty(item string) property {
	var p property
	item, p.navigation = cutMark(item, ">")
	p.name, p.typ, _ = strings.Cut(item, "=")
	p.typ, p.collection = cutMark(p.typ, "[]")
	p.typ, p.required = strings.CutSuffix(p.typ, "!")
	return p
}

func cutMark(s, mark string) (string, bool) { return strings.CutPrefix(s, mark) }

// check finds names that mean nothing. Targets of navigation may be outside of the table: they cannot be written then.
func (m *model) check() error {
	for _, st := range m.structs {
		if st.base != "" && m.structs[st.base] == nil {
			return fmt.Errorf("graphsim: type %s has the unknown base %s", st.name, st.base)
		}
		for _, p := range st.own {
			if !p.navigation && !primitive(p.typ) && m.structs[p.typ] == nil && m.enums[p.typ] == nil {
				return fmt.Errorf("graphsim: %s.%s has the unknown type %s", st.name, p.name, p.typ)
			}
		}
	}
	return nil
}

func primitive(typ string) bool {
	switch typ {
	case "String", "Boolean", "Int32", "Int64", "Double", "DateTimeOffset", "Date", "Binary":
		return true
	}
	return false
}
