package dav

import (
	"context"
	"slices"
	"strings"

	"crmbridge/pim"
	"crmbridge/pim/line"
	"crmbridge/remote"
)

// Mails implements remote.Mailer. What this driver makes is silent, and so is a deletion of what somebody else organises; what a
// person has made on a scheduling server and invited others to is not, whoever changes it there.
func (m *mailbox) Mails(ctx context.Context, c remote.CollectionID, old remote.Ref, e remote.Entry, changed pim.FieldSet) ([]string, error) {
	const op = "dav: mails"
	f, err := m.folder(ctx, c)
	if err != nil || !f.schedules || old.ID == "" {
		return nil, err
	}
	u, ok := f.url(old.ID)
	if !ok {
		return nil, missing(op)
	}
	// Alarms are everybody's own (RFC 6638 3.2.1).
	if e.Item != nil && changed.And(carries()[e.Item.Kind()]).Minus(pim.Set(pim.FieldReminders)).IsEmpty() {
		return nil, nil
	}
	o, found, err := m.single(ctx, f, op, u)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, missing(op)
	}
	return told(o.text, f.mine, e.Item, changed)
}

// told are those whom the server would mail about a write to text.
func told(text []byte, mine map[string]bool, it pim.Item, changed pim.FieldSet) ([]string, error) {
	_, comps, err := components(text)
	if err != nil {
		return nil, err
	}
	var out []string
	add := func(who string) {
		if who != "" && !mine[who] && !slices.Contains(out, who) {
			out = append(out, who)
		}
	}
	for _, c := range comps {
		organizer := c.First("ORGANIZER")
		if organizer == nil {
			continue
		}
		who := address(organizer.Value)
		// Of a server that does not tell who the user is the worst is expected.
		if mine == nil || mine[who] {
			for _, l := range c.All("ATTENDEE") {
				if byServer(l) && address(l.Value) != who {
					add(address(l.Value))
				}
			}
			continue
		}
		if it != nil && changed.Has(pim.FieldAttendees) && byServer(organizer) && answers(c, mine, it) {
			add(who)
		}
	}
	return out, nil
}

// answers reports that the user's own answer to an invitation would change.
func answers(c *line.Block, mine map[string]bool, it pim.Item) bool {
	now := map[string]string{}
	for _, a := range pim.ActivityOf(it).Attendees {
		now[address(a.Email)] = strings.TrimPrefix(strings.ToLower(a.Answer), "needs-action")
	}
	for _, l := range c.All("ATTENDEE") {
		who := address(l.Value)
		if answer, there := now[who]; mine[who] && (!there || answer != strings.TrimPrefix(strings.ToLower(l.Param("PARTSTAT")), "needs-action")) {
			return true
		}
	}
	return false
}
