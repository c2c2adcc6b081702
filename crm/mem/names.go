package mem

import (
	"context"

	"crmbridge/crm"
	"crmbridge/remote"
	"crmbridge/remote/memory"
)

// names finds names as every CRM driver does (crm.Lookup).
type names struct{}

var _ memory.Names = names{}

// Find implements memory.Names.
func (names) Find(ctx context.Context, l memory.List, name string) (string, remote.Note, error) {
	look := crm.Lookup{
		Field: l.Field, What: l.What,
		Find: func(context.Context, string) (crm.Offer, error) { return crm.Offer{Values: l.Values}, nil },
	}
	if l.Codes != nil {
		look.Code = func(_ context.Context, code string) (crm.LookupValue, bool, error) {
			v, known := l.Codes[code]
			return v, known, nil
		}
	}
	if l.Add != nil {
		look.Add = func(_ context.Context, name string) (crm.LookupValue, error) { return l.Add(name), nil }
	}
	v, note, err := look.Resolve(ctx, name)
	return v.Name, note, err
}

// Candidates implements memory.Names.
func (names) Candidates(text string, values []remote.LookupValue) []remote.LookupValue {
	return crm.Candidates(text, values)
}
