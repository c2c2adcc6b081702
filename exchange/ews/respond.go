package ews

import (
	"context"
	"strings"

	"crmbridge/pim"
	"crmbridge/remote"
)

// Answers to meetings that others invite to. Exchange keeps the mailbox's own answer apart from the list of attendees, which is the
// organiser's.

// responses are the objects that give an answer. Declining is left to people: Exchange takes a declined meeting out of the calendar.
var responses = map[string]string{"accepted": "t:AcceptItem", "tentative": "t:TentativelyAcceptItem"}

// ownAnswer is the answer of an address among attendees; ok is false when it is not one.
func ownAnswer(e *pim.Event, address string) (answer string, ok bool) {
	for _, a := range e.Attendees {
		if address != "" && strings.EqualFold(a.Email, address) {
			return strings.TrimPrefix(a.Answer, "needs-action"), true
		}
	}
	return "", false
}

// answersOther reports that a change of the attendees can only be an answer of the mailbox to somebody else's meeting.
func (m *mail) answersOther(it pim.Item, set pim.FieldSet) bool {
	e, ok := it.(*pim.Event)
	return ok && set.Has(pim.FieldAttendees) && !organises(e, m.account.mailbox)
}

// respond gives the mailbox's answer when it is not the one that Exchange has. By itself nobody is mailed.
func (m *mail) respond(ctx context.Context, ref remote.Ref, e *pim.Event, now *item) (remote.Ref, []remote.Note, error) {
	wanted, ok := ownAnswer(e, m.account.mailbox)
	if !ok || wanted == answers[now.MyResponse.text()] {
		return ref, nil, nil
	}
	object := responses[wanted]
	if object == "" {
		return ref, []remote.Note{{Field: pim.FieldAttendees, Wanted: wanted, Says: "the answer was not given in Exchange, which keeps accepted and tentative meetings only; decline it there"}}, nil
	}
	how := "SaveOnly"
	if m.settings["invitations"] == inviteAll {
		how = "SendAndSaveCopy"
	}
	reference := itemID(string(ref.ID), ref.Version)
	reference.name = "t:ReferenceItemId"
	a, err := m.account.call(ctx, request{op: opUpdate, write: true, body: node("m:CreateItem", node("m:Items", node(object, reference))).with("MessageDisposition", how)})
	if err != nil {
		return ref, nil, err
	}
	if _, err := a.only(opUpdate); err != nil {
		return ref, nil, err
	}
	ref.Version, err = m.version(ctx, opUpdate, string(ref.ID))
	return ref, nil, err
}
