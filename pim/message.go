package pim

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Message is an e-mail that becomes, or comes from, an activity of a CRM.
type Message struct {
	// MessageID is RFC 5322 3.6.4, without brackets and as written; "" where the message has none (UID).
	MessageID string   `json:"messageID,omitempty"`
	Subject   string   `json:"subject,omitempty"`
	From      Person   `json:"from,omitzero"`
	To        []Person `json:"to,omitempty"`
	Cc        []Person `json:"cc,omitempty"`
	Bcc       []Person `json:"bcc,omitempty"`
	// Way says whether the owner of the mailbox sent it or got it.
	Way Way `json:"way,omitempty"`
	// Sent is when it was sent (RFC 5322 3.6.1), Received when it came into the mailbox; zero for what was sent from there.
	Sent     When  `json:"sent,omitzero"`
	Received When  `json:"received,omitzero"`
	Class    Class `json:"class,omitempty"`
	// Text and HTML are the two forms of the body, either of them "" where the mailbox tells only the other. Each is BodyLimit bytes
	// at most (Bounded).
	Text string `json:"text,omitempty"`
	HTML string `json:"html,omitempty"`
	// Cut says that the body was longer.
	Cut        bool     `json:"cut,omitempty"`
	Categories []string `json:"categories,omitempty"`
	// Files names the attachments in their order, but for pictures that the HTML body shows inside itself; their bytes are streamed
	// (remote.FileOpener), never held here. They are FilesLimit at most.
	Files []File `json:"files,omitempty"`
	// MoreFiles is how many there are beyond those.
	MoreFiles int       `json:"moreFiles,omitempty"`
	CRM       Relations `json:"crm,omitzero"`
}

// Way is the direction of a message, seen from the mailbox it is in.
type Way string

// Ways; "" is unknown.
const (
	Received Way = "received"
	Sent     Way = "sent"
)

// Bounds of a message: what is beyond them is left out, and the message says so.
const (
	BodyLimit  = 512 << 10 // bytes, each of Text and HTML
	FilesLimit = 100

	uidLimit = 250 // bytes; RFC 5322 2.1.1 lets a line have 998
)

// File is an attachment by reference.
type File struct {
	// ID is the remote's own, good for remote.FileOpener together with the item's; it may be another one after the item was moved.
	ID   string `json:"id"`
	Name string `json:"name"`
	Type string `json:"type,omitempty"` // media type
	// Size is in bytes, as the mailbox tells it: some count what surrounds the file, too. 0 when unknown.
	Size int64 `json:"size,omitempty"`
}

// Kind implements Item.
func (*Message) Kind() Kind { return KindMessage }

// ID implements Item: MessageID.
func (m *Message) ID() string { return m.MessageID }

// Summary implements Item.
func (m *Message) Summary() string { return m.Subject }

// UID is what a message is known by wherever it is: its Message-ID, or, where it has none, one made of who sent it, when, to whom and
// under which subject, so that the copies of one message have the same. One that is too long or odd to be kept is replaced by its hash.
func (m *Message) UID() string {
	h := sha256.New()
	part := func(s string) { _, _ = h.Write([]byte(strconv.Itoa(len(s)) + ":" + s)) }
	if id := strings.TrimSpace(m.MessageID); id != "" {
		if len(id) <= uidLimit && utf8.ValidString(id) && !strings.ContainsFunc(id, unicode.IsControl) {
			return id
		}
		part(id)
		return hex.EncodeToString(h.Sum(nil)[:16]) + "@odd-message-id.invalid"
	}
	part(m.Sent.String())
	part(strings.ToLower(m.From.Email))
	part(m.Subject)
	for _, list := range [][]Person{m.To, m.Cc} {
		for _, p := range list {
			part(strings.ToLower(p.Email))
		}
		part("")
	}
	return hex.EncodeToString(h.Sum(nil)[:16]) + "@without-message-id.invalid"
}

// Time is when it was sent, or came where nobody knows that.
func (m *Message) Time() When {
	if m.Sent.IsZero() {
		return m.Received
	}
	return m.Sent
}

// Correspondents are the people of a message, each address once: who sent it first.
func (m *Message) Correspondents() []Person {
	var out []Person
	seen := map[string]bool{}
	for _, list := range [][]Person{{m.From}, m.To, m.Cc, m.Bcc} {
		for _, p := range list {
			if mail := strings.ToLower(strings.TrimSpace(p.Email)); mail != "" && !seen[mail] {
				seen[mail] = true
				out = append(out, p)
			}
		}
	}
	return out
}

// Bounded keeps a message within its bounds. A text is cut at the end of a character; HTML that is too long, which cut would be none
// any more, is left out where there is a text, and becomes one where there is none.
func (m *Message) Bounded() {
	if len(m.HTML) > BodyLimit {
		if m.Text == "" {
			m.Text = TextOfHTML(m.HTML)
		}
		m.HTML, m.Cut = "", true
	}
	if len(m.Text) > BodyLimit {
		m.Text, m.Cut = strings.ToValidUTF8(m.Text[:BodyLimit], ""), true
	}
	if n := len(m.Files) - FilesLimit; n > 0 {
		m.Files, m.MoreFiles = m.Files[:FilesLimit:FilesLimit], m.MoreFiles+n
	}
}
