package memory

import (
	"slices"

	"crmbridge/pim"
)

// Mail is one that a write through the driver sent, or would have where somebody else
// than a test runs the system.
type Mail struct {
	Kind string // invitation, update or cancellation
	To   string // an address, or a name where there is none
}

// Mails are those sent so far, in order. Only writes to a system with Options.Mails send
// any; what a person does at its screen (Add, Edit) is not counted.
func (m *System) Mails() []Mail {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.mails)
}

// mail sends to everybody who takes part in any of the items, once. It runs under mu.
func (m *System) mail(kind string, items ...pim.Item) {
	if !m.opt.Mails {
		return
	}
	for _, to := range Guests(items...) {
		m.mails = append(m.mails, Mail{Kind: kind, To: to})
	}
}

// Guests are the addresses, or names where there is none, of those who take part in any of the items or of their occurrences, each once.
func Guests(items ...pim.Item) (out []string) {
	for _, it := range items {
		all := pim.ActivityOf(it).Attendees
		if rec := pim.RecurrenceOf(it); rec != nil {
			for _, o := range rec.Changed {
				all = append(slices.Clip(all), pim.ActivityOf(o.Item).Attendees...)
			}
		}
		for _, a := range all {
			to := a.Email
			if to == "" {
				to = a.Name
			}
			if !slices.Contains(out, to) {
				out = append(out, to)
			}
		}
	}
	return out
}
