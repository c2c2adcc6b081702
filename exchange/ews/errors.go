package ews

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"crmbridge/pim"
	"crmbridge/upstream"
)

// verdict is what a response code means.
type verdict struct {
	kind   pim.Reason
	public string        // "": the general text with the code
	after  time.Duration // not before; 0 when Exchange does not tell
}

// codes are the response codes (messages.xsd ResponseCodeType) that mean something of their own. Any other is a refusal. What is
// about an item, its folder or a property is refused alone; what is about the mailbox or the login concerns all.
var codes = map[string]verdict{
	// The item is not there.
	"ErrorItemNotFound":                        {kind: pim.ErrNotFound},
	"ErrorFolderNotFound":                      {kind: pim.ErrNotFound, public: "the folder is not in the mailbox any more"},
	"ErrorSyncFolderNotFound":                  {kind: pim.ErrNotFound, public: "the folder is not in the mailbox any more"},
	"ErrorParentFolderNotFound":                {kind: pim.ErrNotFound, public: "the folder is not in the mailbox any more"},
	"ErrorSavedItemFolderNotFound":             {kind: pim.ErrNotFound, public: "the folder is not in the mailbox any more"},
	"ErrorToFolderNotFound":                    {kind: pim.ErrNotFound, public: "the folder is not in the mailbox any more"},
	"ErrorInvalidId":                           {kind: pim.ErrNotFound},
	"ErrorInvalidIdEmpty":                      {kind: pim.ErrNotFound},
	"ErrorInvalidIdMalformed":                  {kind: pim.ErrNotFound},
	"ErrorInvalidIdMalformedEwsLegacyIdFormat": {kind: pim.ErrNotFound},
	"ErrorInvalidIdMonikerTooLong":             {kind: pim.ErrNotFound},
	"ErrorInvalidIdStoreObjectIdTooLong":       {kind: pim.ErrNotFound},
	"ErrorInvalidIdXml":                        {kind: pim.ErrNotFound},
	"ErrorInvalidFolderId":                     {kind: pim.ErrNotFound, public: "the folder is not in the mailbox any more"},
	"ErrorCannotUseItemIdForFolderId":          {kind: pim.ErrNotFound},
	"ErrorCannotUseFolderIdForItemId":          {kind: pim.ErrNotFound},
	"ErrorObjectTypeChanged":                   {kind: pim.ErrNotFound},
	"ErrorCalendarCannotUpdateDeletedItem":     {kind: pim.ErrNotFound},
	"ErrorInvalidAttachmentId":                 {kind: pim.ErrNotFound},

	// Somebody was quicker.
	"ErrorIrresolvableConflict": {kind: pim.ErrConflict},
	"ErrorStaleObject":          {kind: pim.ErrConflict},
	"ErrorInvalidChangeKey":     {kind: pim.ErrConflict},

	// The listing has to begin anew.
	"ErrorInvalidSyncStateData": {kind: pim.ErrCursorGone, public: "the listing has to begin anew"},

	// Login and rights.
	"ErrorAccountDisabled":                        {kind: pim.ErrAuth, public: "the account is switched off in Exchange"},
	"ErrorPasswordExpired":                        {kind: pim.ErrAuth, public: "the password has expired; set a new one and enter it here"},
	"ErrorPasswordChangeRequired":                 {kind: pim.ErrAuth, public: "Exchange asks for a new password; set one and enter it here"},
	"ErrorMailboxLogonFailed":                     {kind: pim.ErrAuth, public: "Exchange did not let the account into the mailbox"},
	"ErrorAccessDenied":                           {kind: pim.ErrForbidden, public: "Exchange does not allow this to the connected account"},
	"ErrorCreateItemAccessDenied":                 {kind: pim.ErrForbidden, public: "the connected account may not make items in this folder"},
	"ErrorCannotDeleteObject":                     {kind: pim.ErrForbidden, public: "the connected account may not delete this item"},
	"ErrorSendAsDenied":                           {kind: pim.ErrForbidden, public: "the connected account may not send in the name of this mailbox"},
	"ErrorImpersonateUserDenied":                  {kind: pim.ErrForbidden, public: "the account may not act for this mailbox: it lacks the role ApplicationImpersonation, or the role's scope does not have the mailbox"},
	"ErrorImpersonationDenied":                    {kind: pim.ErrForbidden, public: "the account may not act for other mailboxes: it lacks the role ApplicationImpersonation"},
	"ErrorImpersonationFailed":                    {kind: pim.ErrForbidden, public: "Exchange could not act for this mailbox; check that its address is right and that the account has the role ApplicationImpersonation"},
	"ErrorInvalidExchangeImpersonationHeaderData": {kind: pim.ErrForbidden, public: "Exchange does not take the address of the mailbox to act for"},
	"ErrorInvalidAuthorizationContext":            {kind: pim.ErrForbidden, public: "Exchange does not take the login for this mailbox"},
	"ErrorNotDelegate":                            {kind: pim.ErrForbidden, public: "the connected account has no access to this mailbox"},
	"ErrorOrganizationAccessBlocked":              {kind: pim.ErrForbidden, public: "the organisation does not allow programs like this one (EWSApplicationAccessPolicy)"},
	"ErrorInvalidLicense":                         {kind: pim.ErrForbidden, public: "the mailbox has no licence for this"},
	// The mailbox is nowhere: an address that is wrong, or a mailbox that was moved to Microsoft 365. Not ErrNotFound, which
	// would be said of an item.
	"ErrorNonExistentMailbox":    {kind: pim.ErrForbidden, public: "Exchange has no mailbox with this address; if it was moved to Microsoft 365, connect it there"},
	"ErrorInvalidSmtpAddress":    {kind: pim.ErrForbidden, public: "the address of the mailbox is not valid"},
	"ErrorNonPrimarySmtpAddress": {kind: pim.ErrForbidden, public: "this is not the mailbox's primary address; use that one"},
	"ErrorMissingEmailAddress":   {kind: pim.ErrForbidden, public: "the connected account has no mailbox; name the mailbox to act for"},

	// In passing.
	"ErrorServerBusy":                       {kind: pim.ErrThrottled, public: "Exchange asks for fewer requests"},
	"ErrorExceededConnectionCount":          {kind: pim.ErrThrottled, public: "too many connections of this account are open", after: time.Minute},
	"ErrorExceededFindCountLimit":           {kind: pim.ErrThrottled, public: "Exchange asks for smaller requests", after: time.Minute},
	"ErrorExceededSubscriptionCount":        {kind: pim.ErrThrottled, public: "too many programs watch this mailbox", after: 5 * time.Minute},
	"ErrorMailboxMoveInProgress":            {kind: pim.ErrUnavailable, public: "the mailbox is being moved", after: 5 * time.Minute},
	"ErrorMailboxStoreUnavailable":          {kind: pim.ErrUnavailable, public: "the mailbox's database is not available now"},
	"ErrorMailboxFailover":                  {kind: pim.ErrUnavailable, public: "the mailbox's database is changing servers"},
	"ErrorTimeoutExpired":                   {kind: pim.ErrUnavailable, public: "Exchange took too long"},
	"ErrorBatchProcessingStopped":           {kind: pim.ErrUnavailable, public: "Exchange did not get to this"},
	"ErrorRequestAborted":                   {kind: pim.ErrUnavailable},
	"ErrorClientDisconnected":               {kind: pim.ErrUnavailable},
	"ErrorConnectionFailed":                 {kind: pim.ErrUnavailable},
	"ErrorADUnavailable":                    {kind: pim.ErrUnavailable, public: "Exchange's directory is not available now"},
	"ErrorADOperation":                      {kind: pim.ErrUnavailable, public: "Exchange's directory is not available now"},
	"ErrorInsufficientResources":            {kind: pim.ErrUnavailable, public: "Exchange lacks resources now"},
	"ErrorNotEnoughMemory":                  {kind: pim.ErrUnavailable, public: "Exchange lacks resources now"},
	"ErrorTooManyObjectsOpened":             {kind: pim.ErrUnavailable, public: "Exchange lacks resources now"},
	"ErrorInternalServerError":              {kind: pim.ErrUnavailable, public: "something failed inside Exchange"},
	"ErrorInternalServerTransientError":     {kind: pim.ErrUnavailable, public: "something failed inside Exchange for a moment"},
	"ErrorNoRespondingCASInDestinationSite": {kind: pim.ErrUnavailable},
	"ErrorProxyRequestProcessingFailed":     {kind: pim.ErrUnavailable},
	"ErrorProxyCallFailed":                  {kind: pim.ErrUnavailable},
	"ErrorServiceDiscoveryFailed":           {kind: pim.ErrUnavailable},

	// Too much.
	"ErrorQuotaExceeded":               {kind: pim.ErrRefused, public: "the mailbox is full"},
	"ErrorMessageSizeExceeded":         {kind: pim.ErrTooLarge, public: "the item is larger than Exchange allows"},
	"ErrorDataSizeLimitExceeded":       {kind: pim.ErrTooLarge, public: "the item is larger than Exchange allows"},
	"ErrorAttachmentSizeLimitExceeded": {kind: pim.ErrTooLarge, public: "the picture is larger than Exchange allows"},
	"ErrorRequestStreamTooBig":         {kind: pim.ErrTooLarge, public: "the item is larger than Exchange allows"},

	// What Exchange cannot keep.
	"ErrorCannotCreateCalendarItemInNonCalendarFolder": {kind: pim.ErrUnsupported, public: "this folder takes no appointments"},
	"ErrorCannotCreateTaskInNonTaskFolder":             {kind: pim.ErrUnsupported, public: "this folder takes no tasks"},
	"ErrorCannotCreateContactInNonContactFolder":       {kind: pim.ErrUnsupported, public: "this folder takes no contacts"},
	"ErrorOccurrenceCrossingBoundary":                  {kind: pim.ErrRefused, public: "Exchange does not let an occurrence of a series be moved to or past its neighbours"},
	"ErrorRecurrenceHasNoOccurrence":                   {kind: pim.ErrRefused, public: "the series has no occurrence"},
	"ErrorRecurrenceEndDateTooBig":                     {kind: pim.ErrRefused, public: "the series goes on for longer than Exchange can keep"},
	"ErrorUnsupportedRecurrence":                       {kind: pim.ErrUnsupported, public: "Exchange cannot keep this repetition"},
	"ErrorCalendarInvalidRecurrence":                   {kind: pim.ErrUnsupported, public: "Exchange cannot keep this repetition"},
	"ErrorCalendarDurationIsTooLong":                   {kind: pim.ErrRefused, public: "the appointment is longer than Exchange allows (five years)"},
	"ErrorCalendarEndDateIsEarlierThanStartDate":       {kind: pim.ErrRefused, public: "the appointment ends before it begins"},
	"ErrorCalendarOutOfRange":                          {kind: pim.ErrRefused, public: "the date is outside of what Exchange can keep"},
	"ErrorCalendarIsNotOrganizer":                      {kind: pim.ErrRefused, public: "only the organiser can change this in a meeting"},
	"ErrorInvalidCompleteDate":                         {kind: pim.ErrRefused, public: "Exchange takes no day of completion that is in the future"},
	"ErrorInvalidContactEmailAddress":                  {kind: pim.ErrRefused, public: "Exchange does not take an e-mail address of the contact"},
	"ErrorInvalidRecipients":                           {kind: pim.ErrRefused, public: "Exchange does not take the address of an attendee"},
	"ErrorVirusDetected":                               {kind: pim.ErrRefused, public: "the virus scanner of the server refused this"},
	"ErrorItemCorrupt":                                 {kind: pim.ErrRefused, public: "the item is damaged in Exchange"},
	"ErrorCorruptData":                                 {kind: pim.ErrRefused, public: "the item is damaged in Exchange"},

	// Ours.
	"ErrorSchemaValidation":       {kind: pim.ErrInternal, public: "Exchange did not understand the request"},
	"ErrorInvalidRequest":         {kind: pim.ErrInternal, public: "Exchange did not understand the request"},
	"ErrorInvalidServerVersion":   {kind: pim.ErrUnsupported, public: "this Exchange is older than 2013 SP1"},
	"ErrorIncorrectSchemaVersion": {kind: pim.ErrUnsupported, public: "this Exchange is older than 2013 SP1"},
}

