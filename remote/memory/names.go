package memory

import (
	"context"

	"crmbridge/pim"
	"crmbridge/remote"
)

// Company is one of the system's companies.
type Company struct {
	Name, Code string
	Domain     string        // of its addresses
	Primary    remote.ItemID // its primary contact
}

// AddCompany makes a company, as a person at the screen does.
func (m *System) AddCompany(c Company) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.companies = append(m.companies, c)
}

// List is what a system has of one kind of thing that items name.
type List struct {
	Field  pim.FieldID
	What   string // for people: "company"
	Values []remote.LookupValue
	Codes  map[string]remote.LookupValue // by code; nil: there are no codes
	// Add makes a value that is not there; nil: nobody may. It is called before Find returns.
	Add func(name string) remote.LookupValue
}

// Names finds names that items carry in lists.
type Names interface {
	// Find is the name of the value of the list that an item's name means, "" when there is none. The note, if its field is set, says
	// what became of the name.
	Find(ctx context.Context, l List, name string) (became string, note remote.Note, err error)
	// Candidates are the values that a text can mean, the best first.
	Candidates(text string, values []remote.LookupValue) []remote.LookupValue
}

// candidates are, without Names, the values of exactly that name.
func (m *System) candidates(text string, values []remote.LookupValue) (out []remote.LookupValue) {
	if m.names != nil {
		return m.names.Candidates(text, values)
	}
	for _, v := range values {
		if v.Name == text {
			out = append(out, v)
		}
	}
	return out
}

// lookUp puts the system's own company and contact in the place of those that an item names,
// for the fields of set. Runs under mu.
func (m *System) lookUp(ctx context.Context, it pim.Item, set pim.FieldSet) (notes []remote.Note, err error) {
	if m.names == nil {
		return nil, nil
	}
	find := func(l List, at *string) error {
		became, note, err := m.names.Find(ctx, l, *at)
		if err != nil {
			return err
		}
		if *at = became; note.Field != "" {
			notes = append(notes, note)
		}
		return nil
	}
	if at := companyOf(it); at != nil && m.opt.KnowsCompanies && set.Has(pim.FieldCompany) {
		if err := find(m.companyList(), at); err != nil {
			return nil, err
		}
	}
	if at := contactOf(it); at != nil && m.opt.OneContact && set.Has(pim.FieldContact) {
		if err := find(m.contactList(), at); err != nil {
			return nil, err
		}
	}
	return notes, nil
}

func (m *System) companyList() List {
	l := List{Field: pim.FieldCompany, What: "company", Codes: map[string]remote.LookupValue{}}
	for _, c := range m.companies {
		v := remote.LookupValue{ID: c.Name, Name: c.Name}
		l.Values = append(l.Values, v)
		if c.Code != "" {
			l.Codes[c.Code] = v
		}
	}
	if m.opt.CreatesCompanies {
		l.Add = func(name string) remote.LookupValue {
			m.companies = append(m.companies, Company{Name: name})
			return remote.LookupValue{ID: name, Name: name}
		}
	}
	return l
}

func (m *System) contactList() List {
	l := List{Field: pim.FieldContact, What: "contact"}
	for _, r := range m.ordered(Contacts) {
		if c, ok := r.item.(*pim.Contact); ok {
			l.Values = append(l.Values, remote.LookupValue{ID: string(r.id), Name: c.FullName})
		}
	}
	if m.opt.CreatesContacts {
		l.Add = func(name string) remote.LookupValue {
			r := m.insert(Contacts, &pim.Contact{FullName: name}, "", "", m.opt.User)
			return remote.LookupValue{ID: string(r.id), Name: name}
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
	case *pim.Message:
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
	case *pim.Message:
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
	case *pim.Message:
		return v.CRM.Type
	}
	return ""
}
