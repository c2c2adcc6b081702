package creatio

import (
	"context"
	"strings"
	"time"

	"crmbridge/crm"
	"crmbridge/pim"
	"crmbridge/remote"
)

// messageRead is an e-mail with what it is read with, messageWrite one write of it: out gets the columns.
type (
	messageRead struct {
		activity
		l mailLists
	}
	messageWrite struct {
		*messages
		ctx context.Context
		k   *looking
		m   *pim.Message
		l   mailLists
		out row
	}
	messageField = crm.Field[messageRead, *messageWrite]
)

// messageFields is the table of e-mails. Creatio has one body, which is HTML or is not; here it is always told, and written, as HTML.
func messageFields() crm.Fields[messageRead, *messageWrite] {
	mail := pim.Kinds(pim.KindMessage)
	row := func(m remote.Mapping, read func(messageRead, *pim.Message), write func(*messageWrite) error) messageField {
		return messageField{Mapping: m, Kinds: mail, Read: func(r messageRead, it pim.Item) { read(r, it.(*pim.Message)) }, Write: write}
	}
	list := func(f pim.FieldID, column string, at func(*pim.Message) *[]pim.Person) messageField {
		return row(crm.In(f, remote.TextColumn, column),
			func(r messageRead, m *pim.Message) { *at(m) = readPeople(r.text(column)) },
			func(w *messageWrite) error { w.out[column] = writePeople(*at(w.m)); return nil })
	}
	return crm.Fields[messageRead, *messageWrite]{
		row(crm.Required(crm.In(pim.FieldTitle, remote.TextColumn, "Title")),
			func(r messageRead, m *pim.Message) { m.Subject = r.text("Title") }, (*messageWrite).title),
		row(crm.In(pim.FieldFrom, remote.TextColumn, "Sender"), func(r messageRead, m *pim.Message) {
			if all := readPeople(r.text("Sender")); len(all) > 0 {
				m.From = all[0]
			}
		}, func(w *messageWrite) error { w.out["Sender"] = writeSender(w.m.From); return nil }),
		list(pim.FieldTo, "Recepient", func(m *pim.Message) *[]pim.Person { return &m.To }),
		list(pim.FieldCc, "CopyRecepient", func(m *pim.Message) *[]pim.Person { return &m.Cc }),
		list(pim.FieldBcc, "BlindCopyRecepient", func(m *pim.Message) *[]pim.Person { return &m.Bcc }),
		row(crm.Of("EmailType", crm.In(pim.FieldWay, remote.ChoiceColumn, "MessageTypeId")), readWay, (*messageWrite).way),
		row(crm.In(pim.FieldSent, remote.TimeColumn, "SendDate", "StartDate", "DueDate"), readSent, (*messageWrite).sent),
		row(crm.In(pim.FieldHTML, remote.TextColumn, "Body", "IsHtmlBody"), readBody, (*messageWrite).body),
		row(crm.Of("Account", crm.In(pim.FieldCompany, remote.ReferenceColumn, "AccountId")),
			func(r messageRead, m *pim.Message) { m.CRM.Company = r.sub("Account").text("Name") }, (*messageWrite).company),
		row(crm.Of("Contact", crm.In(pim.FieldContact, remote.ReferenceColumn, "ContactId")),
			func(r messageRead, m *pim.Message) { m.CRM.Contact = r.sub("Contact").text("Name") }, (*messageWrite).contact),
		row(crm.Of("Contact", crm.ReadOnly(crm.In(pim.FieldOwner, remote.ReferenceColumn, "OwnerId"))),
			func(r messageRead, m *pim.Message) { m.CRM.Owner = r.sub("Owner").text("Name") }, nil),
	}
}

// title: an e-mail without a subject has none in Creatio either, where every activity has a title.
func (w *messageWrite) title() error {
	if w.out["Title"] = clip(w.m.Subject, titleLimit); w.m.Subject == "" {
		w.out["Title"] = "–"
	}
	return nil
}

func readWay(r messageRead, m *pim.Message) {
	switch r.l.ways.word[r.ref("MessageTypeId")] {
	case mailIncoming:
		m.Way = pim.Received
	case mailOutgoing:
		m.Way = pim.Sent
	}
}

