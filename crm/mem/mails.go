package mem

import (
	"slices"

	"crmbridge/pim"
)

// Mail is one that a write through the driver sent, or would have where somebody else
// than a test runs the CRM.
type Mail struct {
	Kind string // invitation, update or cancellation
	To   string // an address, or a name where there is none
}

// Mails are those sent so far, in order. Only writes of a CRM with Options.Mails send
// any; what a person does at its screen (Add, Edit) is not counted.
func (m *CRM) Mails() []Mail {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.mails)
}

// mail sends to everybody who takes part in any of the items, once. It runs under mu.
func (m *CRM) mail(kind string, items ...pim.Item) {
	if !m.opt.Mails {
		return
	}
	var told []string
	for _, it := range items {
		all := attendees(it)
		if rec := pim.RecurrenceOf(it); rec != nil {
			for _, o := range rec.Changed {
				all = append(slices.Clip(all), attendees(o.Item)...)
			}
		}
		for _, a := range all {
			to := a.Email
			if to == "" {
				to = a.Name
			}
			if !slices.Contains(told, to) {
				told = append(told, to)
				m.mails = append(m.mails, Mail{Kind: kind, To: to})
			}
		}
	}
}

func attendees(it pim.Item) []pim.Attendee {
	switch v := it.(type) {
	case *pim.Event:
		return v.Attendees
	case *pim.Task:
		return v.Attendees
	}
	return nil
}
