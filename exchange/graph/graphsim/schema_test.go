package graphsim

import (
	"encoding/xml"
	"os"
	"slices"
	"strings"
	"testing"

	"crmbridge/internal/testenv"
)

// described is what the service says of its types: CSDL.
type described struct {
	Enums []struct {
		Name    string `xml:"Name,attr"`
		Members []struct {
			Name string `xml:"Name,attr"`
		} `xml:"Member"`
	} `xml:"DataServices>Schema>EnumType"`
	Complex  []describedType `xml:"DataServices>Schema>ComplexType"`
	Entities []describedType `xml:"DataServices>Schema>EntityType"`
}

type describedType struct {
	Name       string              `xml:"Name,attr"`
	Base       string              `xml:"BaseType,attr"`
	Properties []describedProperty `xml:"Property"`
	Navigation []describedProperty `xml:"NavigationProperty"`
}

type describedProperty struct {
	Name     string `xml:"Name,attr"`
	Type     string `xml:"Type,attr"`
	Nullable string `xml:"Nullable,attr"`
}

func (p describedProperty) property(navigation bool) property {
	typ := strings.NewReplacer("graph.", "", "Edm.", "").Replace(p.Type)
	inner, collection := strings.CutPrefix(typ, "Collection(")
	return property{name: p.Name, typ: strings.TrimSuffix(inner, ")"), collection: collection,
		required: p.Nullable == "false" && !navigation, navigation: navigation}
}

func TestTypeTableIsTheServices(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(testenv.Shared(t, "schemas/graph/graph-v1.0-outlook.csdl.xml")[0])
	if err != nil {
		t.Fatal(err)
	}
	var d described
	if err := xml.Unmarshal(content, &d); err != nil {
		t.Fatal(err)
	}
	m, err := parseTypes(typeTable)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range d.Enums {
		ours, ok := m.enums[e.Name]
		var theirs []string
		for _, member := range e.Members {
			theirs = append(theirs, member.Name)
		}
		if ok && !slices.Equal(ours, theirs) {
			t.Errorf("enum %s: %v, theirs %v", e.Name, ours, theirs)
		}
		delete(m.enums, e.Name)
	}
	for i, all := range [][]describedType{d.Complex, d.Entities} {
		for _, theirs := range all {
			ours, ok := m.structs[theirs.Name]
			if !ok {
				continue
			}
			delete(m.structs, theirs.Name)
			if ours.entity != (i == 1) || ours.base != strings.TrimPrefix(theirs.Base, "graph.") {
				t.Errorf("%s: entity %v, base %q; theirs has base %q", ours.name, ours.entity, ours.base, theirs.Base)
			}
			var want []property
			for _, p := range theirs.Properties {
				want = append(want, p.property(false))
			}
			for _, p := range theirs.Navigation {
				want = append(want, p.property(true))
			}
			if !slices.Equal(ours.own, want) {
				t.Errorf("%s:\nours   %v\ntheirs %v", ours.name, ours.own, want)
			}
		}
	}
	for name := range m.enums {
		t.Errorf("the service has no enum %s", name)
	}
	for name := range m.structs {
		t.Errorf("the service has no type %s", name)
	}
}

func TestTypeTableErrors(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"nonsense", "complex a < b: x=String;", "complex a: x=Nothing;"} {
		if _, err := parseTypes(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}