func (w *messageWrite) way() error {
	word := map[pim.Way]string{pim.Received: mailIncoming, pim.Sent: mailOutgoing}[w.m.Way]
	w.out["MessageTypeId"] = w.l.ways.ids[word]
	return nil
}

// readSent: what people wrote in Creatio and did not send yet has no date of its own.
func readSent(r messageRead, m *pim.Message) {
	if t := r.time("SendDate"); !t.IsZero() {
		m.Sent = pim.At(t, "")
	}
}

// sent sets the times of the activity, too: in the feed and on time lines an e-mail stands where it was sent.
func (w *messageWrite) sent() error {
	if w.out["SendDate"] = (time.Time{}); !w.m.Sent.IsZero() {
		w.out["SendDate"] = instant(w.m.Sent, w.zone)
	}
	if at := w.m.Time(); !at.IsZero() {
		w.out["StartDate"] = instant(at, w.zone)
		w.out["DueDate"] = w.out["StartDate"]
	}
	return nil
}

func readBody(r messageRead, m *pim.Message) {
	if m.HTML = r.text("Body"); !r.flag("IsHtmlBody") && m.HTML != "" {
		m.HTML = pim.HTMLOfText(lines(m.HTML))
	}
}

func (w *messageWrite) body() error {
	html := w.m.HTML
	if html == "" && w.m.Text != "" {
		html = pim.HTMLOfText(w.m.Text)
	}
	w.out["Body"], w.out["IsHtmlBody"] = html, true
	return nil
}

func (w *messageWrite) company() error {
	id, err := w.k.company(w.ctx, w.m.CRM.Company, false)
	w.out["AccountId"] = id
	return err
}

func (w *messageWrite) contact() error {
	id, err := w.people.named(w.ctx, w.m.CRM.Contact)
	w.out["ContactId"] = id
	return err
}

// senderLimit is the length of the column Sender.
const senderLimit = 500

// writeSender leaves a name out that has no room.
func writeSender(p pim.Person) string {
	s := writePerson(p)
	if clip(s, senderLimit) != s {
		s = clip(p.Email, senderLimit)
	}
	return s
}

// writePeople writes people as Creatio does: "Ann Example <ann@example.org>; bob@example.org; ".
func writePeople(all []pim.Person) string {
	var b strings.Builder
	for _, p := range all {
		if s := writePerson(p); s != "" {
			b.WriteString(s + "; ")
		}
	}
	return b.String()
}

// writePerson puts a name into quotes in which a character has a meaning of its own.
func writePerson(p pim.Person) string {
	name := strings.Join(strings.Fields(p.Name), " ")
	if strings.ContainsAny(name, `;,<>"\@`) {
		name = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
	}
	switch {
	case p.Email == "":
		return name
	case name == "":
		return p.Email
	}
	return name + " <" + p.Email + ">"
}

// readPeople reads such a list, and what people and other programs write into the column: commas between addresses, too.
func readPeople(s string) []pim.Person {
	var out []pim.Person
	var name, mail strings.Builder
	quoted, inside, escaped := false, false, false
	flush := func() {
		p := pim.Person{Name: strings.TrimSpace(name.String()), Email: strings.TrimSpace(mail.String())}
		if p.Email == "" && strings.Contains(p.Name, "@") && !strings.ContainsAny(p.Name, " ") {
			p.Name, p.Email = "", p.Name
		}
		if p != (pim.Person{}) {
			out = append(out, p)
		}
		name.Reset()
		mail.Reset()
		inside = false
	}
	for _, c := range s {
		switch {
		case escaped:
			name.WriteRune(c)
			escaped = false
		case quoted && c == '\\':
			escaped = true
		case c == '"':
			quoted = !quoted
		case quoted:
			name.WriteRune(c)
		case c == '<':
			inside = true
		case c == '>':
			inside = false
		case c == ';', c == ',' && (mail.Len() > 0 || strings.Contains(name.String(), "@")):
			flush()
		case inside:
			mail.WriteRune(c)
		default:
			name.WriteRune(c)
		}
	}
	flush()
	return out
}
