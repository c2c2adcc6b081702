package ewssim

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"
)

// Letter is a message that arrives.
type Letter struct {
	From       string       `json:"from"`
	FromName   string       `json:"fromName,omitempty"`
	To         []string     `json:"to,omitempty"` // addresses, or names with them: "Bob Sample <bob@example.org>" (RFC 5322 3.4)
	Cc         []string     `json:"cc,omitempty"`
	Bcc        []string     `json:"bcc,omitempty"` // only the sender's copy tells of them
	Subject    string       `json:"subject"`
	Body       string       `json:"body"`
	HTML       bool         `json:"html,omitempty"`
	MessageID  string       `json:"messageId,omitempty"` // with its angle brackets; "" makes one up, "-" is none
	At         time.Time    `json:"at,omitzero"`         // when it was sent and came; zero is now
	Categories []string     `json:"categories,omitempty"`
	ItemClass  string       `json:"itemClass,omitempty"` // "" is IPM.Note; IPM.Schedule.Meeting.… are messages about meetings
	Files      []LetterFile `json:"files,omitempty"`
}

// LetterFile is a file of a letter, or with Letter an item.
type LetterFile struct {
	Name      string  `json:"name"`
	Type      string  `json:"type,omitempty"` // "" is application/octet-stream
	ContentID string  `json:"contentId,omitempty"`
	Inline    bool    `json:"inline,omitempty"`
	Content   []byte  `json:"content,omitempty"` // base64 in JSON
	Letter    *Letter `json:"letter,omitempty"`
}

// Delivered is a copy of a letter that lies in a mailbox.
type Delivered struct {
	Mailbox   string `json:"mailbox"`
	ItemID    string `json:"itemId"`
	ChangeKey string `json:"changeKey"`
	Folder    string `json:"folder"` // inbox or sentitems
	MessageID string `json:"messageId"`
}

// Deliver lets a letter arrive: a copy in the Inbox of each recipient who has a mailbox here, and one in Sent Items of the
// sender who has one, all with one InternetMessageId. Streams are told.
func (s *Sim) Deliver(l Letter) ([]Delivered, error) {
	if !strings.Contains(l.From, "@") {
		return nil, errors.New("ewssim: a letter needs a sender")
	}
	if l.At.IsZero() {
		l.At = s.opt.Now()
	}
	if l.MessageID == "" {
		l.MessageID = "<" + strings.ToLower(rand.Text()) + "@mail.example.org>"
	}
	if j := s.journal; j != nil {
		j.mu.Lock()
		defer j.mu.Unlock()
		line, err := json.Marshal(journalLine{At: l.At, Letter: &l})
		if err == nil {
			_, err = j.f.Write(append(line, '\n'))
		}
		if err != nil {
			return nil, fmt.Errorf("ewssim: %w", err)
		}
	}
	return s.deliver(l), nil
}

func (s *Sim) deliver(l Letter) []Delivered {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &call{Sim: s, now: l.At, zone: time.UTC}
	var out []Delivered
	put := func(f *folder, blind, read bool) {
		m := f.box.newItem(l.class(), l.At)
		l.fill(m.props, blind)
		m.set("IsRead", boolText(read))
		for _, file := range l.Files {
			c.attach(m, file.attachment(l.At))
		}
		f.box.put(m, f)
		id := c.itemID("t:ItemId", m)
		out = append(out, Delivered{Mailbox: f.box.Address, ItemID: id.at("Id"), ChangeKey: id.at("ChangeKey"), Folder: f.dist, MessageID: m.text("InternetMessageId")})
	}
	if b := s.boxByAddress(l.From); b != nil {
		put(b.named["sentitems"], true, true)
	}
	seen := map[*mailbox]bool{}
	for _, list := range [][]string{l.To, l.Cc, l.Bcc} {
		for _, address := range list {
			_, address = person(address)
			if b := s.boxByAddress(address); b != nil && !seen[b] {
				seen[b] = true
				put(b.named["inbox"], false, false)
			}
		}
	}
	s.wake()
	return out
}

// person is what a recipient is called, and the address.
func person(text string) (name, address string) {
	a, err := mail.ParseAddress(text)
	if err != nil {
		return text, text
	}
	return orText(a.Name, a.Address), a.Address
}

// class is the element that a letter's item is.
func (l *Letter) class() string {
	switch c := strings.ToLower(l.ItemClass); {
	case strings.HasPrefix(c, "ipm.schedule.meeting.request"):
		return "MeetingRequest"
	case strings.HasPrefix(c, "ipm.schedule.meeting.canceled"):
		return "MeetingCancellation"
	case strings.HasPrefix(c, "ipm.schedule.meeting.resp"):
		return "MeetingResponse"
	}
	return "Message"
}

// fill gives an item what a letter says.
func (l *Letter) fill(props map[string]*node, blind bool) {
	set := func(name, text string) { props[name] = el("t:"+name, text) }
	set("ItemClass", orText(l.ItemClass, "IPM.Note"))
	set("Subject", l.Subject)
	set("Sensitivity", "Normal")
	set("Importance", "Normal")
	kind := "Text"
	if l.HTML {
		kind = "HTML"
	}
	props["Body"] = el("t:Body", attr{"BodyType", kind}, crlf(l.Body))
	people := func(name string, list []string) {
		if len(list) == 0 {
			return
		}
		n := el("t:" + name)
		for _, a := range list {
			n.kids = append(n.kids, mailboxNode(person(a)))
		}
		props[name] = n
	}
	people("ToRecipients", l.To)
	people("CcRecipients", l.Cc)
	if blind {
		people("BccRecipients", l.Bcc)
	}
	for _, name := range []string{"From", "Sender"} {
		props[name] = el("t:"+name, mailboxNode(orText(l.FromName, l.From), l.From))
	}
	if l.MessageID != "-" && l.MessageID != "" {
		set("InternetMessageId", l.MessageID)
	}
	if len(l.Categories) > 0 {
		n := el("t:Categories")
		for _, name := range l.Categories {
			n.kids = append(n.kids, el("t:String", name))
		}
		props["Categories"] = n
	}
	props["sent"] = el("sent", "1")
	if !l.At.IsZero() {
		props["received"] = el("received", stamp(l.At))
	}
}

func (f LetterFile) attachment(at time.Time) *attachment {
	a := &attachment{name: f.Name, contentType: orText(f.Type, "application/octet-stream"), contentID: f.ContentID, inline: f.Inline,
		content: f.Content, modified: at}
	if f.Letter != nil {
		a.contentType = ""
		a.item = newDraft(f.Letter.class(), time.UTC)
		f.Letter.fill(a.item.props, false)
	}
	return a
}
