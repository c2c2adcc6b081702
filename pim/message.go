package pim

// Message is an e-mail that becomes, or comes from, an activity of a CRM.
type Message struct {
	MessageID  string   `json:"messageID,omitempty"` // RFC 5322 3.6.4, without brackets
	Subject    string   `json:"subject,omitempty"`
	From       Person   `json:"from,omitzero"`
	To         []Person `json:"to,omitempty"`
	Cc         []Person `json:"cc,omitempty"`
	Bcc        []Person `json:"bcc,omitempty"`
	Sent       When     `json:"sent,omitzero"`
	Text       string   `json:"text,omitempty"`
	HTML       string   `json:"html,omitempty"`
	Categories []string `json:"categories,omitempty"`
	// Files names the attachments; their bytes are streamed, never held here.
	Files []File    `json:"files,omitempty"`
	CRM   Relations `json:"crm,omitzero"`
}

// File is an attachment by reference.
type File struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Type string `json:"type,omitempty"` // media type
	Size int64  `json:"size,omitempty"` // bytes; 0 when unknown
}

// Kind implements Item.
func (*Message) Kind() Kind { return KindMessage }

// ID implements Item.
func (m *Message) ID() string { return m.MessageID }

// Summary implements Item.
func (m *Message) Summary() string { return m.Subject }