// refusal is Exchange's own text, for the log.
type refusal struct{ code, text string }

func (r *refusal) Error() string { return r.code + ": " + r.text }

// codeOf is the response code that an error came from; "" for others.
func codeOf(err error) string {
	var r *refusal
	if errors.As(err, &r) {
		return r.code
	}
	return ""
}

// translate makes an error of a response code.
func translate(op, code, text string, x messageXML) *pim.Error {
	v, known := codes[code]
	if !known {
		v.kind = pim.ErrRefused
	}
	if v.public == "" && v.kind != pim.ErrNotFound && v.kind != pim.ErrConflict {
		v.public = "Exchange refused this (" + plainCode(code) + ")"
	}
	e := &pim.Error{Op: op, Kind: v.kind, Public: v.public, After: v.after, Err: &refusal{code, text}}
	if ms, err := strconv.Atoi(x.value("BackOffMilliseconds")); err == nil && ms > 0 {
		e.After = time.Duration(ms) * time.Millisecond
	}
	return e
}

// plainCode is a response code fit to be shown: a word, or nothing of it.
func plainCode(code string) string {
	if len(code) > 80 || !word.MatchString(code) {
		return "unknown"
	}
	return code
}

var word = regexp.MustCompile(`^[A-Za-z0-9]+$`)

