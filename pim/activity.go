package pim

import "time"

// Activity is what events and tasks share. Times with a zone, texts with LF line
// ends, lists in the order of the source.
type Activity struct {
	UID      string `json:"uid,omitempty"`
	Title    string `json:"title,omitempty"`
	Notes    string `json:"notes,omitempty"`
	Location string `json:"location,omitempty"`
	// URL leads to the item's page in the CRM.
	URL        string   `json:"url,omitempty"`
	Categories []string `json:"categories,omitempty"`
	// Priority as in RFC 5545 3.8.1.9: 0 none, 1 highest … 9 lowest.
	Priority int    `json:"priority,omitempty"`
	Class    Class  `json:"class,omitempty"`
	Status   Status `json:"status,omitempty"`
	// Reminders, those the user's device shows (VALARM DISPLAY or AUDIO with a
	// relative trigger). Others stay in the text only.
	Reminders []Reminder `json:"reminders,omitempty"`
	Organizer Person     `json:"organizer,omitzero"`
	Attendees []Attendee `json:"attendees,omitempty"`
	// Attachments are files; of a series, the series' own: its occurrences have none in their fields. Links to files stay in the
	// text only.
	Attachments []Attachment `json:"attachments,omitempty"`
	Recurrence  *Recurrence  `json:"recurrence,omitempty"`
	CRM         Relations    `json:"crm,omitzero"`
	Custom      []Custom     `json:"custom,omitempty"`
}

// ActivityOf is what events and tasks share, of the item itself; of other items an empty one, which nobody keeps.
func ActivityOf(it Item) *Activity {
	switch v := it.(type) {
	case *Event:
		return &v.Activity
	case *Task:
		return &v.Activity
	}
	return &Activity{}
}

// Class is RFC 5545 3.8.1.3; the zero value means PUBLIC.
type Class string

// Classes.
const (
	Public       Class = ""
	Private      Class = "private"
	Confidential Class = "confidential"
)

// Status is RFC 5545 3.8.1.11 for events and tasks together; "" when unset.
type Status string

// Statuses. Events use the first three, tasks the last four.
const (
	Tentative   Status = "tentative"
	Confirmed   Status = "confirmed"
	Cancelled   Status = "cancelled"
	NeedsAction Status = "needs-action"
	InProcess   Status = "in-process"
	Completed   Status = "completed"
)

// Reminder is a trigger relative to the start (or to the end or due date).
type Reminder struct {
	// Before is how long ahead; negative means afterwards.
	Before time.Duration `json:"before"`
	// End makes it relative to the end or due date (RFC 5545 RELATED=END).
	End bool `json:"end,omitempty"`
}

// Person is somebody with an address, as ORGANIZER has it. ID is the remote's id
// of the person where it is known.
type Person struct {
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"` // without "mailto:", as written
	ID    string `json:"id,omitempty"`
}

// IsZero reports nobody.
func (p Person) IsZero() bool { return p == Person{} }

// Attendee is RFC 5545 3.8.4.1.
type Attendee struct {
	Person
	// Answer is PARTSTAT in lower case; "" means needs-action.
	Answer string `json:"answer,omitempty"`
	// Optional is ROLE=OPT-PARTICIPANT.
	Optional bool `json:"optional,omitempty"`
}

// Recurrence is the repetition of a series (RFC 5545 3.8.5). Rules and times are
// kept as written; package pim/rrule expands them.
type Recurrence struct {
	Rules  []string `json:"rules,omitempty"` // RRULE values
	Dates  []When   `json:"dates,omitempty"` // RDATE starts
	Except []When   `json:"except,omitempty"`
	// Changed are the occurrences that differ from the series.
	Changed []Occurrence `json:"occurrences,omitempty"`
}

// Relations is what a CRM knows of an item beyond its calendar fields. Names are
// what people read; ids stay with the driver. What has no iCalendar property
// rides in X-CRM-* properties (see pim/ics).
type Relations struct {
	Type     string `json:"type,omitempty"`     // activity type or category: "Meeting", "Call"
	Number   string `json:"number,omitempty"`   // the CRM's own number
	Company  string `json:"company,omitempty"`  // account the item belongs to
	Contact  string `json:"contact,omitempty"`  // main contact
	Project  string `json:"project,omitempty"`  // project, opportunity or case
	Owner    string `json:"owner,omitempty"`    // who is responsible
	Result   string `json:"result,omitempty"`   // outcome, picked from a list
	Report   string `json:"report,omitempty"`   // outcome in words
	Language string `json:"language,omitempty"` // of pick-list values, BCP 47
}
