package graphsim

// typeTable are the types of Microsoft Graph v1.0 that request bodies are checked against: names, types and nullability as
// the service's own description ($metadata) has them. A line that begins with a tab goes on with the one before.
//
//	enum NAME: member ...
//	complex NAME < BASE: property=Type; property=[]Type; property=Type!; ...
//	entity NAME < BASE: the same, and >navigation=Type;
//
// [] is a collection, ! what may not be null. TestTypeTableIsTheServices compares all of it with the description.
const typeTable = `
enum attendeeType: required optional resource
enum bodyType: text html
enum calendarColor: auto lightBlue lightGreen lightOrange lightGray lightYellow lightTeal lightPink lightBrown
	lightRed maxColor
enum dayOfWeek: sunday monday tuesday wednesday thursday friday saturday
enum eventType: singleInstance occurrence exception seriesMaster
enum followupFlagStatus: notFlagged complete flagged
enum freeBusyStatus: unknown free tentative busy oof workingElsewhere
enum importance: low normal high
enum inferenceClassificationType: focused other
enum locationType: default conferenceRoom homeAddress businessAddress geoCoordinates streetAddress hotel restaurant
	localBusiness postalAddress
enum locationUniqueIdType: unknown locationStore directory private bing
enum onlineMeetingProviderType: unknown skypeForBusiness skypeForConsumer teamsForBusiness
enum phoneType: home business mobile other assistant homeFax businessFax otherFax pager radio
enum recurrencePatternType: daily weekly absoluteMonthly relativeMonthly absoluteYearly relativeYearly
enum recurrenceRangeType: endDate noEnd numbered
enum responseType: none organizer tentativelyAccepted accepted declined notResponded
enum sensitivity: normal personal private confidential
enum taskStatus: notStarted inProgress completed waitingOnOthers deferred
enum weekIndex: first second third fourth last
enum wellknownListName: none defaultList flaggedEmails unknownFutureValue
complex attendee < attendeeBase: proposedNewTime=timeSlot; status=responseStatus;
complex attendeeBase < recipient: type=attendeeType;
complex dateTimeTimeZone: dateTime=String!; timeZone=String;
complex emailAddress: address=String; name=String;
complex followupFlag: completedDateTime=dateTimeTimeZone; dueDateTime=dateTimeTimeZone;
	flagStatus=followupFlagStatus; startDateTime=dateTimeTimeZone;
complex internetMessageHeader: name=String; value=String;
complex itemBody: content=String; contentType=bodyType;
complex location: address=physicalAddress; coordinates=outlookGeoCoordinates; displayName=String;
	locationEmailAddress=String; locationType=locationType; locationUri=String; uniqueId=String;
	uniqueIdType=locationUniqueIdType;
complex onlineMeetingInfo: conferenceId=String; joinUrl=String; phones=[]phone; quickDial=String;
	tollFreeNumbers=[]String; tollNumber=String;
complex outlookGeoCoordinates: accuracy=Double; altitude=Double; altitudeAccuracy=Double; latitude=Double;
	longitude=Double;
complex patternedRecurrence: pattern=recurrencePattern; range=recurrenceRange;
complex phone: language=String; number=String; region=String; type=phoneType;
complex physicalAddress: city=String; countryOrRegion=String; postalCode=String; state=String; street=String;
complex recipient: emailAddress=emailAddress;
complex recurrencePattern: dayOfMonth=Int32!; daysOfWeek=[]dayOfWeek; firstDayOfWeek=dayOfWeek; index=weekIndex;
	interval=Int32!; month=Int32!; type=recurrencePatternType;
complex recurrenceRange: endDate=Date; numberOfOccurrences=Int32!; recurrenceTimeZone=String; startDate=Date;
	type=recurrenceRangeType;
complex responseStatus: response=responseType; time=DateTimeOffset;
complex timeSlot: end=dateTimeTimeZone!; start=dateTimeTimeZone!;
entity attachment < entity: contentType=String; isInline=Boolean!; lastModifiedDateTime=DateTimeOffset; name=String;
	size=Int32!;
entity calendar < entity: allowedOnlineMeetingProviders=[]onlineMeetingProviderType; canEdit=Boolean;
	canShare=Boolean; canViewPrivateItems=Boolean; changeKey=String; color=calendarColor;
	defaultOnlineMeetingProvider=onlineMeetingProviderType; hexColor=String; isDefaultCalendar=Boolean;
	isRemovable=Boolean; isTallyingResponses=Boolean; name=String; owner=emailAddress;
	>calendarPermissions=[]calendarPermission; >calendarView=[]event; >events=[]event;
	>multiValueExtendedProperties=[]multiValueLegacyExtendedProperty;
	>singleValueExtendedProperties=[]singleValueLegacyExtendedProperty;
entity checklistItem < entity: checkedDateTime=DateTimeOffset; createdDateTime=DateTimeOffset!; displayName=String;
	isChecked=Boolean;
entity contact < outlookItem: assistantName=String; birthday=DateTimeOffset; businessAddress=physicalAddress;
	businessHomePage=String; businessPhones=[]String; children=[]String; companyName=String; department=String;
	displayName=String; emailAddresses=[]emailAddress; fileAs=String; generation=String; givenName=String;
	homeAddress=physicalAddress; homePhones=[]String; imAddresses=[]String; initials=String; jobTitle=String;
	manager=String; middleName=String; mobilePhone=String; nickName=String; officeLocation=String;
	otherAddress=physicalAddress; parentFolderId=String; personalNotes=String; primaryEmailAddress=emailAddress;
	profession=String; secondaryEmailAddress=emailAddress; spouseName=String; surname=String;
	tertiaryEmailAddress=emailAddress; title=String; yomiCompanyName=String; yomiGivenName=String; yomiSurname=String;
	>extensions=[]extension; >multiValueExtendedProperties=[]multiValueLegacyExtendedProperty; >photo=profilePhoto;
	>singleValueExtendedProperties=[]singleValueLegacyExtendedProperty;
entity contactFolder < entity: displayName=String; parentFolderId=String; >childFolders=[]contactFolder;
	>contacts=[]contact; >multiValueExtendedProperties=[]multiValueLegacyExtendedProperty;
	>singleValueExtendedProperties=[]singleValueLegacyExtendedProperty;
entity entity: id=String!;
entity event < outlookItem: allowNewTimeProposals=Boolean; attendees=[]attendee; body=itemBody; bodyPreview=String;
	cancelledOccurrences=[]String!; end=dateTimeTimeZone; hasAttachments=Boolean; hideAttendees=Boolean;
	iCalUId=String; importance=importance; isAllDay=Boolean; isCancelled=Boolean; isDraft=Boolean;
	isOnlineMeeting=Boolean; isOrganizer=Boolean; isReminderOn=Boolean; location=location; locations=[]location;
	onlineMeeting=onlineMeetingInfo; onlineMeetingProvider=onlineMeetingProviderType; onlineMeetingUrl=String;
	organizer=recipient; originalEndTimeZone=String; originalStart=DateTimeOffset; originalStartTimeZone=String;
	recurrence=patternedRecurrence; reminderMinutesBeforeStart=Int32; responseRequested=Boolean;
	responseStatus=responseStatus; sensitivity=sensitivity; seriesMasterId=String; showAs=freeBusyStatus;
	start=dateTimeTimeZone; subject=String; transactionId=String; type=eventType; webLink=String;
	>attachments=[]attachment; >calendar=calendar; >exceptionOccurrences=[]event; >extensions=[]extension;
	>instances=[]event; >multiValueExtendedProperties=[]multiValueLegacyExtendedProperty;
	>singleValueExtendedProperties=[]singleValueLegacyExtendedProperty;
entity fileAttachment < attachment: contentBytes=Binary; contentId=String; contentLocation=String;
entity itemAttachment < attachment: >item=outlookItem;
entity linkedResource < entity: applicationName=String; displayName=String; externalId=String; webUrl=String;
entity mailFolder < entity: childFolderCount=Int32; displayName=String; isHidden=Boolean; parentFolderId=String;
	totalItemCount=Int32; unreadItemCount=Int32; >childFolders=[]mailFolder; >messageRules=[]messageRule;
	>messages=[]message; >multiValueExtendedProperties=[]multiValueLegacyExtendedProperty;
	>singleValueExtendedProperties=[]singleValueLegacyExtendedProperty;
entity message < outlookItem: bccRecipients=[]recipient; body=itemBody; bodyPreview=String;
	ccRecipients=[]recipient; conversationId=String; conversationIndex=Binary; flag=followupFlag; from=recipient;
	hasAttachments=Boolean; importance=importance; inferenceClassification=inferenceClassificationType;
	internetMessageHeaders=[]internetMessageHeader; internetMessageId=String; isDeliveryReceiptRequested=Boolean;
	isDraft=Boolean; isRead=Boolean; isReadReceiptRequested=Boolean; parentFolderId=String;
	receivedDateTime=DateTimeOffset; replyTo=[]recipient; sender=recipient; sentDateTime=DateTimeOffset;
	subject=String; toRecipients=[]recipient; uniqueBody=itemBody; webLink=String; >attachments=[]attachment;
	>extensions=[]extension; >multiValueExtendedProperties=[]multiValueLegacyExtendedProperty;
	>singleValueExtendedProperties=[]singleValueLegacyExtendedProperty;
entity multiValueLegacyExtendedProperty < entity: value=[]String;
entity outlookItem < entity: categories=[]String; changeKey=String; createdDateTime=DateTimeOffset;
	lastModifiedDateTime=DateTimeOffset;
entity profilePhoto < entity: height=Int32; width=Int32;
entity referenceAttachment < attachment:
entity singleValueLegacyExtendedProperty < entity: value=String;
entity subscription < entity: applicationId=String; changeType=String!; clientState=String; creatorId=String;
	encryptionCertificate=String; encryptionCertificateId=String; expirationDateTime=DateTimeOffset!;
	includeResourceData=Boolean; latestSupportedTlsVersion=String; lifecycleNotificationUrl=String;
	notificationQueryOptions=String; notificationUrl=String!; notificationUrlAppId=String; resource=String!;
entity todoTask < entity: body=itemBody; bodyLastModifiedDateTime=DateTimeOffset!; categories=[]String;
	completedDateTime=dateTimeTimeZone; createdDateTime=DateTimeOffset!; dueDateTime=dateTimeTimeZone;
	hasAttachments=Boolean; importance=importance!; isReminderOn=Boolean!; lastModifiedDateTime=DateTimeOffset!;
	recurrence=patternedRecurrence; reminderDateTime=dateTimeTimeZone; startDateTime=dateTimeTimeZone;
	status=taskStatus!; title=String; >attachments=[]attachmentBase; >attachmentSessions=[]attachmentSession;
	>checklistItems=[]checklistItem; >extensions=[]extension; >linkedResources=[]linkedResource;
entity todoTaskList < entity: displayName=String; isOwner=Boolean!; isShared=Boolean!;
	wellknownListName=wellknownListName!; >extensions=[]extension; >tasks=[]todoTask;
`

