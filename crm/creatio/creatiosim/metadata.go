package creatiosim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// metadata answers $metadata: the entity table as an OData 4 CSDL document.
func (s *Sim) metadata(*request) answer {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?>` + "\n" +
		`<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>` +
		`<Schema Namespace="` + namespace + `" xmlns="http://docs.oasis-open.org/odata/ns/edm">` + "\n")
	for _, e := range s.db.schema.list {
		writeEntityType(&b, e)
	}
	b.WriteString(`</Schema><Schema Namespace="Default" xmlns="http://docs.oasis-open.org/odata/ns/edm">` +
		`<EntityContainer Name="Container">` + "\n")
	for _, e := range s.db.schema.list {
		fmt.Fprintf(&b, `<EntitySet Name="%s" EntityType="%s">`, e.name, e.typeName())
		for _, c := range e.cols {
			if c.ref != "" {
				fmt.Fprintf(&b, `<NavigationPropertyBinding Path="%s" Target="%s"/>`, c.nav, c.ref)
			}
		}
		b.WriteString("</EntitySet>\n")
	}
	b.WriteString(`</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>` + "\n")
	return answer{status: 200, typ: "application/xml; charset=utf-8", body: []byte(b.String())}
}

// writeEntityType writes one entity. Every column but text is said to be not nullable, although the database has NULLs: the
// generated classes use value types.
func writeEntityType(b *strings.Builder, e *entity) {
	fmt.Fprintf(b, `<EntityType Name="%s"><Key><PropertyRef Name="Id"/></Key>`+"\n", e.name)
	for _, c := range e.cols {
		nullable := "" // true is the default of CSDL
		if c.kind != kindText && c.kind != kindStream {
			nullable = ` Nullable="false"`
		}
		fmt.Fprintf(b, `<Property Name="%s" Type="%s"%s/>`+"\n", c.name, c.kind.edm(), nullable)
	}
	for _, c := range e.cols {
		if c.ref != "" {
			fmt.Fprintf(b, `<NavigationProperty Name="%s" Type="%s.%s"><ReferentialConstraint Property="%s" `+
				`ReferencedProperty="Id"/></NavigationProperty>`+"\n", c.nav, namespace, c.ref, c.name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(e.collections)) {
		fmt.Fprintf(b, `<NavigationProperty Name="%s" Type="Collection(%s)"/>`+"\n", name, e.collections[name].child.typeName())
	}
	b.WriteString("</EntityType>\n")
}
