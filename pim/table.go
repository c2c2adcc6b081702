package pim

import (
	"encoding/base64"
	"strconv"
	"time"
)

// The ids of the fields. They are stored and must not change.
const (
	FieldTitle       FieldID = "title"
	FieldNotes       FieldID = "notes"
	FieldLocation    FieldID = "location"
	FieldURL         FieldID = "url"
	FieldCategories  FieldID = "categories"
	FieldPriority    FieldID = "priority"
	FieldClass       FieldID = "class"
	FieldStatus      FieldID = "status"
	FieldReminders   FieldID = "reminders"
	FieldOrganizer   FieldID = "organizer"
	FieldAttendees   FieldID = "attendees"
	FieldAttachments FieldID = "attachments"
	FieldRecurrence  FieldID = "recurrence"
	FieldType        FieldID = "type"
	FieldNumber      FieldID = "number"
	FieldCompany     FieldID = "company"
	FieldContact     FieldID = "contact"
	FieldProject     FieldID = "project"
	FieldOwner       FieldID = "owner"
	FieldResult      FieldID = "result"
	FieldReport      FieldID = "report"
	FieldCustom      FieldID = "custom" // what only a field map knows, as one list

	FieldTime FieldID = "time" // start and end of an event, as one
	FieldFree FieldID = "free"

	FieldStart     FieldID = "start"
	FieldDue       FieldID = "due"
	FieldCompleted FieldID = "completed"
	FieldPercent   FieldID = "percent"
	FieldEffort    FieldID = "effort"
	FieldSpent     FieldID = "spent"

	FieldName         FieldID = "name" // given, middle and family name, as one
	FieldPrefix       FieldID = "prefix"
	FieldSuffix       FieldID = "suffix"
	FieldFullName     FieldID = "fullName"
	FieldNickname     FieldID = "nickname"
	FieldDepartment   FieldID = "department"
	FieldJobTitle     FieldID = "jobTitle"
	FieldRole         FieldID = "role"
	FieldPhones       FieldID = "phones"
	FieldEmails       FieldID = "emails"
	FieldURLs         FieldID = "urls"
	FieldIMs          FieldID = "ims"
	FieldAddresses    FieldID = "addresses"
	FieldBirthday     FieldID = "birthday"
	FieldAnniversary  FieldID = "anniversary"
	FieldPhoto        FieldID = "photo"
	FieldGender       FieldID = "gender"
	FieldGroup        FieldID = "group"
	FieldMembers      FieldID = "members"
	FieldSalutation   FieldID = "salutation"
	FieldContactType  FieldID = "contactType"
	FieldDecisionRole FieldID = "decisionRole"
	FieldDoNotUse     FieldID = "doNotUse"
	FieldAccess       FieldID = "access"

	FieldFrom     FieldID = "from"
	FieldTo       FieldID = "to"
	FieldCc       FieldID = "cc"
	FieldBcc      FieldID = "bcc"
	FieldWay      FieldID = "way"
	FieldSent     FieldID = "sent"
	FieldReceived FieldID = "received"
	FieldHTML     FieldID = "html"
	FieldFiles    FieldID = "files"
)

var (
	events     = Kinds(KindEvent)
	tasks      = Kinds(KindTask)
	activities = Kinds(KindEvent, KindTask)
	contacts   = Kinds(KindContact)
	messages   = Kinds(KindMessage)
	timed      = Kinds(KindEvent, KindTask, KindMessage)
)

