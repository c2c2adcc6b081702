package creatio

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"crmbridge/crm"
	"crmbridge/pim"
	"crmbridge/upstream"
)

// model is what a site tells of its entities in $metadata (OData CSDL 4.0), as far as field
// maps need it.
type model struct {
	entities map[string]entityType // those that items are kept in
	named    map[string]bool       // entities whose rows have a name
}

// entityType is an entity's columns, in the order of the site.
type entityType struct {
	columns []property
	leads   map[string]string // a lookup's column to the entity that it leads to
}

// property is a column with its type: "Edm.String".
type property struct {
	Name string `xml:"Name,attr"`
	Type string `xml:"Type,attr"`
}

func (e entityType) typeOf(column string) string {
	for _, p := range e.columns {
		if p.Name == column {
			return p.Type
		}
	}
	return ""
}

// modelLimit bounds the answer: a site with many packages describes thousands of entities.
const modelLimit = 128 << 20

// newModels remembers the model under the empty key.
func newModels(s *site, now func() time.Time, age time.Duration) *crm.Cache[*model] {
	return crm.NewCache(now, age, 1, func(ctx context.Context, _ string) (*model, error) { return s.model(ctx) })
}

func (s *site) model(ctx context.Context) (*model, error) {
	const op = "creatio: columns"
	base, err := s.base(ctx)
	if err != nil {
		return nil, err
	}
	resp, err := s.call(ctx, upstream.Request{Op: op, Path: base + "$metadata", Header: http.Header{"Accept": {"application/xml"}}, MaxAnswer: modelLimit})
	if err != nil {
		return nil, err
	}
	if !resp.OK() || resp.HTML() {
		return nil, s.explain(op, resp, false)
	}
	m, err := parseModel(resp.Body)
	if err != nil {
		return nil, &pim.Error{Op: op, Kind: pim.ErrProtocol, Public: "Creatio's description of its data cannot be read", Err: opaque(err)}
	}
	return m, nil
}

// entityXML is an EntityType of CSDL (OData CSDL 4.0, 8).
type entityXML struct {
	Name       string     `xml:"Name,attr"`
	Properties []property `xml:"Property"`
	Navigation []property `xml:"NavigationProperty"`
}

// parseModel reads one entity after the other: whole, the document is large.
func parseModel(text []byte) (*model, error) {
	m := &model{entities: map[string]entityType{}, named: map[string]bool{}}
	d := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))))
	d.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, errors.New("not in UTF-8") }
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		start, ok := tok.(xml.StartElement)
		if !ok || start.Name.Local != "EntityType" {
			continue
		}
		var e entityXML
		if err := d.DecodeElement(&e, &start); err != nil {
			return nil, err
		}
		m.add(e)
	}
	for _, name := range []string{"Activity", "Contact"} {
		if len(m.entities[name].columns) == 0 {
			return nil, errors.New("no entity " + name)
		}
	}
	return m, nil
}

func (m *model) add(e entityXML) {
	out := entityType{columns: e.Properties, leads: map[string]string{}}
	m.named[e.Name] = out.typeOf("Name") == "Edm.String"
	if e.Name != "Activity" && e.Name != "Contact" {
		return
	}
	for _, nav := range e.Navigation {
		// A lookup is a column of ids beside a navigation of the same name without Id.
		if !strings.HasPrefix(nav.Type, "Collection(") && out.typeOf(nav.Name+"Id") == "Edm.Guid" {
			out.leads[nav.Name+"Id"] = nav.Type[strings.LastIndexByte(nav.Type, '.')+1:]
		}
	}
	m.entities[e.Name] = out
}
