package ewssim

import (
	"strconv"
	"strings"
)

// path is a property as requests name it.
type path struct {
	kind  byte   // 'u' a field, 'i' an entry of a dictionary, 'x' an extended property
	space string // item, calendar, task, …
	name  string // element name of the property; of a dictionary's entry that of the dictionary
	part  string // of a physical address: Street, City, …
	index string // key of the entry
	ext   string // extKey
	node  *node  // as sent
}

// uri is the path as it is shown in errors.
func (p path) uri() string {
	if p.kind == 'x' {
		return "ExtendedFieldURI"
	}
	return p.node.at("FieldURI")
}

// parsePath reads a FieldURI, IndexedFieldURI or ExtendedFieldURI.
func parsePath(n *node) (path, error) {
	switch n.local() {
	case "FieldURI":
		space, name, _ := strings.Cut(n.at("FieldURI"), ":")
		return path{kind: 'u', space: space, name: name, node: n}, nil
	case "IndexedFieldURI":
		words := strings.Split(n.at("FieldURI"), ":")
		p := path{kind: 'i', space: words[0], name: words[1], index: n.at("FieldIndex"), node: n}
		if len(words) > 2 {
			p.part = words[2]
		}
		plural := map[string]string{"EmailAddress": "EmailAddresses", "PhoneNumber": "PhoneNumbers", "ImAddress": "ImAddresses",
			"PhysicalAddress": "PhysicalAddresses", "InternetMessageHeader": "InternetMessageHeaders"}
		if p.name = plural[p.name]; p.name == "" {
			return p, fail("ErrorInvalidPropertyRequest", "Property is not supported.")
		}
		return p, nil
	}
	key, err := extKey(n)
	return path{kind: 'x', name: "ExtendedProperty", ext: key, node: n}, err
}

// Property sets that are looked at often.
const (
	setAppointment = "00062002-0000-0000-c000-000000000046"
	setCommon      = "00062008-0000-0000-c000-000000000046"
	setMeeting     = "6ed8da90-450b-101b-98da-00aa003f1305"
	setTask        = "00062003-0000-0000-c000-000000000046"
)

// propertySets are the GUIDs of the sets that have names (MS-OXPROPS 1.3.2).
func propertySets() map[string]string {
	return map[string]string{
		"Address":           "00062004-0000-0000-c000-000000000046",
		"Appointment":       setAppointment,
		"CalendarAssistant": "11000e07-b51b-40d6-af21-caa85edab1d0",
		"Common":            setCommon,
		"InternetHeaders":   "00020386-0000-0000-c000-000000000046",
		"Meeting":           setMeeting,
		"PublicStrings":     "00020329-0000-0000-c000-000000000046",
		"Sharing":           "00062040-0000-0000-c000-000000000046",
		"Task":              setTask,
		"UnifiedMessaging":  "4442858e-a9e3-4e80-b900-317a210cc15b",
	}
}

// extKey identifies an extended property: set and name, set and number, or tag, each with its type. It refuses the
// combinations of attributes that the documentation does.
func extKey(n *node) (string, error) {
	set, typ := strings.ToLower(n.at("PropertySetId")), n.at("PropertyType")
	if d := n.at("DistinguishedPropertySetId"); d != "" {
		if set != "" {
			return "", fail("ErrorInvalidExtendedProperty", "A property has both PropertySetId and DistinguishedPropertySetId.")
		}
		set = propertySets()[d]
	}
	name, id, tag := n.at("PropertyName"), n.at("PropertyId"), n.at("PropertyTag")
	switch {
	case tag != "" && set == "" && name == "" && id == "":
		v, err := strconv.ParseUint(strings.TrimPrefix(strings.ToLower(tag), "0x"), base(tag), 16)
		if err != nil {
			return "", fail("ErrorInvalidExtendedProperty", "The property tag %q is invalid.", tag)
		}
		if v >= 0x8000 {
			return "", fail("ErrorNoPropertyTagForCustomProperties", "The property tag cannot be in the range of custom properties.")
		}
		return "tag:" + strconv.FormatUint(v, 16) + ":" + typ, nil
	case tag == "" && set != "" && name != "" && id == "":
		return set + ":" + strings.ToLower(name) + ":" + typ, nil
	case tag == "" && set != "" && name == "" && id != "":
		v, err := strconv.ParseInt(id, 10, 32)
		if err != nil {
			return "", fail("ErrorInvalidExtendedProperty", "The property id %q is invalid.", id)
		}
		return set + "#" + strconv.FormatInt(v, 16) + ":" + typ, nil
	}
	return "", fail("ErrorInvalidExtendedProperty", "The extended property attribute combination is invalid.")
}

func base(number string) int {
	if strings.HasPrefix(strings.ToLower(number), "0x") {
		return 16
	}
	return 10
}