// table is the one list of fields. New rows go at the end of their kind's block
// only while nothing stores their index (nothing does: sets are stored by name).
var table = number([]Field{
	text(FieldTitle, "Title", Kinds(KindEvent, KindTask, KindMessage), Content, func(it Item) *string {
		if m, ok := it.(*Message); ok {
			return &m.Subject
		}
		return &ActivityOf(it).Title
	}),
	text(FieldNotes, "Notes", Kinds(KindEvent, KindTask, KindContact, KindMessage), Content, func(it Item) *string {
		switch v := it.(type) {
		case *Contact:
			return &v.Notes
		case *Message:
			return &v.Text
		}
		return &ActivityOf(it).Notes
	}),
	text(FieldLocation, "Location", activities, Content, func(it Item) *string { return &ActivityOf(it).Location }),
	text(FieldURL, "Page in the CRM", Kinds(KindEvent, KindTask, KindContact), Open, func(it Item) *string {
		if c, ok := it.(*Contact); ok {
			return &c.PageURL
		}
		return &ActivityOf(it).URL
	}),
	list(FieldCategories, "Categories", Kinds(KindEvent, KindTask, KindContact, KindMessage), Content, categories, same, same, same),
	ofNumber(FieldPriority, "Priority", activities, Open, func(it Item) *int { return &ActivityOf(it).Priority }),
	scalar(FieldClass, "Privacy", timed, Open, func(it Item) *Class {
		if m, ok := it.(*Message); ok {
			return &m.Class
		}
		return &ActivityOf(it).Class
	}, word[Class]),
	scalar(FieldStatus, "Status", activities, Open, func(it Item) *Status { return &ActivityOf(it).Status }, word[Status]),
	list(FieldReminders, "Reminders", activities, Open, func(it Item) *[]Reminder { return &ActivityOf(it).Reminders }, reminderText, reminderText, reminderText),
	shown(scalar(FieldOrganizer, "Organiser", activities, Content, func(it Item) *Person { return &ActivityOf(it).Organizer }, personText),
		func(it Item) string { return personShow(ActivityOf(it).Organizer) }),
	compared(list(FieldAttendees, "Attendees", activities, Content, func(it Item) *[]Attendee { return &ActivityOf(it).Attendees }, attendeeKey, attendeeText, attendeeShow), attendeeValues),
	attachments(),
	recurrence(),
	text(FieldType, "Type", timed, Open, func(it Item) *string { return &rel(it).Type }),
	text(FieldNumber, "Number", timed, Open, func(it Item) *string { return &rel(it).Number }),
	text(FieldCompany, "Company", Kinds(KindEvent, KindTask, KindContact, KindMessage), Content, func(it Item) *string {
		if c, ok := it.(*Contact); ok {
			return &c.Company
		}
		return &rel(it).Company
	}),
	text(FieldContact, "Contact", timed, Content, func(it Item) *string { return &rel(it).Contact }),
	text(FieldProject, "Project", timed, Content, func(it Item) *string { return &rel(it).Project }),
	text(FieldOwner, "Owner", Kinds(KindEvent, KindTask, KindContact, KindMessage), Open, func(it Item) *string {
		if c, ok := it.(*Contact); ok {
			return &c.Owner
		}
		return &rel(it).Owner
	}),
	text(FieldResult, "Result", timed, Content, func(it Item) *string { return &rel(it).Result }),
	text(FieldReport, "Report", timed, Content, func(it Item) *string { return &rel(it).Report }),

	list(FieldCustom, "Custom fields", Kinds(KindEvent, KindTask, KindContact), Content, customs, customKey, customText, customShow),

	beginning(scalar(FieldTime, "Time", events, Open, func(it Item) *span { return spanOf(it.(*Event)) }, spanText, setSpan)),
	ofFlag(FieldFree, "Shown as free", events, Open, func(it Item) *bool { return &it.(*Event).Free }),

	ofWhen(FieldStart, "Start", tasks, Open, func(it Item) *When { return &it.(*Task).Start }),
	ofWhen(FieldDue, "Due", tasks, Open, func(it Item) *When { return &it.(*Task).Due }),
	ofWhen(FieldCompleted, "Completed", tasks, Open, func(it Item) *When { return &it.(*Task).Completed }),
	ofNumber(FieldPercent, "Per cent done", tasks, Open, func(it Item) *int { return &it.(*Task).Percent }),
	ofDuration(FieldEffort, "Time planned", tasks, Open, func(it Item) *time.Duration { return &it.(*Task).Effort }),
	ofDuration(FieldSpent, "Time spent", tasks, Open, func(it Item) *time.Duration { return &it.(*Task).Spent }),

	shown(scalar(FieldName, "Name", contacts, Content, func(it Item) *nameParts { return nameOf(it.(*Contact)) }, nameText, setName), nameShow),
	text(FieldPrefix, "Name prefix", contacts, Content, func(it Item) *string { return &it.(*Contact).Prefix }),
	text(FieldSuffix, "Name suffix", contacts, Content, func(it Item) *string { return &it.(*Contact).Suffix }),
	text(FieldFullName, "Full name", contacts, Content, func(it Item) *string { return &it.(*Contact).FullName }),
	text(FieldNickname, "Nickname", contacts, Content, func(it Item) *string { return &it.(*Contact).Nickname }),
	text(FieldDepartment, "Department", contacts, Content, func(it Item) *string { return &it.(*Contact).Department }),
	text(FieldJobTitle, "Job title", contacts, Content, func(it Item) *string { return &it.(*Contact).Title }),
	text(FieldRole, "Role", contacts, Content, func(it Item) *string { return &it.(*Contact).Role }),
	compared(list(FieldPhones, "Phones", contacts, Content, func(it Item) *[]Labeled { return &it.(*Contact).Phones }, phoneKey, labeledText, labeledShow), labeledValues(func(c *Contact) []Labeled { return c.Phones })),
	compared(list(FieldEmails, "E-mail addresses", contacts, Content, func(it Item) *[]Labeled { return &it.(*Contact).Emails }, emailKey, labeledText, labeledShow), labeledValues(func(c *Contact) []Labeled { return c.Emails })),
	compared(list(FieldURLs, "Web pages", contacts, Content, func(it Item) *[]Labeled { return &it.(*Contact).URLs }, valueKey, labeledText, labeledShow), labeledValues(func(c *Contact) []Labeled { return c.URLs })),
	compared(list(FieldIMs, "Messengers", contacts, Content, func(it Item) *[]Labeled { return &it.(*Contact).IMs }, valueKey, labeledText, labeledShow), labeledValues(func(c *Contact) []Labeled { return c.IMs })),
	compared(list(FieldAddresses, "Addresses", contacts, Content, func(it Item) *[]Address { return &it.(*Contact).Addresses }, addressKey, addressText, addressShow), addressValues),
	ofWhen(FieldBirthday, "Birthday", contacts, Content, func(it Item) *When { return &it.(*Contact).Birthday }),
	ofWhen(FieldAnniversary, "Anniversary", contacts, Content, func(it Item) *When { return &it.(*Contact).Anniversary }),
	photo(),
	text(FieldGender, "Gender", contacts, Content, func(it Item) *string { return &it.(*Contact).Gender }),
	ofFlag(FieldGroup, "Group", contacts, Open, func(it Item) *bool { return &it.(*Contact).Group }),
	list(FieldMembers, "Members", contacts, Content, func(it Item) *[]string { return &it.(*Contact).Members }, same, same, same),
	text(FieldSalutation, "Salutation", contacts, Content, func(it Item) *string { return &it.(*Contact).Salutation }),
	text(FieldContactType, "Contact type", contacts, Open, func(it Item) *string { return &it.(*Contact).Type }),
	text(FieldDecisionRole, "Role in decisions", contacts, Content, func(it Item) *string { return &it.(*Contact).DecisionRole }),
	list(FieldDoNotUse, "Do not use", contacts, Open, func(it Item) *[]string { return &it.(*Contact).DoNotUse }, same, same, same),
	text(FieldAccess, "Access rights", contacts, Open, func(it Item) *string { return &it.(*Contact).Access }),

	shown(scalar(FieldFrom, "From", messages, Content, func(it Item) *Person { return &it.(*Message).From }, personText),
		func(it Item) string { return personShow(it.(*Message).From) }),
	list(FieldTo, "To", messages, Content, func(it Item) *[]Person { return &it.(*Message).To }, personKey, personText, personShow),
	list(FieldCc, "Cc", messages, Content, func(it Item) *[]Person { return &it.(*Message).Cc }, personKey, personText, personShow),
	list(FieldBcc, "Bcc", messages, Content, func(it Item) *[]Person { return &it.(*Message).Bcc }, personKey, personText, personShow),
	scalar(FieldWay, "Sent or received", messages, Open, func(it Item) *Way { return &it.(*Message).Way }, word[Way]),
	ofWhen(FieldSent, "Sent", messages, Open, func(it Item) *When { return &it.(*Message).Sent }),
	ofWhen(FieldReceived, "Received", messages, Open, func(it Item) *When { return &it.(*Message).Received }),
	text(FieldHTML, "HTML text", messages, Content, func(it Item) *string { return &it.(*Message).HTML }),
	list(FieldFiles, "Files", messages, Content, func(it Item) *[]File { return &it.(*Message).Files }, fileText, fileText, fileShow),
})

