package pim

// Contact is a person (or, with Company set and no name, an organisation).
type Contact struct {
	UID string `json:"uid,omitempty"`
	// FullName is FN (RFC 6350 6.2.1).
	FullName string `json:"fullName,omitempty"`
	// The parts of N (RFC 6350 6.2.2); several values in one part are joined by
	// a space.
	Prefix   string `json:"prefix,omitempty"`
	Given    string `json:"given,omitempty"`
	Middle   string `json:"middle,omitempty"`
	Family   string `json:"family,omitempty"`
	Suffix   string `json:"suffix,omitempty"`
	Nickname string `json:"nickname,omitempty"`

	Company    string `json:"company,omitempty"`    // ORG, first component
	Department string `json:"department,omitempty"` // ORG, second component
	Title      string `json:"title,omitempty"`      // TITLE: the full job title
	Role       string `json:"role,omitempty"`       // ROLE: job or role picked from a list

	Phones    []Labeled `json:"phones,omitempty"`
	Emails    []Labeled `json:"emails,omitempty"`
	URLs      []Labeled `json:"urls,omitempty"`
	IMs       []Labeled `json:"ims,omitempty"` // Label is the service: "skype"
	Addresses []Address `json:"addresses,omitempty"`

	// Birthday and Anniversary are dates; a year of 1604 means "no year".
	Birthday    When     `json:"birthday,omitzero"`
	Anniversary When     `json:"anniversary,omitzero"`
	Notes       string   `json:"notes,omitempty"`
	Categories  []string `json:"categories,omitempty"`
	Photo       []byte   `json:"photo,omitempty"` // decoded image, nil when absent or by reference
	// Gender is the first component of GENDER: M, F, O, N, U or "".
	Gender string `json:"gender,omitempty"`
	// Group marks KIND:group and X-ADDRESSBOOKSERVER-KIND:group cards; Members
	// are the UIDs in it.
	Group   bool     `json:"group,omitempty"`
	Members []string `json:"members,omitempty"`

	// CRM-only fields, X-CRM-* in the card.
	Salutation   string   `json:"salutation,omitempty"`
	Type         string   `json:"type,omitempty"`         // customer, employee, …
	DecisionRole string   `json:"decisionRole,omitempty"` // role in decisions
	DoNotUse     []string `json:"doNotUse,omitempty"`     // of email, call, sms, mail, fax; sorted
	Owner        string   `json:"owner,omitempty"`
	Access       string   `json:"access,omitempty"` // access rights in words, read only
	// PageURL leads to the contact's page in the CRM. In the card it is the URL
	// of TYPE=x-crm, so that people's own web pages stay apart.
	PageURL string   `json:"pageURL,omitempty"`
	Custom  []Custom `json:"custom,omitempty"`
}

// Labeled is one of several values of a kind: a phone, an address, a page.
type Labeled struct {
	// Label says what it is for, in lower case: work, home, cell, fax, main,
	// other, or a custom label; several joined by "," and sorted ("fax,work").
	Label string `json:"label,omitempty"`
	Value string `json:"value"`
	// Preferred marks the first choice (TYPE=pref or PREF=1).
	Preferred bool `json:"preferred,omitempty"`
}

// Address is ADR (RFC 6350 6.3.1).
type Address struct {
	Label      string `json:"label,omitempty"` // as in Labeled
	Street     string `json:"street,omitempty"`
	Extended   string `json:"extended,omitempty"`
	POBox      string `json:"poBox,omitempty"`
	City       string `json:"city,omitempty"`
	Region     string `json:"region,omitempty"`
	PostalCode string `json:"postalCode,omitempty"`
	Country    string `json:"country,omitempty"`
	Preferred  bool   `json:"preferred,omitempty"`
}

// Kind implements Item.
func (*Contact) Kind() Kind { return KindContact }

// ID implements Item.
func (c *Contact) ID() string { return c.UID }

// Summary implements Item.
func (c *Contact) Summary() string { return c.FullName }
