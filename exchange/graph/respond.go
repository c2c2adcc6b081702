package graph

import (
	"context"
	"slices"
	"strings"

	"crmbridge/pim"
	"crmbridge/remote"
)

// Answers to meetings that others invite to. Graph keeps the mailbox's own apart from the list of attendees (event: responseStatus), which is the
// organiser's, and takes it by an action, which can be silent ("event: accept": sendResponse).

// action is that of an answer; "" is none.
func action(answer string) string {
	switch answer {
	case "accepted":
		return "/accept"
	case "tentative":
		return "/tentativelyAccept"
	case "declined":
		return "/decline"
	}
	return ""
}

// introduce learns under which addresses the mailbox is invited, when events are read that others organise.
func (s *events) introduce(ctx context.Context, all []event) error {
	if s.self.known() || !slices.ContainsFunc(all, func(e event) bool { return !e.Organising && len(e.Attendees) > 0 }) {
		return nil
	}
	_, err := s.calendars(ctx)
	return err
}

// invited reports an address of the mailbox, as far as it is introduced.
func (c *connector) invited(address string) bool {
	return address != "" && (strings.EqualFold(address, c.mailbox) || c.self.is(address))
}

// ownAnswer is the mailbox's answer in an item; ok is false when it is not invited.
func (c *connector) ownAnswer(it pim.Item) (answer string, ok bool) {
	e, _ := it.(*pim.Event)
	if e == nil {
		return "", false
	}
	for _, a := range e.Attendees {
		if c.invited(a.Email) {
			return strings.TrimPrefix(a.Answer, "needs-action"), true
		}
	}
	return "", false
}

// answering is the answer that a change of a meeting of others would give, "" for none; ok says that another one than before is wanted.
func (s *events) answering(now *event, want pim.Item, changed pim.FieldSet) (answer string, ok bool) {
	if now.Organising || !changed.Has(pim.FieldAttendees) {
		return "", false
	}
	answer, there := s.ownAnswer(want)
	return answer, there && answer != answerOf(now.Answered.Response)
}

// respond gives the mailbox's answer. A meeting that is declined is taken out of the calendar by Exchange.
func (s *events) respond(ctx context.Context, op string, now *event, answer string, d *draft[*event]) (given bool, err error) {
	if action(answer) == "" {
		d.lost(pim.FieldAttendees, answer, "the answer was not taken back in Microsoft 365, which cannot forget one")
		return false, nil
	}
	_, err = s.send(ctx, request{op: op, method: "POST", path: s.path(remote.ItemID(now.ID)) + action(answer), body: map[string]any{"sendResponse": s.mailsAnswers}})
	return err == nil, err
}

// unanswered notes answers to single occurrences of a series of others, which are not given.
func (s *events) unanswered(now *event, is, want *pim.Event, d *draft[*event]) {
	if now.Organising || want.Recurrence == nil {
		return
	}
	for _, o := range want.Recurrence.Changed {
		wanted, invited := s.ownAnswer(o.Item)
		if had, _ := s.ownAnswer(pim.OwnOccurrence(is, o.At)); invited && wanted != had {
			d.lost(pim.FieldAttendees, wanted, "the answer to a single occurrence was not given in Microsoft 365; answer the series, or there")
			return
		}
	}
}
