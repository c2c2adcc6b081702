package creatiosim

// entityTable is the part of a standard installation's data model that is simulated: names, types and references after
// the publicly generated client models, lengths after the product's column types. Text without a length is unlimited.
const entityTable = `
Activity Title
  Title text:500 required
  StartDate date required
  DueDate date required
  DurationInMinutes int
  DurationInMnutesAndHours text:50
  TypeId ->ActivityType
  ActivityCategoryId ->ActivityCategory required
  StatusId ->ActivityStatus
  PriorityId ->ActivityPriority
  ResultId ->ActivityResult
  DetailedResult text
  OwnerId ->Contact restrict
  AuthorId ->Contact index
  OrganizerId ->Contact
  SenderContactId ->Contact
  ContactId ->Contact index
  AccountId ->Account index
  LeadId ->Lead
  OpportunityId ->Opportunity
  CaseId ->Case
  ProjectId ->Project
  ShowInScheduler bool
  Location text:250
  Notes text
  RemindToOwner bool
  RemindToOwnerDate date
  RemindToAuthor bool
  RemindToAuthorDate date
  TimeZoneId ->TimeZone
  ActivityConnectionId ->Activity index
  CallDirectionId ->CallDirection
  GlobalActivityID text:250
  Body text
  IsHtmlBody bool
  Sender text:500
  Recepient text
  CopyRecepient text
  BlindCopyRecepient text
  SendDate date
  IsNeedProcess bool
  Confirmed bool
  ProcessElementId id
  AllowedResult text
  Preview text
  MessageTypeId ->EmailType
  EmailSendStatusId ->EmailSendStatus
  ErrorOnSend text
  HeaderProperties text
  MailHash text:250
  UserEmailAddress text:500
  IsAutoSubmitted bool
  ServiceProcessed bool

ActivityParticipant Description
  ActivityId ->Activity required cascade
  ParticipantId ->Contact cascade
  RoleId ->ActivityParticipantRole
  InviteParticipant bool
  InviteResponseId ->ParticipantResponse
  ReadMark bool
  Description text:250

ActivityFile
  Name text:250 required
  ActivityId ->Activity required cascade
  TypeId ->FileType
  Notes text:250
  Size int
  Version int
  Uploaded bool
  Data stream
  TotalSize int
  Inline bool

Contact
  Name text:250 required
  OwnerId ->Contact
  Dear text:250
  SalutationTypeId ->ContactSalutationType
  GenderId ->Gender
  AccountId ->Account index
  DecisionRoleId ->ContactDecisionRole
  TypeId ->ContactType
  JobId ->Job
  JobTitle text:250
  DepartmentId ->Department
  BirthDate day
  Phone text:250
  MobilePhone text:250
  HomePhone text:250
  Skype text:250
  Email text:250
  AddressTypeId ->AddressType
  Address text:500
  CityId ->City
  RegionId ->Region
  Zip text:50
  CountryId ->Country
  DoNotUseEmail bool
  DoNotUseCall bool
  DoNotUseFax bool
  DoNotUseSms bool
  DoNotUseMail bool
  Notes text
  Facebook text:250
  LinkedIn text:250
  Twitter text:250
  PhotoId ->SysImage
  Surname text:250
  GivenName text:250
  MiddleName text:250
  Confirmed bool
  Completeness int
  LanguageId ->SysLanguage
  Age int
  IsNonActualEmail bool

ActivityFolder
  Name text:250 required
  ParentId ->ActivityFolder cascade
  FolderTypeId ->FolderType
  SearchData stream

ActivityInFolder
  FolderId ->ActivityFolder required cascade
  ActivityId ->Activity required cascade

ContactFolder
  Name text:250 required
  ParentId ->ContactFolder cascade
  FolderTypeId ->FolderType
  SearchData stream

ContactInFolder
  FolderId ->ContactFolder required cascade
  ContactId ->Contact required cascade

ContactCommunication Number
  ContactId ->Contact required cascade
  CommunicationTypeId ->CommunicationType required
  Number text:250 required
  Position int
  IsPrimary bool
  NonActual bool
  DateSetNonActual date
  SearchNumber text:250
  SocialMediaId text:250
  ExternalCommunicationType text:250
  IsCreatedBySynchronization bool

ContactAddress Address
  ContactId ->Contact required cascade
  AddressTypeId ->AddressType
  CountryId ->Country
  RegionId ->Region
  CityId ->City
  Zip text:50
  Address text:500
  Primary bool

Account
  Name text:250 required
  AlternativeName text:500
  OwnerId ->Contact
  PrimaryContactId ->Contact
  TypeId ->AccountType
  ParentId ->Account
  Code text:50
  Phone text:250
  AdditionalPhone text:250
  Fax text:250
  Web text:250
  AddressTypeId ->AddressType
  Address text:500
  CityId ->City
  RegionId ->Region
  Zip text:50
  CountryId ->Country
  Notes text

SysImage
  Name text:250
  UploadedOn date
  MimeType text:250
  HasRef bool
  Hash text:250
  Data stream
  PreviewData stream

SysAdminUnit
  Name text:250 required
  Description text:250
  Active bool
  ContactId ->Contact restrict
  AccountId ->Account
  ParentRoleId ->SysAdminUnit
  SysAdminUnitTypeValue int
  ConnectionType int
  TimeZoneId text:250
  ForceChangePassword bool
  PasswordExpireDate date
  LoggedIn bool
  LoginAttemptCount int
  UnblockTime date
  SessionTimeout int

ActivityType:lookup
  Code text:250
ActivityCategory:lookup
  ActivityTypeId ->ActivityType
ActivityStatus:lookup
  Code text:250
  Finish bool
ActivityPriority:lookup
ActivityResult:lookup
  ActivityTypeId ->ActivityType
ActivityParticipantRole:lookup
  Code text:250
ParticipantResponse:lookup
CallDirection:lookup
FileType:lookup
EmailType:lookup
  Code text:250
EmailSendStatus:lookup
  Code text:250
FolderType:lookup
CommunicationType:lookup
  UseforContacts bool
  UseforAccounts bool
  HyperlinkTemplate text:250
AddressType:lookup
  ForContact bool
  ForAccount bool
ContactType:lookup
AccountType:lookup
ContactDecisionRole:lookup
ContactSalutationType:lookup
Gender:lookup
Job:lookup
Department:lookup
Country:lookup
  Code text:250
  TimeZoneId ->TimeZone
Region:lookup
  CountryId ->Country
City:lookup
  CountryId ->Country
  RegionId ->Region
SysLanguage:lookup
  Code text:250
  IsUsed bool
TimeZone:lookup
  Code text:250
Lead LeadName
  LeadName text:250
Opportunity Title
  Title text:250
Case Subject
  Number text:250
  Subject text:500
Project
  Name text:250
`
