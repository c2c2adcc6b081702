package api

import (
	"context"
	"encoding/json"
	"strings"

	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/store"
)

// newLink is a link to be made.
type newLink struct {
	Body struct {
		Driver     string                     `json:"driver" doc:"One of /drivers."`
		Settings   remote.Settings            `json:"settings,omitempty" doc:"The options of the driver by name."`
		Collection string                     `json:"collection" doc:"Of the account: calendar, tasks, contacts; mail or mail-NAME for messages."`
		Name       string                     `json:"name,omitempty" doc:"Empty is driver and collection."`
		Remote     []string                   `json:"remote,omitempty" doc:"Collections of the other side, by id or name; none is the one that fits."`
		Rules      map[string]json.RawMessage `json:"rules,omitempty"`
	}
}

// added is a link that was made, and how its test went.
type added struct {
	ID         store.LinkID   `json:"id"`
	Name       string         `json:"name"`
	User       string         `json:"user"`
	Collection string         `json:"collection"`
	Remote     string         `json:"remote"`
	Checks     []manage.Check `json:"checks"`
}

// addLink tests first: a link to what cannot be reached is not made.
func (c *call) addLink(ctx context.Context, in *newLink) (added, error) {
	b := in.Body
	n := manage.NewLink{Connection: manage.Connection{User: c.account, Driver: b.Driver}, Name: b.Name, Collection: b.Collection, Remote: b.Remote}
	var err error
	if n.Settings, err = c.Office.Drivers.Complete(b.Driver, b.Settings); err != nil {
		return added{}, err
	}
	if b.Rules != nil {
		rules, err := json.Marshal(b.Rules)
		if err != nil {
			return added{}, err
		}
		n.Rules = string(rules)
	}
	kinds, err := c.Office.LookOver(ctx, n)
	if err != nil {
		return added{}, err
	}
	checks, err := c.Office.Probe(ctx, n.Connection, kinds)
	if err != nil {
		return added{}, err
	}
	if manage.Hopeless(checks) {
		return added{}, failed(checks)
	}
	l, err := c.Office.AddLink(ctx, n)
	return added{l.ID, l.Name, c.account, b.Collection, l.Remote, checks}, err
}

// failed says which checks did not pass.
func failed(checks []manage.Check) error {
	var faults []string
	for _, k := range checks {
		if !k.OK {
			faults = append(faults, k.Name+": "+k.Fault)
		}
	}
	return pim.Errorf("link add", pim.ErrInvalid, "the connection does not work: %s", strings.Join(faults, "; "))
}
