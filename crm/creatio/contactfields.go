package creatio

import (
	"context"
	"slices"

	"crmbridge/crm"
	"crmbridge/pim"
	"crmbridge/remote"
)

// contactRead is a contact with what it is read with, contactWrite one write of its own
// columns: cur is empty for a new contact, out gets the columns.
type (
	contactRead struct {
		*contacts
		contact
		l contactLists
	}
	contactWrite struct {
		*contacts
		ctx context.Context
		k   *looking
		cur contact
		c   *pim.Contact
		set pim.FieldSet
		l   contactLists
		out row
	}
	contactField = crm.Field[contactRead, *contactWrite]
)

// contactFields is the table of contacts. Numbers and addresses are rows of their own,
// which syncComms and syncAddresses write; columnsFor and shownAddress mirror them in the
// contact's columns.
func contactFields() crm.Fields[contactRead, *contactWrite] {
	people := pim.Kinds(pim.KindContact)
	row := func(m remote.Mapping, k pim.KindSet, read func(contactRead, pim.Item), write func(*contactWrite) error) contactField {
		return contactField{Mapping: m, Kinds: k, Read: read, Write: write}
	}
	list := func(id pim.FieldID, col, entity, what string, at func(*pim.Contact) *string, from func(contactLists) *table) contactField {
		return row(crm.Of(entity, crm.In(id, remote.ChoiceColumn, col)), people,
			func(r contactRead, it pim.Item) { *at(it.(*pim.Contact)) = from(r.l).name(r.ref(col)) },
			func(w *contactWrite) error {
				x, err := w.k.pick(w.ctx, id, what, entity, *at(w.c), "")
				w.out[col] = x
				return err
			},
		)
	}
	return crm.Fields[contactRead, *contactWrite]{
		row(crm.Required(crm.In(pim.FieldFullName, remote.TextColumn, "Name")), people, readName, (*contactWrite).naming),
		row(crm.In(pim.FieldName, remote.TextColumn, "GivenName", "MiddleName", "Surname"), people, nil, (*contactWrite).naming),
		list(pim.FieldSalutation, "SalutationTypeId", "ContactSalutationType", "salutation",
			func(c *pim.Contact) *string { return &c.Salutation }, func(l contactLists) *table { return l.salutations }),
		row(crm.Of("Gender", crm.In(pim.FieldGender, remote.ChoiceColumn, "GenderId")), people, readGender, (*contactWrite).gender),
		row(crm.In(pim.FieldBirthday, remote.DayColumn, "BirthDate"), people, readBirthday, (*contactWrite).birthday),
		row(crm.Of("Account", crm.In(pim.FieldCompany, remote.ReferenceColumn, "AccountId")), people, readCompany, (*contactWrite).company),
		list(pim.FieldDepartment, "DepartmentId", "Department", "department",
			func(c *pim.Contact) *string { return &c.Department }, func(l contactLists) *table { return l.departments }),
		row(crm.Tied(crm.In(pim.FieldJobTitle, remote.TextColumn, "JobTitle")), people, readJobTitle, (*contactWrite).jobTitle),
		row(crm.Of("Job", crm.In(pim.FieldRole, remote.ChoiceColumn, "JobId")), people, readJob, (*contactWrite).job),
		list(pim.FieldDecisionRole, "DecisionRoleId", "ContactDecisionRole", "role in decisions",
			func(c *pim.Contact) *string { return &c.DecisionRole }, func(l contactLists) *table { return l.decisions }),
		list(pim.FieldContactType, "TypeId", "ContactType", "contact type",
			func(c *pim.Contact) *string { return &c.Type }, func(l contactLists) *table { return l.types }),
		row(crm.Of("ContactCommunication", crm.In(pim.FieldPhones, remote.RowsColumn, "Number", "CommunicationTypeId")), people, readComms, nil),
		row(crm.Of("ContactCommunication", crm.In(pim.FieldEmails, remote.RowsColumn, "Number", "CommunicationTypeId")), people, nil, nil),
		row(crm.Of("ContactCommunication", crm.In(pim.FieldURLs, remote.RowsColumn, "Number", "CommunicationTypeId")), people, nil, nil),
		row(crm.Of("ContactCommunication", crm.In(pim.FieldIMs, remote.RowsColumn, "Number", "CommunicationTypeId")), people, nil, nil),
		row(crm.Of("ContactAddress", crm.In(pim.FieldAddresses, remote.RowsColumn, "Address", "CityId", "RegionId", "CountryId", "Zip", "AddressTypeId")), people, readAddresses, nil),
		row(crm.In(pim.FieldDoNotUse, remote.FlagColumn, doNotUseColumns()...), people, readDoNotUse, (*contactWrite).doNotUse),
		row(crm.In(pim.FieldNotes, remote.TextColumn, "Notes"), people, readNotes, (*contactWrite).notes),
		row(crm.Of("Contact", crm.ReadOnly(crm.In(pim.FieldOwner, remote.ReferenceColumn, "OwnerId"))), people, readOwner, nil),
	}
}