// err is nil for a message that is a success. A warning is an error only where nothing came with it.
func (m *message) err(op string) error {
	if m.Class == "Success" || m.Code == "NoError" || m.Class == "" && m.Code == "" {
		return nil
	}
	if m.Class == "Warning" && m.Code != "ErrorBatchProcessingStopped" {
		return nil
	}
	return translate(op, m.Code, m.Text, m.XML)
}

// only is the one message of an answer.
func (a *answer) only(op string) (*message, error) {
	if len(a.Body.Response.Messages.List) == 0 {
		return nil, pim.Errorf(op, pim.ErrProtocol, "Exchange's answer is incomplete")
	}
	m := &a.Body.Response.Messages.List[0]
	return m, m.err(op)
}

// judge makes an error of an answer that is no success, by its status and what it says; nil for one to be read on.
func judge(op string, resp *upstream.Response) (answer, error) {
	switch {
	case resp.OK() && !resp.HTML():
		a, err := readAnswer(op, resp.Body)
		if err == nil && a.Body.Fault != nil {
			err = a.Body.Fault.err(op)
		}
		return a, err
	case resp.Status == http.StatusInternalServerError && !resp.HTML():
		if a, err := readAnswer(op, resp.Body); err == nil && a.Body.Fault != nil {
			return a, a.Body.Fault.err(op)
		}
	}
	return answer{}, httpFault(op, resp)
}

