package ews

import (
	"encoding/xml"
	"strings"

	"crmbridge/exchange"
	"crmbridge/pim"
	"crmbridge/remote"
)

// item is one as it was read; its name tells its kind (CalendarItem, Task, Contact, DistributionList, Message …).
type item struct {
	XMLName xml.Name
	ID      ident `xml:"ItemId"`
	Parent  ident `xml:"ParentFolderId"`
	Private val   `xml:"EffectiveRights>ViewPrivateItems"`

	Subject     string
	Sensitivity val
	Body        struct {
		Type string `xml:"BodyType,attr"`
		Text string `xml:",chardata"`
	}
	Files      []attachment `xml:"Attachments>FileAttachment"`
	Attached   []attachment `xml:"Attachments>ItemAttachment"`
	Linked     []attachment `xml:"Attachments>ReferenceAttachment"` // files that lie elsewhere
	Categories []string     `xml:"Categories>String"`
	Importance val
	Created    val             `xml:"DateTimeCreated"`
	Modified   val             `xml:"LastModifiedTime"`
	RemindBy   val             `xml:"ReminderDueBy"`
	Remind     val             `xml:"ReminderIsSet"`
	RemindMins val             `xml:"ReminderMinutesBeforeStart"`
	Extended   []extendedValue `xml:"ExtendedProperty"`

	// of a CalendarItem
	Start      val
	End        val
	AllDay     val `xml:"IsAllDayEvent"`
	Busy       val `xml:"LegacyFreeBusyStatus"`
	Location   string
	Meeting    val        `xml:"IsMeeting"`
	Cancelled  val        `xml:"IsCancelled"`
	Type       val        `xml:"CalendarItemType"`
	MyResponse val        `xml:"MyResponseType"`
	Organizer  mailbox    `xml:"Organizer>Mailbox"`
	Required   []attendee `xml:"RequiredAttendees>Attendee"`
	Optional   []attendee `xml:"OptionalAttendees>Attendee"`
	StartZone  zoneDef    `xml:"StartTimeZone"`
	EndZone    zoneDef    `xml:"EndTimeZone"`
	Recurrence *recurrence
	Last       struct {
		End val
	} `xml:"LastOccurrence"`
	Exceptions []occurrence `xml:"ModifiedOccurrences>Occurrence"`
	Deleted    []occurrence `xml:"DeletedOccurrences>DeletedOccurrence"`

	// of a Task
	ActualWork val
	TotalWork  val
	StartDate  val
	DueDate    val
	Completed  val `xml:"CompleteDate"`
	Percent    val `xml:"PercentComplete"`
	Status     val
	Recurring  val `xml:"IsRecurring"`
	Owner      string

	// of a Contact
	DisplayName string
	GivenName   string
	MiddleName  string
	Surname     string
	Generation  string
	Nickname    string
	Company     string `xml:"CompanyName"`
	Department  string
	JobTitle    string
	Profession  string
	HomePage    string          `xml:"BusinessHomePage"`
	Emails      []entry         `xml:"EmailAddresses>Entry"`
	Phones      []entry         `xml:"PhoneNumbers>Entry"`
	IMs         []entry         `xml:"ImAddresses>Entry"`
	Addresses   []postalAddress `xml:"PhysicalAddresses>Entry"`
	MailAddress val             `xml:"PostalAddressIndex"`
	Birthday    val
	Wedding     val `xml:"WeddingAnniversary"`

	// of a Message
	Class     string    `xml:"ItemClass"`
	Draft     val       `xml:"IsDraft"`
	Sent      val       `xml:"DateTimeSent"`
	Received  val       `xml:"DateTimeReceived"`
	MessageID string    `xml:"InternetMessageId"`
	From      mailbox   `xml:"From>Mailbox"`
	Sender    mailbox   `xml:"Sender>Mailbox"`
	To        []mailbox `xml:"ToRecipients>Mailbox"`
	Cc        []mailbox `xml:"CcRecipients>Mailbox"`
	Bcc       []mailbox `xml:"BccRecipients>Mailbox"`

	changed []item // the exceptions of a series, loaded by themselves
	partial bool   // contents of attachments are missing
}

