package tryton

import (
	"context"
	"strings"

	"crmbridge/crm"
	"crmbridge/pim"
	"crmbridge/remote"
)

// partyRead is a party with what it is read with, partyWrite one write of it: now is
// empty for a new party.
type (
	partyRead struct {
		*party
		f *facts
	}
	partyWrite struct {
		*connector
		ctx        context.Context
		f          *facts
		now        party
		want       *pim.Contact
		set        pim.FieldSet
		out        values
		mechanisms edits
		addresses  edits
		notes      []remote.Note
	}
	partyField  = crm.Field[partyRead, *partyWrite]
	partyFields = crm.Fields[partyRead, *partyWrite]
)

// partyTable is the table of parties. hires: a relation says who works for whom;
// otherwise organisations are still shown as such.
func partyTable(hires bool) partyFields {
	row := func(m remote.Mapping, asks []string, read func(partyRead, pim.Item), write func(*partyWrite) error) partyField {
		return partyField{Mapping: m, Kinds: pim.Kinds(pim.KindContact), Asks: asks, Read: read, Write: write}
	}
	numbers := func(id pim.FieldID, g group, at func(*pim.Contact) *[]pim.Labeled) partyField {
		return row(crm.Of(modelMechanism, crm.In(id, remote.RowsColumn, "contact_mechanisms")),
			[]string{"contact_mechanisms.type", "contact_mechanisms.value", "contact_mechanisms.name", "contact_mechanisms.sequence", "contact_mechanisms._timestamp"},
			func(r partyRead, it pim.Item) {
				*at(it.(*pim.Contact)) = labeled(sortMechanisms(r.Mechanisms), g)
			},
			func(w *partyWrite) error {
				w.mechanisms.add(mechanismEdits(sortMechanisms(w.now.Mechanisms), g, *at(w.want)))
				return nil
			})
	}
	name := func(id pim.FieldID) remote.Mapping { return crm.Tied(crm.In(id, remote.TextColumn, "name")) }
	company := crm.Of(modelRelation, crm.In(pim.FieldCompany, remote.RowsColumn, "relations"))
	if !hires {
		company = crm.ReadOnly(company)
	}
	return partyFields{
		row(name(pim.FieldFullName), nil, readPartyName, (*partyWrite).name),
		row(name(pim.FieldName), nil, nil, (*partyWrite).name),
		row(name(pim.FieldPrefix), nil, nil, (*partyWrite).name),
		row(name(pim.FieldSuffix), nil, nil, (*partyWrite).name),
		numbers(pim.FieldPhones, phones, func(c *pim.Contact) *[]pim.Labeled { return &c.Phones }),
		numbers(pim.FieldEmails, emails, func(c *pim.Contact) *[]pim.Labeled { return &c.Emails }),
		numbers(pim.FieldURLs, pages, func(c *pim.Contact) *[]pim.Labeled { return &c.URLs }),
		numbers(pim.FieldIMs, messengers, func(c *pim.Contact) *[]pim.Labeled { return &c.IMs }),
		row(crm.Of(modelAddress, crm.In(pim.FieldAddresses, remote.RowsColumn, "addresses")),
			[]string{"addresses.name", "addresses.street", "addresses.postal_code", "addresses.city", "addresses.country.name",
				"addresses.subdivision.name", "addresses.sequence", "addresses._timestamp"},
			readPlaces, (*partyWrite).places),
		row(crm.Of("party.category", crm.In(pim.FieldCategories, remote.RowsColumn, "categories")), []string{"categories.rec_name"}, readPartyCategories, (*partyWrite).categories),
		row(company, []string{}, readEmployer, (*partyWrite).employer),
	}
}

// readPartyName reads the name and, from it, its parts.
func readPartyName(r partyRead, it pim.Item) {
	c, n := it.(*pim.Contact), splitName(r.Name)
	c.FullName, c.Prefix, c.Given, c.Middle, c.Family, c.Suffix = r.Name, n.prefix, n.given, n.middle, n.family, n.suffix
}

func (w *partyWrite) name() error {
	if name, changes := nameFor(w.now.Name, w.want, w.set); changes {
		w.out["name"] = orNull(name)
	}
	return nil
}

func readPlaces(r partyRead, it pim.Item) { it.(*pim.Contact).Addresses = addresses(r.Addresses) }

func (w *partyWrite) places() error {
	ts, notes, err := w.targets(w.ctx, w.want.Addresses)
	if err == nil {
		w.addresses, w.notes = addressEdits(w.now.Addresses, ts), append(w.notes, notes...)
	}
	return err
}

func readPartyCategories(r partyRead, it pim.Item) {
	for _, c := range r.Categories {
		it.(*pim.Contact).Categories = append(it.(*pim.Contact).Categories, c.Path)
	}
}

func readEmployer(r partyRead, it pim.Item) {
	if c := it.(*pim.Contact); isOrganisation(r.Name) {
		c.Company = r.Name
	} else {
		c.Company = employerOf(r.f, r.Relations)
	}
}

func (w *partyWrite) employer() error {
	if w.f.employer == 0 || isOrganisation(w.want.FullName) {
		return nil
	}
	notes, err := w.employerTie(w.ctx, w.f, w.now, strings.TrimSpace(oneLine(w.want.Company)), w.out)
	w.notes = append(w.notes, notes...)
	return err
}
