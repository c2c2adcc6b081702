package mem

import (
	"context"

	"crmbridge/crm"
	"crmbridge/pim"
	"crmbridge/remote"
)

// Company is one of the CRM's companies.
type Company struct {
	Name, Code string
	Domain     string        // of its addresses
	Primary    remote.ItemID // its primary contact
}

// AddCompany makes a company, as a person at the screen does.
func (m *CRM) AddCompany(c Company) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.companies = append(m.companies, c)
}

// lookUp puts the CRM's own company and contact in the place of those that an item names,
// for the fields of set. Runs under mu.
func (m *CRM) lookUp(ctx context.Context, it pim.Item, set pim.FieldSet) (notes []remote.Note, err error) {
	find := func(l crm.Lookup, at *string) error {
		v, note, err := l.Resolve(ctx, *at)
		if err != nil {
			return err
		}
		if *at = v.Name; note.Field != "" {
			notes = append(notes, note)
		}
		return nil
	}
	if at := companyOf(it); at != nil && m.opt.KnowsCompanies && set.Has(pim.FieldCompany) {
		if err := find(m.companyLookup(), at); err != nil {
			return nil, err
		}
	}
	if at := contactOf(it); at != nil && m.opt.OneContact && set.Has(pim.FieldContact) {
		if err := find(m.contactLookup(), at); err != nil {
			return nil, err
		}
	}
	return notes, nil
}

func (m *CRM) companyLookup() crm.Lookup {
	l := crm.Lookup{
		Field: pim.FieldCompany, What: "company",
		Find: func(context.Context, string) (out crm.Offer, _ error) {
			for _, c := range m.companies {
				out.Values = append(out.Values, crm.LookupValue{ID: c.Name, Name: c.Name})
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
	return l
}

func (m *CRM) contactLookup() crm.Lookup {
	l := crm.Lookup{
		Field: pim.FieldContact, What: "contact",
		Find: func(context.Context, string) (out crm.Offer, _ error) {
			for _, r := range m.ordered(Contacts) {
				if c, ok := r.item.(*pim.Contact); ok {
					out.Values = append(out.Values, crm.LookupValue{ID: string(r.id), Name: c.FullName})
				}
			}
			return out, nil
		},
	}
	if m.opt.CreatesContacts {
		l.Add = func(_ context.Context, name string) (crm.LookupValue, error) {
			r := m.insert(Contacts, &pim.Contact{FullName: name}, "", "", m.opt.User)
			return crm.LookupValue{ID: string(r.id), Name: name}, nil
		}
	}
	return l
}

func contactOf(it pim.Item) *string {
	switch v := it.(type) {
	case *pim.Event:
		return &v.CRM.Contact
	case *pim.Task:
		return &v.CRM.Contact
	}
	return nil
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