// httpFault is what a status means at the address of EWS.
func httpFault(op string, resp *upstream.Response) *pim.Error {
	e := upstream.Fault(op, resp)
	switch s := resp.Status; {
	case resp.OK():
		e.Kind, e.Public = pim.ErrProtocol, "the server answered with a web page instead of Exchange Web Services"
	case s == http.StatusUnauthorized, s == 440, s == 456, s == 457: // the last three are Microsoft's: expired, blocked
		e.Kind, e.Public = pim.ErrAuth, "Exchange refused the login"+offered(resp)
	case s == http.StatusForbidden:
		e.Kind, e.Public = pim.ErrForbidden, "Exchange Web Services are switched off for this account, or closed to programs from outside"
	case s == http.StatusNotFound, s == http.StatusGone, s == http.StatusMethodNotAllowed:
		// An item that is gone is told otherwise.
		e.Kind, e.Public = pim.ErrProtocol, "there are no Exchange Web Services at this address"
	}
	return e
}

// offered tells which ways to log in the server has, when it tells.
func offered(resp *upstream.Response) string {
	known := map[string]string{"basic": "basic", "ntlm": "ntlm", "negotiate": "ntlm", "bearer": "oauth"}
	said, out := map[string]bool{}, ""
	for _, v := range resp.Header.Values("WWW-Authenticate") {
		scheme, _, _ := bytes.Cut(bytes.ToLower([]byte(v)), []byte(" "))
		if way := known[string(scheme)]; way != "" && !said[way] {
			said[way] = true
			out += ", " + way
		}
	}
	if out == "" {
		return ""
	}
	return " (it offers: " + out[2:] + ")"
}