var byID = func() map[FieldID]Field {
	m := make(map[FieldID]Field, len(table))
	for _, f := range table {
		m[f.ID] = f
	}
	return m
}()

func number(fs []Field) []Field {
	if len(fs) > 64*fieldWords {
		panic("pim: the field table has outgrown FieldSet; raise fieldWords") // as the program starts, for who adds a field
	}
	for i := range fs {
		fs[i].index = i
	}
	return fs
}

// Fields returns the rows for kind k in table order.
func Fields(k Kind) []Field {
	var fs []Field
	for _, f := range table {
		if f.Kinds.Has(k) {
			fs = append(fs, f)
		}
	}
	return fs
}

// FieldByID finds a row.
func FieldByID(id FieldID) (Field, bool) {
	f, ok := byID[id]
	return f, ok
}

// AllOf is the set of every field of kind k.
func AllOf(k Kind) FieldSet {
	var s FieldSet
	for _, f := range table {
		if f.Kinds.Has(k) {
			s = s.With(f)
		}
	}
	return s
}

// CategoriesOf are the categories of an item of any kind; nil for none.
func CategoriesOf(it Item) []string { return *categories(it) }

func categories(it Item) *[]string {
	switch v := it.(type) {
	case *Contact:
		return &v.Categories
	case *Message:
		return &v.Categories
	}
	return &ActivityOf(it).Categories
}

