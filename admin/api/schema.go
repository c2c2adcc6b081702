package api

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"crmbridge/pim"
)

// newRegistry knows our types that write their JSON by themselves.
func newRegistry() huma.Registry {
	r := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	r.RegisterTypeAlias(reflect.TypeFor[pim.FieldSet](), reflect.TypeFor[[]string]())
	// Its elements are bytes to huma, which takes it for a text in base64.
	r.RegisterTypeAlias(reflect.TypeFor[[]pim.Kind](), reflect.TypeFor[[]string]())
	return r
}

// neverNull says of lists that they are never null: none is empty with us.
func neverNull(d *huma.OpenAPI) {
	for _, s := range d.Components.Schemas.Map() {
		for _, p := range s.Properties {
			if p.Type == huma.TypeArray {
				p.Nullable = false
			}
		}
	}
}
