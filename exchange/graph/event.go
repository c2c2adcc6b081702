package graph

import (
	"net/url"
	"strings"
)

// event is Graph's event, as far as it is read.
type event struct {
	stamp
	Type        string      `json:"type"`
	Master      string      `json:"seriesMasterId"`
	Subject     string      `json:"subject"`
	Body        itemBody    `json:"body"`
	Start       *dateTime   `json:"start"`
	End         *dateTime   `json:"end"`
	Zone        string      `json:"originalStartTimeZone"`
	Original    string      `json:"originalStart"`
	AllDay      bool        `json:"isAllDay"`
	Cancelled   bool        `json:"isCancelled"`
	Organising  bool        `json:"isOrganizer"`
	Online      bool        `json:"isOnlineMeeting"`
	ReminderOn  bool        `json:"isReminderOn"`
	Reminder    int         `json:"reminderMinutesBeforeStart"`
	Location    location    `json:"location"`
	Categories  []string    `json:"categories"`
	Importance  string      `json:"importance"`
	Sensitivity string      `json:"sensitivity"`
	ShowAs      string      `json:"showAs"`
	Attendees   []attendee  `json:"attendees"`
	Answered    given       `json:"responseStatus"` // by the mailbox itself
	Organizer   recipient   `json:"organizer"`
	Recurrence  *recurrence `json:"recurrence"`
	WebLink     string      `json:"webLink"`
	Exceptions  []event     `json:"exceptionOccurrences"`
	Deleted     []string    `json:"cancelledOccurrences"`
	Extended    []extended  `json:"singleValueExtendedProperties"`
	HasFiles    bool        `json:"hasAttachments"`

	files   []held
	partial bool // files are to be read with the item on its own
}

// Types of events.
const (
	typeSingle     = "singleInstance"
	typeOccurrence = "occurrence"
	typeException  = "exception"
	typeMaster     = "seriesMaster"
)

type location struct {
	DisplayName string `json:"displayName"`
}

type emailAddress struct {
	Address string `json:"address,omitempty"`
	Name    string `json:"name,omitempty"`
}

type recipient struct {
	EmailAddress emailAddress `json:"emailAddress"`
}

type given struct {
	Response string `json:"response"`
}

type attendee struct {
	Type         string       `json:"type"`
	Status       given        `json:"status"`
	EmailAddress emailAddress `json:"emailAddress"`
}

// invited is an attendee as it is written: what he answered is not ours to say.
type invited struct {
	Type         string       `json:"type"`
	EmailAddress emailAddress `json:"emailAddress"`
}

// extended is a MAPI property.
type extended struct {
	ID    string `json:"id"`
	Value string `json:"value"`
}

// always are the properties of events that are read whatever is carried.
func always() []string {
	return []string{"id", "changeKey", "createdDateTime", "lastModifiedDateTime", "type", "seriesMasterId", "isOrganizer", "isOnlineMeeting", "attendees", "webLink"}
}

// meeting reports an event to which this mailbox has invited others: every write of it mails them.
func (e *event) meeting() bool { return e.Organising && len(e.Attendees) > 0 }

// escape is one segment of a path.
func escape(s string) string {
	if s == "." || s == ".." { // these lead elsewhere (RFC 3986 5.2.4)
		return strings.ReplaceAll(s, ".", "%2E")
	}
	return url.PathEscape(s)
}

// quoted is a text in a filter (OData 4.01 URL 5.1.1.14.1).
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
