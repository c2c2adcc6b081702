package graph

import (
	"context"
	"strings"
	"time"

	"crmbridge/exchange"
	"crmbridge/pim"
)

// message is Graph's message, as far as it is read.
type message struct {
	stamp
	OData      string       `json:"@odata.type"`
	MessageID  string       `json:"internetMessageId"`
	Subject    string       `json:"subject"`
	From       recipient    `json:"from"`
	Sender     recipient    `json:"sender"`
	To         []recipient  `json:"toRecipients"`
	Cc         []recipient  `json:"ccRecipients"`
	Bcc        []recipient  `json:"bccRecipients"`
	Sent       string       `json:"sentDateTime"`
	Received   string       `json:"receivedDateTime"`
	Draft      bool         `json:"isDraft"`
	Body       itemBody     `json:"body"`
	Categories []string     `json:"categories"`
	Folder     string       `json:"parentFolderId"`
	WebLink    string       `json:"webLink"`
	Files      []attachment `json:"attachments"`
	FilesNext  string       `json:"attachments@odata.nextLink"`
	Extended   []extended   `json:"singleValueExtendedProperties"`
}

// attachment is one of a message or an event, without its bytes.
type attachment struct {
	OData     string `json:"@odata.type"`
	ID        string `json:"id"`
	Name      string `json:"name"`
	Type      string `json:"contentType"`
	Size      int64  `json:"size"`
	Inline    bool   `json:"isInline"`
	ContentID string `json:"contentId"` // of a message's
}

// Kinds of attachments.
const (
	fileAttachment      = "#microsoft.graph.fileAttachment"
	itemAttachment      = "#microsoft.graph.itemAttachment"
	referenceAttachment = "#microsoft.graph.referenceAttachment"
)

// attachmentProps are what is read of attachments; their bytes would come by themselves.
const attachmentProps = "id,name,contentType,size,isInline"

// mailFileProps are those of a message's: by its content id it is told whether the body shows it. That is a property of one kind of
// attachment alone, and is named with the kind.
const mailFileProps = attachmentProps + ",microsoft.graph.fileAttachment/contentId"

// MAPI properties of messages that Graph has no name for (MS-OXPROPS 2.1004 PidTagSensitivity, 2.784 PidTagMessageClass).
const (
	propSensitivity = "Integer 0x36"
	propClass       = "String 0x1A"
)

const (
	messageProps  = shownOf + ",createdDateTime,internetMessageId,subject,from,sender,toRecipients,ccRecipients,bccRecipients,body,webLink"
	messageExpand = "attachments($select=" + mailFileProps + "),singleValueExtendedProperties($filter=id eq '" + propSensitivity + "' or id eq '" + propClass + "')"
)

// told reports a message that somebody has sent: no draft, nothing about a meeting, no receipt and no report.
func (m *message) told() bool {
	class := strings.ToUpper(m.extended(propClass))
	return !m.Draft && !strings.Contains(m.OData, "eventMessage") && !strings.HasPrefix(class, "REPORT.") && !strings.HasPrefix(class, "IPM.SCHEDULE.")
}

// extended is the value of a MAPI property. Graph may write its number with zeros.
func (m *message) extended(id string) string {
	for _, x := range m.Extended {
		if strings.EqualFold(strings.Replace(x.ID, "0x00", "0x", 1), id) {
			return x.Value
		}
	}
	return ""
}

func instantOf(s string) pim.When {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return pim.When{}
	}
	return pim.At(t.UTC(), "")
}

// time is pim.Message.Time, zero where it is not told.
func (m *message) time() pim.When {
	if w := instantOf(m.Sent); !w.IsZero() {
		return w
	}
	return instantOf(m.Received)
}

// messageFields are what is carried of messages.
func messageFields() pim.FieldSet {
	return pim.Set(pim.FieldTitle, pim.FieldNotes, pim.FieldHTML, pim.FieldCategories, pim.FieldClass, pim.FieldFrom, pim.FieldTo, pim.FieldCc, pim.FieldBcc,
		pim.FieldWay, pim.FieldSent, pim.FieldReceived, pim.FieldFiles)
}

// message is a message as an item. sent is the folder of what was sent.
func (c *connector) message(ctx context.Context, m *message, sent string) (*pim.Message, error) {
	it := &pim.Message{
		MessageID: strings.Trim(strings.TrimSpace(m.MessageID), "<>"), Subject: m.Subject, From: m.From.person(),
		To: people(m.To), Cc: people(m.Cc), Bcc: people(m.Bcc), Way: pim.Received,
		Sent: instantOf(m.Sent), Received: instantOf(m.Received), Categories: m.Categories, Class: classOf(sensitivityNamed(m.extended(propSensitivity))),
	}
	if it.From.IsZero() {
		it.From = m.Sender.person()
	}
	mine, err := c.sentBy(ctx, it.From.Email)
	if err != nil {
		return nil, err
	}
	if mine || sent != "" && m.Folder == sent {
		it.Way, it.Received = pim.Sent, pim.When{}
	}
	if strings.EqualFold(m.Body.ContentType, "html") {
		it.HTML = m.Body.Content
	} else {
		it.Text = m.Body.text()
	}
	files := m.Files
	if m.FilesNext != "" {
		if files, err = every[attachment](ctx, c.service, request{op: "graph: files of a message", path: c.user() + "/messages/" + escape(m.ID) + "/attachments",
			query: selecting(mailFileProps)}); err != nil {
			return nil, err
		}
	}
	it.Files = filesOf(files, it.HTML)
	it.Bounded()
	return it, nil
}

// filesOf are the attachments that are files to people: not those that a body shows inside itself.
func filesOf(all []attachment, body string) []pim.File {
	var out []pim.File
	shown := exchange.PicturesOf(body)
	for _, a := range all {
		if a.Inline && shown.Has(a.ContentID) {
			continue
		}
		f := pim.File{ID: a.ID, Name: a.Name, Type: a.Type, Size: a.Size}
		switch a.OData {
		case itemAttachment: // a message, mostly; its bytes are its MIME form
			f.Size = 0
			if f.Type == "" {
				f.Type = "message/rfc822"
			}
			if f.Type == "message/rfc822" && !strings.HasSuffix(strings.ToLower(f.Name), ".eml") {
				f.Name += ".eml"
			}
		case referenceAttachment:
			f.ID = elsewhere + f.ID
		}
		out = append(out, f)
	}
	return out
}

// elsewhere begins the ids of files that are links to a cloud.
const elsewhere = "link:"

func (r recipient) person() pim.Person {
	p := pim.Person{Name: r.EmailAddress.Name, Email: r.EmailAddress.Address}
	if p.Name == p.Email {
		p.Name = ""
	}
	return p
}

func people(all []recipient) []pim.Person {
	var out []pim.Person
	for _, r := range all {
		if p := r.person(); !p.IsZero() {
			out = append(out, p)
		}
	}
	return out
}

// sensitivityNamed is a PidTagSensitivity as Graph names it elsewhere.
func sensitivityNamed(number string) string {
	switch number {
	case "1":
		return "personal"
	case "2":
		return "private"
	case "3":
		return "confidential"
	}
	return "normal"
}

// sentBy reports an address of the mailbox, as far as that may be asked.
func (c *connector) sentBy(ctx context.Context, address string) (bool, error) {
	if address == "" || !c.self.known() && !covers(c.areas, "calendars") {
		return address != "" && strings.EqualFold(address, c.mailbox), nil
	}
	mine, err := c.mine(ctx, address)
	if pim.ReasonOf(err) == pim.ErrForbidden {
		return false, nil // the folder tells
	}
	return mine, err
}
