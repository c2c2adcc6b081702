package ewssim

import (
	"slices"
	"strings"
	"time"
)

// Mail is a message that the server sent.
type Mail struct {
	At      time.Time
	From    string
	To      []string // addresses in small letters, sorted
	Kind    string   // invitation, update, cancellation, response or message
	Subject string
	UID     string // of the meeting
}

// Mails are all messages sent so far.
func (s *Sim) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mails)
}

// listedAttendees are the addresses of all attendees.
func listedAttendees(v view) []string {
	var out []string
	for _, name := range attendeeProps() {
		out = append(out, addresses(v.prop(name))...)
	}
	return out
}

// addresses are those of recipients or attendees, in small letters.
func addresses(n *node) []string {
	var out []string
	for _, k := range n.all() {
		box := k
		if m := k.kid("Mailbox"); m != nil {
			box = m
		}
		if a := strings.ToLower(strings.TrimSpace(box.str("EmailAddress"))); a != "" {
			out = append(out, a)
		}
	}
	return out
}

// post records a mail, and returns the mailboxes here that get it.
func (c *call) post(from *mailbox, kind, subject, uid string, to []string) []*mailbox {
	to = slices.Clone(to)
	slices.Sort(to)
	to = slices.DeleteFunc(slices.Compact(to), func(a string) bool { return strings.EqualFold(a, from.Address) && kind != "message" })
	if len(to) == 0 {
		return nil
	}
	c.mails = append(c.mails, Mail{At: c.now, From: strings.ToLower(from.Address), To: to, Kind: kind, Subject: subject, UID: uid})
	var here []*mailbox
	for _, a := range to {
		if b := c.boxByAddress(a); b != nil {
			here = append(here, b)
		}
	}
	return here
}

// invite sends an invitation or cancellation of a meeting to all its attendees.
func (c *call) invite(it *item, kind string, occ *occurrence, how string) {
	v := view{it, occ}
	c.inviteSome(v, kind, listedAttendees(v), how)
}

// inviteChanged sends updates after a change: to all, or to those who came or went.
func (c *call) inviteChanged(v view, before []string, how string) {
	now := listedAttendees(v)
	gone := slices.DeleteFunc(slices.Clone(before), func(a string) bool { return slices.Contains(now, a) })
	c.inviteSome(v, "cancellation", gone, how)
	if strings.Contains(how, "Changed") {
		came := slices.DeleteFunc(slices.Clone(now), func(a string) bool { return slices.Contains(before, a) })
		c.inviteSome(v, "invitation", came, how)
		return
	}
	kind := "update"
	if len(before) == 0 {
		kind = "invitation"
	}
	c.inviteSome(v, kind, now, how)
}

func (c *call) inviteSome(v view, kind string, to []string, how string) {
	if len(to) == 0 {
		return
	}
	it := v.it
	it.set("MeetingRequestWasSent", "true")
	for _, b := range c.post(it.box, kind, v.text("Subject"), it.text("UID"), to) {
		c.deliverMeeting(v, kind, b)
	}
	if strings.Contains(how, "SaveCopy") {
		c.letter(it.box.named["sentitems"], it.box, "Message", v, to, true)
	}
}

// deliverMeeting puts a meeting into an attendee's calendar, tentatively, and the message into the inbox.
func (c *call) deliverMeeting(v view, kind string, b *mailbox) {
	copied := meetingOf(b, v.it.text("UID"))
	switch {
	case kind == "cancellation" && copied != nil:
		if v.occ != nil && copied.series != nil {
			copied.series.deleted[v.occ.orig.Unix()] = true
			delete(copied.series.changed, v.occ.orig.Unix())
		} else {
			copied.props["cancelled"] = el("cancelled", "1")
			copied.set("LegacyFreeBusyStatus", "Free")
			copied.set("Subject", "Canceled: "+strings.TrimPrefix(copied.text("Subject"), "Canceled: "))
		}
		b.touch(copied, 'u', c.now)
	case kind == "cancellation":
	case copied == nil:
		copied = v.it.clone(b)
		c.asReceived(copied, v.it)
		b.put(copied, b.named["calendar"])
	default:
		mine := map[string]*node{}
		for _, name := range []string{"MyResponseType", "LegacyFreeBusyStatus", "ReminderIsSet", "ReminderMinutesBeforeStart", "Categories"} {
			mine[name] = copied.props[name]
		}
		copied.props = cloneMap(v.it.props)
		c.asReceived(copied, v.it)
		for name, p := range mine {
			if p != nil {
				copied.props[name] = p
			}
		}
		if v.it.series != nil {
			copied.series = v.it.series.clone()
		}
		b.touch(copied, 'u', c.now)
	}
	class := "MeetingRequest"
	if kind == "cancellation" {
		class = "MeetingCancellation"
	}
	m := c.letter(b.named["inbox"], v.it.box, class, v, []string{b.Address}, false)
	if copied != nil {
		m.props["AssociatedCalendarItemId"] = c.itemID("t:AssociatedCalendarItemId", copied)
	}
}