// mirrors are extended properties that show the same as a field does, by extKey.
func mirrors() map[string]string {
	return map[string]string{
		"tag:37:String":       "Subject",
		"tag:e1d:String":      "Subject",
		"tag:1a:String":       "ItemClass",
		"tag:1000:String":     "Body",
		"tag:3007:SystemTime": "DateTimeCreated",
		"tag:3008:SystemTime": "LastModifiedTime",
		"tag:e06:SystemTime":  "DateTimeReceived",
		"tag:39:SystemTime":   "DateTimeSent",
		"tag:1035:String":     "InternetMessageId",
		"tag:3a06:String":     "GivenName",
		"tag:3a11:String":     "Surname",
		"tag:3a44:String":     "MiddleName",
		"tag:3a16:String":     "CompanyName",
		"tag:3a17:String":     "JobTitle",
		"tag:3a18:String":     "Department",
		"tag:3a19:String":     "OfficeLocation",
		"tag:3a4f:String":     "Nickname",
		"tag:3a08:String":     "PhoneNumbers/BusinessPhone",
		"tag:3a09:String":     "PhoneNumbers/HomePhone",
		"tag:3a1c:String":     "PhoneNumbers/MobilePhone",
		"tag:3a24:String":     "PhoneNumbers/BusinessFax",
		"tag:3a45:String":     "CompleteName/Title",
		"tag:3001:String":     "DisplayName",
		"tag:3a42:SystemTime": "Birthday",
		"tag:3a41:SystemTime": "WeddingAnniversary",
		"00062004-0000-0000-c000-000000000046#8045:String":          "PhysicalAddresses/Business/Street",
		"00062004-0000-0000-c000-000000000046#8046:String":          "PhysicalAddresses/Business/City",
		"00062004-0000-0000-c000-000000000046#8047:String":          "PhysicalAddresses/Business/State",
		"00062004-0000-0000-c000-000000000046#8048:String":          "PhysicalAddresses/Business/PostalCode",
		"00062004-0000-0000-c000-000000000046#8049:String":          "PhysicalAddresses/Business/CountryOrRegion",
		"00062004-0000-0000-c000-000000000046#8083:String":          "EmailAddresses/EmailAddress1",
		"00062004-0000-0000-c000-000000000046#8093:String":          "EmailAddresses/EmailAddress2",
		"00062004-0000-0000-c000-000000000046#80a3:String":          "EmailAddresses/EmailAddress3",
		"00062004-0000-0000-c000-000000000046#8005:String":          "FileAs",
		"00062002-0000-0000-c000-000000000046#8208:String":          "Location",
		"00062002-0000-0000-c000-000000000046#820d:SystemTime":      "Start",
		"00062002-0000-0000-c000-000000000046#820e:SystemTime":      "End",
		"00062002-0000-0000-c000-000000000046#8215:Boolean":         "IsAllDayEvent",
		"00062008-0000-0000-c000-000000000046#8503:Boolean":         "ReminderIsSet",
		"00062008-0000-0000-c000-000000000046#8501:Integer":         "ReminderMinutesBeforeStart",
		"00062003-0000-0000-c000-000000000046#8102:Double":          "task:PercentComplete",
		"00062003-0000-0000-c000-000000000046#8105:SystemTime":      "task:DueDate",
		"00062003-0000-0000-c000-000000000046#8104:SystemTime":      "task:StartDate",
		"00062003-0000-0000-c000-000000000046#811f:String":          "Owner",
		"00020329-0000-0000-c000-000000000046:keywords:StringArray": "Categories",
	}
}

// readOnly are properties that no client sets; true: not when creating either.
func readOnly() map[string]bool {
	m := map[string]bool{}
	always := `ItemId ParentFolderId Size HasAttachments IsSubmitted IsDraft IsFromMe IsResend IsUnmodified
		DateTimeReceived DateTimeSent DateTimeCreated ResponseObjects ReminderNextTime DisplayCc DisplayTo EffectiveRights
		LastModifiedName LastModifiedTime IsAssociated WebClientReadFormQueryString WebClientEditFormQueryString ConversationId
		UniqueBody StoreEntryId InstanceKey NormalizedBody EntityExtractionResult Preview RightsManagementLicenseData
		PredictedActionReasons IsClutter BlockStatus HasBlockedImages TextBody IconIndex
		RecurrenceId DateTimeStamp OriginalStart When IsMeeting IsCancelled IsRecurring MeetingRequestWasSent CalendarItemType
		MyResponseType Organizer ConflictingMeetingCount AdjacentMeetingCount ConflictingMeetings AdjacentMeetings Duration TimeZone
		AppointmentReplyTime AppointmentSequenceNumber AppointmentState FirstOccurrence LastOccurrence ModifiedOccurrences
		DeletedOccurrences StartWallClock EndWallClock StartTimeZoneId EndTimeZoneId IntendedFreeBusyStatus JoinOnlineMeetingUrl
		OnlineMeetingSettings IsOrganizer
		AssignedTime ChangeCount DelegationState Delegator IsAssignmentEditable IsComplete IsTeamTask Owner
		StatusDescription
		CompleteName ContactSource HasPicture PhoneticFullName PhoneticFirstName PhoneticLastName Alias Notes Photo
		UserSMIMECertificate MSExchangeCertificate DirectoryId ManagerMailbox DirectReports
		ConversationTopic ReceivedBy ReceivedRepresenting ApprovalRequestData VotingInformation ReminderMessageData`
	for _, name := range strings.Fields(always) {
		m[name] = true
	}
	for _, name := range strings.Fields("Attachments UID MimeContent") {
		m[name] = false
	}
	return m
}

// kept are properties that cannot be deleted.
func kept() string {
	return " Start End Sensitivity Importance ItemClass IsRead LegacyFreeBusyStatus IsAllDayEvent Status PercentComplete ReminderIsSet "
}

// belongs says whether a property of a URI's space is one of items of a class.
func belongs(space, class string) bool {
	switch space {
	case "item":
		return true
	case "calendar":
		return class == "CalendarItem" || class == "MeetingRequest"
	case "task":
		return class == "Task"
	case "contacts":
		return class == "Contact"
	case "message":
		return class == "Message" || strings.HasPrefix(class, "Meeting")
	case "meeting":
		return strings.HasPrefix(class, "Meeting")
	case "meetingRequest":
		return class == "MeetingRequest"
	}
	return false
}