func rel(it Item) *Relations {
	if m, ok := it.(*Message); ok {
		return &m.CRM
	}
	return &ActivityOf(it).CRM
}

func same(s string) string       { return s }
func word[T ~string](v T) string { return string(v) }
func duration(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

func number0(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func flag(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

func photo() Field {
	get := func(it Item) *[]byte { return &it.(*Contact).Photo }
	return Field{
		ID: FieldPhoto, Label: "Photo", Kinds: contacts, Sensitivity: Content, Values: OpaqueValue,
		text: func(it Item) string { return base64.StdEncoding.EncodeToString(*get(it)) },
		show: func(it Item) string {
			if n := len(*get(it)); n > 0 {
				return "photo of " + strconv.Itoa(n) + " bytes"
			}
			return ""
		},
		copy: func(dst, src Item) { *get(dst) = append([]byte(nil), *get(src)...) },
	}
}

func recurrence() Field {
	get := func(it Item) **Recurrence { return &ActivityOf(it).Recurrence }
	return Field{
		ID: FieldRecurrence, Label: "Repeats", Kinds: activities, Sensitivity: Open, Values: OpaqueValue,
		text: func(it Item) string { return recurrenceText(*get(it)) },
		show: func(it Item) string { return recurrenceShow(*get(it)) },
		copy: func(dst, src Item) { *get(dst) = (*get(src)).clone() },
		merge: func(base, mine, theirs, into Item) bool {
			rec, ok := mergeSeries(base, mine, theirs)
			if ok {
				*get(into) = rec
			}
			return ok
		},
	}
}