// asReceived marks an attendee's copy as such. Extended properties of the organiser's stay there.
func (c *call) asReceived(copied, from *item) {
	copied.props = cloneMap(copied.props)
	copied.ext = map[string]*node{}
	copied.props["organizer"] = el("organizer", strings.ToLower(from.box.Address))
	copied.props["Organizer"] = el("t:Organizer", mailboxNode(from.box.Name, from.box.Address))
	copied.set("MyResponseType", "NoResponseReceived")
	copied.set("LegacyFreeBusyStatus", "Tentative")
	copied.created, copied.modified = c.now, c.now
}

// meetingOf finds a meeting in a mailbox's calendar by its UID.
func meetingOf(b *mailbox, uid string) *item {
	for _, it := range b.named["calendar"].sorted() {
		if it.isCalendar() && it.text("UID") == uid {
			return it
		}
	}
	return nil
}

// letter puts a message about a meeting, or a copy of one that was sent, into a folder.
func (c *call) letter(f *folder, from *mailbox, class string, v view, to []string, read bool) *item {
	m := f.box.newItem(class, c.now)
	m.set("Subject", v.text("Subject"))
	m.set("ItemClass", map[string]string{"Message": "IPM.Schedule.Meeting.Request", "MeetingRequest": "IPM.Schedule.Meeting.Request",
		"MeetingCancellation": "IPM.Schedule.Meeting.Canceled"}[class])
	m.set("IsRead", boolText(read))
	m.set("Sensitivity", v.text("Sensitivity"))
	m.set("Importance", "Normal")
	m.props["sent"] = el("sent", "1")
	m.props["From"] = el("t:From", mailboxNode(from.Name, from.Address))
	m.props["Sender"] = el("t:Sender", mailboxNode(from.Name, from.Address))
	rcpt := el("t:ToRecipients")
	for _, a := range to {
		rcpt.kids = append(rcpt.kids, mailboxNode(a, a))
	}
	m.props["ToRecipients"] = rcpt
	if b := v.prop("Body"); b != nil {
		m.props["Body"] = b
	}
	if strings.HasPrefix(class, "Meeting") {
		m.set("UID", v.it.text("UID"))
		m.set("IsDelegated", "false")
		m.set("IsOutOfDate", "false")
		m.set("HasBeenProcessed", "true")
		if class == "MeetingRequest" {
			m.set("MeetingRequestType", "NewMeetingRequest")
			m.set("Start", stamp(v.start()))
			m.set("End", stamp(v.end()))
			m.set("Location", v.text("Location"))
		}
	}
	f.box.put(m, f)
	return m
}

// respondObject does what AcceptItem and its like ask for; done is false for everything else.
func (c *call) respondObject(n *node) (made []*node, err error, done bool) {
	answers := map[string]string{"AcceptItem": "Accept", "TentativelyAcceptItem": "Tentative", "DeclineItem": "Decline"}
	kind := n.local()
	if answers[kind] == "" && kind != "CancelCalendarItem" && kind != "RemoveItem" {
		return nil, nil, false
	}
	if c.req.at("MessageDisposition") == "" {
		return nil, fail("ErrorMessageDispositionRequired", "Message disposition is required."), true
	}
	ref := n.kid("ReferenceItemId")
	if ref == nil {
		return nil, fail("ErrorMissingInformationReferenceItemId", "The reference item id is missing."), true
	}
	v, _, err := c.find(ref.renamed("t:ItemId"))
	if err != nil {
		return nil, err, true
	}
	request := v.it
	if m := v.it; strings.HasPrefix(m.class, "Meeting") {
		if v.it = meetingOf(m.box, m.text("UID")); v.it == nil {
			return nil, fail("ErrorItemNotFound", "The meeting is not in the calendar."), true
		}
	}
	if !v.it.isCalendar() {
		return nil, fail("ErrorInvalidItemForOperation"+kind, "The item is no meeting."), true
	}
	switch {
	case kind == "CancelCalendarItem":
		if v.it.text("organizer") != "" {
			return nil, fail("ErrorCalendarIsNotOrganizer", "Only the organizer can cancel a meeting."), true
		}
		c.invite(v.it, "cancellation", v.occ, c.req.at("MessageDisposition"))
		if v.occ != nil {
			return nil, c.deleteOccurrence(v), true
		}
		c.discard(v.it, "MoveToDeletedItems")
		return nil, nil, true
	case kind == "RemoveItem":
		c.discard(v.it, "MoveToDeletedItems")
		return nil, nil, true
	}
	made, err = c.answerMeeting(v, answers[kind], kind)
	if err == nil && request != v.it && request.folder != request.box.named["deleteditems"] {
		c.discard(request, "MoveToDeletedItems") // what is answered is done with
	}
	return made, err, true
}