func (f *fault) err(op string) *pim.Error {
	code := f.Detail.ResponseCode
	if code == "" {
		code = afterColon(f.Code)
	}
	text := f.Detail.Message
	if text == "" {
		text = f.Text
	}
	return translate(op, code, text, f.Detail.XML)
}

func afterColon(s string) string {
	if i := bytes.LastIndexByte([]byte(s), ':'); i >= 0 {
		return s[i+1:]
	}
	return s
}

// The marks of an answer that says the server is busy. They cannot stand in texts of items, where < is escaped.
var (
	busyCode = regexp.MustCompile(`<[^<>]*ResponseCode[^<>]*>\s*ErrorServerBusy\s*<`)
	backOff  = regexp.MustCompile(`<[^<>]*Name="BackOffMilliseconds"[^<>]*>\s*([0-9]+)\s*<`)
)

// Pauses where Exchange asks for one and does not say how long.
const (
	leastPause   = time.Second
	unknownPause = 10 * time.Second
)

// busy tells how long an answer asks to be left alone. Exchange says so in three ways: a fault with status 500; an answer with
// status 200, where the code may be another one and only the time tells; and a bare 503.
func busy(resp *upstream.Response) time.Duration {
	switch {
	case resp.Status == http.StatusServiceUnavailable && resp.Header.Get("Retry-After") != "":
		return 0 // the client heeds that by itself
	case resp.Status == http.StatusServiceUnavailable:
	case !bytes.Contains(resp.Body, []byte("ErrorServerBusy")) && !bytes.Contains(resp.Body, []byte("BackOffMilliseconds")):
		return 0
	case !busyCode.Match(resp.Body) && !backOff.Match(resp.Body):
		return 0
	}
	m := backOff.FindSubmatch(resp.Body)
	if m == nil {
		return unknownPause
	}
	ms, err := strconv.Atoi(string(m[1]))
	if err != nil {
		return unknownPause
	}
	return max(leastPause, time.Duration(ms)*time.Millisecond)
}

// passing reports a 500 that may be gone a moment later.
func passing(resp *upstream.Response) bool {
	_, err := judge("", resp)
	return pim.ReasonOf(err) == pim.ErrUnavailable
}

// missing reports an error that says an item is not there, or is none that can be read.
func missing(err error) bool {
	return errors.Is(err, pim.ErrNotFound) || codeOf(err) == "ErrorInvalidPropertyRequest"
}

var errUnread = fmt.Errorf("ews: an answer has fewer messages than were asked for")