type attachment struct {
	ID struct {
		ID      string `xml:"Id,attr"`
		RootID  string `xml:"RootItemId,attr"`
		RootKey string `xml:"RootItemChangeKey,attr"`
	} `xml:"AttachmentId"`
	Name    string
	Type    string `xml:"ContentType"`
	CID     string `xml:"ContentId"`
	Size    val
	Inline  val    `xml:"IsInline"`
	Photo   val    `xml:"IsContactPhoto"`
	Content string // base64

	bytes []byte // the content, loaded by itself
}

type mailbox struct {
	Name    string
	Email   string `xml:"EmailAddress"`
	Routing string `xml:"RoutingType"`
}

type attendee struct {
	Mailbox  mailbox
	Response val `xml:"ResponseType"`
}

type zoneDef struct {
	ID   string `xml:"Id,attr"`
	Name string `xml:"Name,attr"`
}

type occurrence struct {
	ID       ident `xml:"ItemId"`
	Start    val
	Original val `xml:"OriginalStart"`
}

type entry struct {
	Key   string `xml:"Key,attr"`
	Value string `xml:",chardata"`
}

type postalAddress struct {
	Key     string `xml:"Key,attr"`
	Street  string
	City    string
	State   string
	Country string `xml:"CountryOrRegion"`
	Code    string `xml:"PostalCode"`
}

type extendedValue struct {
	URI struct {
		Tag   string `xml:"PropertyTag,attr"`
		Set   string `xml:"PropertySetId,attr"`
		Known string `xml:"DistinguishedPropertySetId,attr"`
		Name  string `xml:"PropertyName,attr"`
		ID    string `xml:"PropertyId,attr"`
	} `xml:"ExtendedFieldURI"`
	Value string
}

// extended is the value of a MAPI property; "" when the item has none. Servers write tags as 0x3a45, 0x3A45 or 0x03a45.
func (x *item) extended(p extended) string { return extendedOf(x.Extended, p) }

func extendedOf(all []extendedValue, p extended) string {
	for _, v := range all {
		byID := p.id != "" && v.URI.ID == p.id && (v.URI.Known == p.known || p.known == "Task" && strings.EqualFold(v.URI.Set, taskSet))
		if p.tag != "" && sameTag(v.URI.Tag, p.tag) || p.name != "" && strings.EqualFold(v.URI.Set, p.set) && v.URI.Name == p.name || byID {
			return v.Value
		}
	}
	return ""
}

func sameTag(a, b string) bool {
	plain := func(s string) string { return strings.TrimLeft(strings.TrimPrefix(strings.ToLower(s), "0x"), "0") }
	return a != "" && plain(a) == plain(b)
}

// kindNames are the elements of items that are carried.
var kindNames = map[string]pim.Kind{"CalendarItem": pim.KindEvent, "Task": pim.KindTask, "Contact": pim.KindContact, "Message": pim.KindMessage}

// kind is 0 for what is not carried: distribution lists, notes, requests.
func (x *item) kind() pim.Kind { return kindNames[x.XMLName.Local] }

// elementOf is the element of a kind.
func elementOf(k pim.Kind) string {
	for name, kind := range kindNames {
		if kind == k {
			return "t:" + name
		}
	}
	return "t:Item"
}

// master reports a series.
func (x *item) master() bool { return x.Type.text() == "RecurringMaster" }

// hidden reports a private item that a delegate is shown without its contents.
func (x *item) hidden() bool {
	return x.Private != "" && !x.Private.bool() && x.Sensitivity.text() == "Private"
}

// record makes a record of an item.
func (z *zones) record(x *item) remote.Record {
	it := z.read(x)
	pim.ActivityOf(it).Recurrence, pim.ActivityOf(it).Attachments = z.readSeries(x, it), x.attachments()
	return remote.Record{
		Ref: remote.Ref{ID: remote.ItemID(x.ID.ID), Version: x.ID.ChangeKey}, Item: it,
		Key: x.extended(marker), Modified: x.Modified.time(),
	}
}

// read is the fields of an item but its recurrence and its files.
func (z *zones) read(x *item) pim.Item {
	it := pim.New(x.kind())
	for _, r := range tables[x.kind()] {
		if r.read != nil {
			r.read(x, it, z)
		}
	}
	return it
}

// marker is the property in which every item of ours has its key.
var marker = extended{set: exchange.MarkerSet, name: exchange.MarkerName, typ: "String"}