func (c *call) answerMeeting(v view, answer, kind string) ([]*node, error) {
	if v.it.text("organizer") == "" {
		return nil, fail("ErrorCalendarIsOrganizerFor"+strings.TrimSuffix(strings.Replace(kind, "TentativelyAccept", "Tentative", 1), "Item"),
			"The organizer cannot respond to the meeting.")
	}
	if v.text("cancelled") != "" {
		return nil, fail("ErrorCalendarIsCancelledFor"+strings.TrimSuffix(strings.Replace(kind, "TentativelyAccept", "Tentative", 1), "Item"),
			"The meeting has been cancelled.")
	}
	it := v.it
	it.set("MyResponseType", answer)
	it.set("AppointmentReplyTime", stamp(c.now))
	it.set("LegacyFreeBusyStatus", map[string]string{"Accept": "Busy", "Tentative": "Tentative", "Decline": "Free"}[answer])
	if strings.HasPrefix(c.req.at("MessageDisposition"), "Send") {
		c.report(it, answer)
	}
	if c.req.at("MessageDisposition") == "SendAndSaveCopy" {
		c.answerLetter(it.box.named["sentitems"], it, answer, it.text("organizer"), true)
	}
	if answer == "Decline" {
		c.discard(it, "MoveToDeletedItems")
		return nil, nil
	}
	it.box.touch(it, 'u', c.now)
	return []*node{el("t:CalendarItem", c.itemID("t:ItemId", it))}, nil
}

// report tells the organiser of an answer.
func (c *call) report(it *item, answer string) {
	for _, b := range c.post(it.box, "response", answerPrefix(answer)+it.text("Subject"), it.text("UID"), []string{it.text("organizer")}) {
		original := meetingOf(b, it.text("UID"))
		if original == nil {
			continue
		}
		for _, name := range attendeeProps() {
			list := original.props[name]
			if list == nil {
				continue
			}
			out := el(list.name)
			for _, a := range list.kids {
				if strings.EqualFold(a.str("Mailbox", "EmailAddress"), it.box.Address) {
					a = el(a.name, a.kid("Mailbox"), el("t:ResponseType", answer), el("t:LastResponseTime", stamp(c.now)))
				}
				out.kids = append(out.kids, a)
			}
			original.props[name] = out
		}
		b.touch(original, 'u', c.now)
		c.answerLetter(b.named["inbox"], it, answer, b.Address, false)
	}
}

func answerPrefix(answer string) string {
	return map[string]string{"Accept": "Accepted: ", "Tentative": "Tentative: ", "Decline": "Declined: "}[answer]
}

// answerLetter puts the message that tells of an answer into a folder.
func (c *call) answerLetter(f *folder, it *item, answer, to string, read bool) {
	m := c.letter(f, it.box, "MeetingResponse", view{it: it}, []string{to}, read)
	m.set("Subject", answerPrefix(answer)+it.text("Subject"))
	m.set("ItemClass", "IPM.Schedule.Meeting.Resp."+map[string]string{"Accept": "Pos", "Tentative": "Tent", "Decline": "Neg"}[answer])
	m.set("ResponseType", answer)
}

// send sends a message that lies in a folder, and keeps a copy or drops it.
func (c *call) send(it *item, keep bool, to *folder) error {
	var rcpt []string
	for _, name := range []string{"ToRecipients", "CcRecipients", "BccRecipients"} {
		rcpt = append(rcpt, addresses(it.props[name])...)
	}
	if len(rcpt) == 0 {
		it.box.take(it)
		return fail("ErrorMissingRecipients", "At least one recipient is required.")
	}
	from := mailboxNode(it.box.Name, it.box.Address)
	it.props["From"], it.props["Sender"] = el("t:From", from), el("t:Sender", from)
	it.props["sent"] = el("sent", "1")
	it.setDefault("InternetMessageId", "<"+strings.ToLower(c.newUID()[40:])+"@mail.example.org>")
	for _, b := range c.post(it.box, "message", it.text("Subject"), "", rcpt) {
		received := it.clone(b)
		delete(received.props, "BccRecipients")
		received.created, received.modified = c.now, c.now
		received.ext = map[string]*node{}
		received.set("IsRead", "false")
		b.put(received, b.named["inbox"])
	}
	if !keep {
		it.box.take(it)
		return nil
	}
	it.set("IsRead", "true")
	if it.folder != to {
		it.box.move(it, to)
	}
	return nil
}

func (c *call) sendItems() (*node, error) {
	return c.each("SendItem", c.req.kid("ItemIds").kids, nil, func(n *node) ([]*node, error) {
		v, key, err := c.find(n)
		switch {
		case err != nil:
			return nil, err
		case v.it.class != "Message":
			return nil, fail("ErrorInvalidItemForOperationSendItem", "The item cannot be sent.")
		case key == 0 && !c.opt.LooseChangeKeys:
			return nil, fail("ErrorChangeKeyRequiredForWriteOperations", "Change key is required for this operation.")
		case key != 0 && key != v.it.key:
			return nil, fail("ErrorStaleObject", "The item has changed.")
		}
		to := v.it.box.named["sentitems"]
		if f := c.req.kid("SavedItemFolderId"); f != nil {
			if to, err = c.target(f); err != nil {
				return nil, err
			}
		}
		return nil, c.send(v.it, isTrue(c.req.at("SaveItemToFolder")), to)
	})
}
