package graphsim

import (
	"slices"
	"strings"
	"time"
)

// Mail is a message that the service would have sent on its own.
type Mail struct {
	At      time.Time `json:"at"`
	Mailbox string    `json:"mailbox"` // whose calendar it came from
	Kind    string    `json:"kind"`    // invitation, update, cancellation; accepted, tentativelyAccepted, declined
	To      string    `json:"to"`
	Subject string    `json:"subject"`
	ICalUID string    `json:"iCalUId"` // of the event or series
}

// mail records one message about an event. Nobody writes to themselves.
func (s *Sim) mail(it *item, kind, to string) {
	if strings.EqualFold(to, it.box.user.Name) {
		return
	}
	s.stats.Mail(Mail{At: s.opt.Now(), Mailbox: it.box.user.Name, Kind: kind, To: to, Subject: text(it.props["subject"]),
		ICalUID: s.iCalUID(it, noDay)})
}

// mailAbout writes to people about an event, or one occurrence of it, that its owner organises.
func (s *Sim) mailAbout(it *item, kind string, to []string) {
	if it.organizer != nil {
		return
	}
	for _, address := range to {
		s.mail(it, kind, address)
	}
}

// mailChange writes about a change: invitations to who is new, cancellations to who is no longer there, and updates to the
// others, unless nothing but the attendees was sent. A series with changed occurrences has a message for each of them too.
func (s *Sim) mailChange(it *item, day int, before []string, body object) {
	after := it.attendees(day)
	var added, kept, gone []string
	for _, a := range after {
		if containsFold(before, a) {
			kept = append(kept, a)
		} else {
			added = append(added, a)
		}
	}
	for _, b := range before {
		if !containsFold(after, b) {
			gone = append(gone, b)
		}
	}
	s.mailAbout(it, "invitation", added)
	s.mailAbout(it, "cancellation", gone)
	if _, only := body["attendees"]; only && len(body) == 1 {
		return
	}
	times := 1
	if day == noDay {
		times += len(it.changed)
	}
	for range times {
		s.mailAbout(it, "update", kept)
	}
}

func containsFold(all []string, one string) bool {
	return slices.ContainsFunc(all, func(a string) bool { return strings.EqualFold(a, one) })
}
