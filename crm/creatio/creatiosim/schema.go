package creatiosim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// kind is a column's type.
type kind uint8

const (
	kindGUID kind = iota
	kindText
	kindDate // date and time
	kindDay  // date without time, shown at midnight UTC
	kindBool
	kindInt
	kindNumber
	kindStream
)

// edm is the type name in $metadata and in type errors.
func (k kind) edm() string {
	return [...]string{"Edm.Guid", "Edm.String", "Edm.DateTimeOffset", "Edm.DateTimeOffset", "Edm.Boolean", "Edm.Int32",
		"Edm.Decimal", "Edm.Stream"}[k]
}

// onDelete says what happens to a row when the row that its lookup names is deleted.
type onDelete uint8

const (
	setNull  onDelete = iota // the lookup is emptied, without a new ModifiedOn
	cascade                  // the row goes too
	restrict                 // the deletion is refused
)

// column is a column of an entity. Lookups are columns of ids that name a row of another entity.
type column struct {
	name     string
	pos      int
	kind     kind
	ref      string // the entity a lookup names; "" for plain columns
	nav      string // the navigation property of a lookup: its name without Id
	max      int    // text length; 0 is unlimited
	required bool
	index    bool // keep an index from target to rows
	deletion onDelete
}

// collection is a navigation from a row to the rows whose lookup names it.
type collection struct {
	name  string
	child *entity
	via   *column
}

// entity is a table of the product, with the navigations that the OData model adds to it.
type entity struct {
	name        string
	cols        []*column
	byName      map[string]*column
	byNav       map[string]*column
	collections map[string]collection
	title       string // the column shown to people
	lookup      bool   // a small list that administrators edit
}

// Positions of the columns every entity begins with.
const (
	colID = iota
	colCreatedOn
	colCreatedBy
	colModifiedOn
	colModifiedBy
	colListeners
)

const baseColumns = `
Id id
CreatedOn date
CreatedById ->Contact
ModifiedOn date
ModifiedById ->Contact
ProcessListeners int
`

const lookupColumns = `
Name text:250 required
Description text:250
`

// schema is the whole model, in the order of the entity table.
type schema struct {
	list   []*entity
	byName map[string]*entity
}

// parseSchema reads the entity table. A line that begins a block is "Entity[:lookup] title"; the lines below are
// columns: name, type (text:N, date, day, bool, int, num, stream, ->Entity) and the words required, index, cascade, restrict.
// "+Entity" adds the columns below to an entity that is there already.
func parseSchema(text string) (*schema, error) {
	s := &schema{byName: map[string]*entity{}}
	var cur *entity
	for n, line := range strings.Split(text, "\n") {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		var err error
		if line[0] != ' ' && line[0] != '\t' {
			cur, err = s.begin(words)
		} else if cur == nil {
			err = fmt.Errorf("column before any entity")
		} else {
			err = cur.add(words)
		}
		if err != nil {
			return nil, fmt.Errorf("creatiosim: entity table line %d: %w", n+1, err)
		}
	}
	return s, s.link()
}

// begin starts an entity with the columns that every entity has, and those of a lookup if it is one.
func (s *schema) begin(words []string) (*entity, error) {
	if name, ok := strings.CutPrefix(words[0], "+"); ok {
		if s.byName[name] == nil {
			return nil, fmt.Errorf("there is no %s to add to", name)
		}
		return s.byName[name], nil
	}
	name, flag, _ := strings.Cut(words[0], ":")
	e := &entity{name: name, title: "Name", lookup: flag == "lookup", byName: map[string]*column{},
		byNav: map[string]*column{}, collections: map[string]collection{}}
	if len(words) > 1 {
		e.title = words[1]
	}
	if s.byName[name] != nil {
		return nil, fmt.Errorf("%s twice", name)
	}
	base := baseColumns
	if e.lookup {
		base += lookupColumns
	}
	for l := range strings.Lines(base) {
		words := strings.Fields(l)
		if len(words) == 0 {
			continue
		}
		if err := e.add(words); err != nil {
			return nil, err
		}
	}
	s.list = append(s.list, e)
	s.byName[name] = e
	return e, nil
}

// add reads a column's line.
func (e *entity) add(words []string) error {
	if len(words) < 2 {
		return fmt.Errorf("column %q has no type", words[0])
	}
	c := &column{name: words[0], pos: len(e.cols)}
	typ, size, _ := strings.Cut(words[1], ":")
	kinds := map[string]kind{"id": kindGUID, "text": kindText, "date": kindDate, "day": kindDay, "bool": kindBool,
		"int": kindInt, "num": kindNumber, "stream": kindStream}
	if ref, ok := strings.CutPrefix(typ, "->"); ok {
		c.ref, c.nav = ref, strings.TrimSuffix(c.name, "Id")
		e.byNav[c.nav] = c
	} else if k, ok := kinds[typ]; ok {
		c.kind = k
	} else {
		return fmt.Errorf("column %s: unknown type %q", c.name, typ)
	}
	if size != "" {
		n, err := strconv.Atoi(size)
		if err != nil {
			return fmt.Errorf("column %s: %w", c.name, err)
		}
		c.max = n
	}
	for _, w := range words[2:] {
		switch w {
		case "required":
			c.required = true
		case "index":
			c.index = true
		case "cascade":
			c.deletion, c.index = cascade, true
		case "restrict":
			c.deletion, c.index = restrict, true
		default:
			return fmt.Errorf("column %s: unknown word %q", c.name, w)
		}
	}
	if e.byName[c.name] != nil {
		return fmt.Errorf("column %s twice", c.name)
	}
	e.cols = append(e.cols, c)
	e.byName[c.name] = c
	return nil
}

// link resolves references and names the collections, "<Child>CollectionBy<Lookup>" as in the product's model.
func (s *schema) link() error {
	for _, e := range s.list {
		for _, c := range e.cols {
			if c.ref == "" {
				continue
			}
			target := s.byName[c.ref]
			if target == nil {
				return fmt.Errorf("creatiosim: %s.%s names unknown entity %s", e.name, c.name, c.ref)
			}
			if target.lookup {
				c.deletion = restrict
			}
			if c.pos <= colListeners {
				continue
			}
			name := e.name + "CollectionBy" + c.nav
			target.collections[name] = collection{name: name, child: e, via: c}
		}
	}
	return nil
}

func (e *entity) typeName() string { return namespace + "." + e.name }

// namespace is that of the product's generated OData model.
const namespace = "Terrasoft.Configuration.OData"

// names lists the entities alphabetically, as the service document does.
func (s *schema) names() []string {
	var out []string
	for _, e := range s.list {
		out = append(out, e.name)
	}
	slices.Sort(out)
	return out
}
