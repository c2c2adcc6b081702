package mem

import (
	"context"

	"crmbridge/crm"
	"crmbridge/pim"
	"crmbridge/remote"
)

// Company is one of the CRM's companies.
type Company struct{ Name, Code string }

// AddCompany makes a company, as a person at the screen does.
func (m *CRM) AddCompany(c Company) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.companies = append(m.companies, c)
}

// lookUp puts the CRM's own company in the place of the one that an item names, if set
// has it. Runs under mu.
func (m *CRM) lookUp(ctx context.Context, it pim.Item, set pim.FieldSet) ([]remote.Note, error) {
	at := companyOf(it)
	if !m.opt.KnowsCompanies || at == nil || !set.Has(pim.FieldCompany) {
		return nil, nil
	}
	l := crm.Lookup{
		Field: pim.FieldCompany, What: "company",
		Find: func(context.Context, string) (out []crm.LookupValue, _ error) {
			for _, c := range m.companies {
				out = append(out, crm.LookupValue{ID: c.Name, Name: c.Name})
			}
			return out, nil
		},
		Code: func(_ context.Context, code string) (crm.LookupValue, bool, error) {
			for _, c := range m.companies {
				if c.Code == code {
					return crm.LookupValue{ID: c.Name, Name: c.Name}, true, nil
				}
			}
			return crm.LookupValue{}, false, nil
		},
	}
	if m.opt.CreatesCompanies {
		l.Add = func(_ context.Context, name string) (crm.LookupValue, error) {
			m.companies = append(m.companies, Company{Name: name})
			return crm.LookupValue{ID: name, Name: name}, nil
		}
	}
	v, note, err := l.Resolve(ctx, *at)
	if err != nil {
		return nil, err
	}
	if *at = v.Name; note.Field == "" {
		return nil, nil
	}
	return []remote.Note{note}, nil
}

func companyOf(it pim.Item) *string {
	switch v := it.(type) {
	case *pim.Event:
		return &v.CRM.Company
	case *pim.Task:
		return &v.CRM.Company
	case *pim.Contact:
		return &v.Company
	}
	return nil
}

// typeOf is the type of an activity, "" for other items.
func typeOf(it pim.Item) string {
	switch v := it.(type) {
	case *pim.Event:
		return v.CRM.Type
	case *pim.Task:
		return v.CRM.Type
	}
	return ""
}