func readName(r contactRead, it pim.Item) {
	c := it.(*pim.Contact)
	c.FullName, c.Given, c.Middle, c.Family = r.text("Name"), r.text("GivenName"), r.text("MiddleName"), r.text("Surname")
}

func readGender(r contactRead, it pim.Item) {
	switch r.l.genders.word[r.ref("GenderId")] {
	case genderMale:
		it.(*pim.Contact).Gender = "M"
	case genderFemale:
		it.(*pim.Contact).Gender = "F"
	}
}

func (w *contactWrite) gender() error {
	w.out["GenderId"] = w.l.genders.ids[map[string]string{"M": genderMale, "F": genderFemale}[w.c.Gender]]
	return nil
}

func readBirthday(r contactRead, it pim.Item) {
	it.(*pim.Contact).Birthday = birthday(r.time("BirthDate"))
}

func (w *contactWrite) birthday() error {
	w.out["BirthDate"] = day(w.c.Birthday)
	return nil
}

func readCompany(r contactRead, it pim.Item) {
	it.(*pim.Contact).Company = r.sub("Account").text("Name")
}

func (w *contactWrite) company() error {
	id, err := w.k.company(w.ctx, w.c.Company, true)
	w.out["AccountId"] = id
	return err
}

func readJobTitle(r contactRead, it pim.Item) { it.(*pim.Contact).Title = r.text("JobTitle") }

func (w *contactWrite) jobTitle() error {
	w.out["JobTitle"] = clip(w.c.Title, nameLimit)
	return nil
}

func readJob(r contactRead, it pim.Item) {
	it.(*pim.Contact).Role = r.l.jobs.name(r.ref("JobId"))
}

// job stands behind the job title in the table: a job that is not in the list goes to the
// title, unless that has a text of its own.
func (w *contactWrite) job() error {
	instead, title := "", w.c.Title == "" && !w.leftOut(pim.KindContact, pim.FieldJobTitle)
	if title {
		instead = "it stands in the job title"
	}
	id, err := w.k.pick(w.ctx, pim.FieldRole, "job", "Job", w.c.Role, instead)
	if w.out["JobId"] = id; err == nil && id == "" && w.c.Role != "" && title {
		w.out["JobTitle"] = clip(w.c.Role, nameLimit)
	}
	return err
}

// readComms sorts all numbers by what they are.
func readComms(r contactRead, it pim.Item) {
	c := it.(*pim.Contact)
	for _, x := range commsOf(r.contact, r.l) {
		switch x.class {
		case classEmail:
			c.Emails = append(c.Emails, x.labeled())
		case classURL:
			c.URLs = append(c.URLs, x.labeled())
		case classIM:
			c.IMs = append(c.IMs, x.labeled())
		default:
			c.Phones = append(c.Phones, x.labeled())
		}
	}
}

func readAddresses(r contactRead, it pim.Item) {
	it.(*pim.Contact).Addresses = addressesOf(r.contact, r.l)
}

func readDoNotUse(r contactRead, it pim.Item) {
	c := it.(*pim.Contact)
	for i, col := range doNotUseColumns() {
		if r.flag(col) {
			c.DoNotUse = append(c.DoNotUse, doNotUseWords()[i])
		}
	}
}

func (w *contactWrite) doNotUse() error {
	for i, col := range doNotUseColumns() {
		w.out[col] = slices.Contains(w.c.DoNotUse, doNotUseWords()[i])
	}
	return nil
}

func readNotes(r contactRead, it pim.Item) { it.(*pim.Contact).Notes = lines(r.text("Notes")) }

func (w *contactWrite) notes() error {
	w.out["Notes"] = w.c.Notes
	return nil
}

func readOwner(r contactRead, it pim.Item) { it.(*pim.Contact).Owner = r.sub("Owner").text("Name") }
