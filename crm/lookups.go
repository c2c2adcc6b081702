package crm

import (
	"context"

	"crmbridge/pim"
)

// Lookups is an optional ability of a connector: the values that a field picked
// from a list can have, in the CRM's own language. Forms and rules offer them.
type Lookups interface {
	// Lookup returns the values for a field of a kind, in the CRM's order;
	// nil when the field is not picked from a list.
	Lookup(ctx context.Context, k pim.Kind, f pim.FieldID) ([]LookupValue, error)
}

// LookupValue is one entry of a pick-list.
type LookupValue struct {
	ID   string // the CRM's id
	Name string // what people read, and what items carry
}