// furtherTypes are those that the excerpt of the description leaves out, as the documentation's pages of them have them, in
// the language of typeTable.
const furtherTypes = `
enum attachmentType: file item reference
enum meetingMessageType: none meetingRequest meetingCancelled meetingAccepted meetingTenativelyAccepted meetingDeclined
complex attachmentInfo: attachmentType=attachmentType; contentType=String; name=String; size=Int64;
complex attachmentItem: attachmentType=attachmentType; contentId=String; contentType=String; isInline=Boolean; name=String;
	size=Int64;
entity attachmentBase < entity: contentType=String; lastModifiedDateTime=DateTimeOffset; name=String; size=Int32!;
entity attachmentSession < entity: content=Binary; expirationDateTime=DateTimeOffset; nextExpectedRanges=[]String!;
	>tasks=[]todoTask;
entity eventMessage < message: endDateTime=dateTimeTimeZone; isAllDay=Boolean; isDelegated=Boolean; isOutOfDate=Boolean;
	location=location; meetingMessageType=meetingMessageType; recurrence=patternedRecurrence; startDateTime=dateTimeTimeZone;
	type=eventType; >event=event;
entity eventMessageRequest < eventMessage: allowNewTimeProposals=Boolean; previousEndDateTime=dateTimeTimeZone;
	previousLocation=location; previousStartDateTime=dateTimeTimeZone; responseRequested=Boolean;
entity taskFileAttachment < attachmentBase: contentBytes=Binary;
`
