package relay

import (
	"cmp"

	"crmbridge/pim"
	"crmbridge/store"
)

// read is the typed view of a text as the remote of the run is to see it.
func (r *run) read(kind pim.Kind, text []byte) (pim.Item, error) { return r.readOver(kind, text, nil) }

// readOver is read for an item that was base before; see codec.unsaid.
func (r *run) readOver(kind pim.Kind, text []byte, base pim.Item) (pim.Item, error) {
	it, err := r.codec.readOver(kind, text, base)
	if err != nil || it == nil {
		return it, err
	}
	it = r.limit(pim.WithOccurrences(it, func(o pim.Occurrence) pim.Item { return r.forCRM(o.Item) }))
	return r.forCRM(it), nil
}

// forCRM is the item as a CRM is to see it.
func (r *run) forCRM(it pim.Item) pim.Item {
	if r.link.Side != store.CRM {
		return it
	}
	if it = coded(it); r.traits.OneContact {
		it = firstContact(it)
	}
	return it
}

// firstContact is the item with its first attendee as its contact, if it has none. All
// attendees stay in the text.
func firstContact(it pim.Item) pim.Item {
	attendees := pim.ActivityOf(it).Attendees
	contact, _ := pim.FieldByID(pim.FieldContact)
	if len(attendees) == 0 || contact.Text(it) != "" {
		return it
	}
	name := cmp.Or(attendees[0].Name, attendees[0].Email)
	out := pim.Clone(it)
	switch v := out.(type) {
	case *pim.Event:
		v.CRM.Contact = name
	case *pim.Task:
		v.CRM.Contact = name
	}
	return out
}

// coded is the item as a CRM is to see it: a category #CODE# names its company. The text
// keeps what the device wrote.
func coded(it pim.Item) pim.Item {
	for _, c := range pim.CategoriesOf(it) {
		if _, ok := pim.CompanyCode(c); !ok {
			continue
		}
		out := pim.Clone(it)
		switch v := out.(type) {
		case *pim.Event:
			v.CRM.Company = c
		case *pim.Task:
			v.CRM.Company = c
		case *pim.Contact:
			v.Company = c
		}
		return out
	}
	return it
}
