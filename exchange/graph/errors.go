package graph

import (
	"net/http"
	"strings"
	"unicode"

	"crmbridge/pim"
	"crmbridge/upstream"
)

// fault is one row of the error table: what an answer of Graph means.
type fault struct {
	status int    // 0: any
	code   string // error.code, in any case of letters; "" any
	kind   pim.Reason
	public string // "" leaves what the status alone says
}

// faults is the one place where Graph's errors get their meaning. The first row that fits counts. What no row names is judged by
// its status (upstream.Fault). Whether something is tried again follows from the kind alone.
func faults() []fault {
	const denied = "Microsoft 365 does not let this application into the mailbox; check its permissions, and where they are limited to some mailboxes " +
		"(RBAC for applications or an application access policy), that this one is among them"
	const readAnew = "the item was changed in Microsoft 365 meanwhile"
	return []fault{
		// State of a delta query that is gone (Microsoft Graph, "Use delta query": 410, or 40x with these codes).
		{0, "syncStateNotFound", pim.ErrCursorGone, "the listing has to begin anew"},
		{0, "syncStateInvalid", pim.ErrCursorGone, "the listing has to begin anew"},
		{0, "resyncRequired", pim.ErrCursorGone, "the listing has to begin anew"},
		{0, "fullSyncRequired", pim.ErrCursorGone, "the listing has to begin anew"},
		{http.StatusGone, "", pim.ErrCursorGone, "the listing has to begin anew"},

		// Versions.
		{http.StatusPreconditionFailed, "", pim.ErrConflict, readAnew},
		{0, "ErrorIrresolvableConflict", pim.ErrConflict, readAnew},
		{0, "ConcurrentItemSave", pim.ErrConflict, readAnew},
		{0, "ErrorItemSave", pim.ErrConflict, readAnew},

		// A POST whose transactionId has been used: an earlier one made the event.
		{0, "ErrorDuplicateTransactionId", pim.ErrExists, "the event has been made already"},

		// What is not there. An id that Exchange cannot have made names nothing either.
		{0, "ErrorItemNotFound", pim.ErrNotFound, "there is no such item in Microsoft 365 (any more)"},
		{0, "ErrorInvalidIdMalformed", pim.ErrNotFound, "there is no such item in Microsoft 365 (any more)"},
		{0, "ErrorInvalidIdEmpty", pim.ErrNotFound, "there is no such item in Microsoft 365 (any more)"},
		{0, "ErrorInvalidIdNotAnItemAttachmentId", pim.ErrNotFound, "there is no such item in Microsoft 365 (any more)"},
		{0, "ErrorInvalidId", pim.ErrNotFound, "there is no such item in Microsoft 365 (any more)"},
		{0, "ErrorFolderNotFound", pim.ErrNotFound, "there is no such calendar, list or folder in Microsoft 365 (any more)"},
		{0, "ErrorInvalidUser", pim.ErrNotFound, "there is no such mailbox in this organisation"},
		{0, "Request_ResourceNotFound", pim.ErrNotFound, "there is no such user in this organisation"},
		{0, "MailboxNotEnabledForRESTAPI", pim.ErrNotFound, "this user has no mailbox in Microsoft 365, or it is on a server of the organisation's own"},
		{0, "MailboxNotSupportedForRESTAPI", pim.ErrNotFound, "this user has no mailbox in Microsoft 365, or it is on a server of the organisation's own"},
		{0, "ErrorNonExistentMailbox", pim.ErrNotFound, "there is no such mailbox in this organisation"},

		// Rights.
		{http.StatusUnauthorized, "", pim.ErrAuth, "Microsoft 365 does not accept the login"},
		{http.StatusForbidden, "ErrorAccessDenied", pim.ErrForbidden, denied},
		{http.StatusForbidden, "Authorization_RequestDenied", pim.ErrForbidden, "the application lacks a permission in Microsoft Entra ID, or nobody has consented to it"},
		{http.StatusForbidden, "", pim.ErrForbidden, denied},

		// Load. Graph says 429, 503 and 504, all with Retry-After, and these codes elsewhere.
		{http.StatusTooManyRequests, "", pim.ErrThrottled, "Microsoft 365 asks for fewer requests"},
		{0, "ApplicationThrottled", pim.ErrThrottled, "Microsoft 365 asks for fewer requests"},
		{0, "TooManyRequests", pim.ErrThrottled, "Microsoft 365 asks for fewer requests"},
		{0, "ErrorServerBusy", pim.ErrUnavailable, "Microsoft 365 is busy"},
		{0, "ErrorTimeoutExpired", pim.ErrUnavailable, "Microsoft 365 is busy"},
		{0, "ErrorMailboxStoreUnavailable", pim.ErrUnavailable, "the mailbox cannot be reached now"},
		{0, "ErrorMailboxMoveInProgress", pim.ErrUnavailable, "the mailbox is being moved"},
		{0, "MailboxNotReady", pim.ErrUnavailable, "the mailbox is being made"},
		{0, "ErrorQuotaExceeded", pim.ErrRefused, "the mailbox is full"},

		// What Exchange does not do.
		{0, "ErrorOccurrenceCrossingBoundary", pim.ErrRefused, "Exchange does not let an occurrence be moved to the day of its neighbour or past it"},
		{0, "ErrorMessageSizeExceeded", pim.ErrTooLarge, "the item is larger than Microsoft 365 takes"},
		{0, "ErrorCannotDeleteObject", pim.ErrRefused, ""},
		{http.StatusMethodNotAllowed, "", pim.ErrUnsupported, ""},
		{http.StatusConflict, "", pim.ErrConflict, ""},
	}
}

// odataError is the body of an error (OData 4.01 JSON 21.1).
type odataError struct {
	Error struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

// answer is what Graph said to one request, be it on its own or in a batch.
type answer struct {
	*upstream.Response
}

// ok reports a success that can be read.
func (a answer) ok() bool { return a.OK() && !a.HTML() }

// fail says what an answer that is no success means; write tells whether something was to be changed.
func (a answer) fail(op string, write bool) error {
	e := upstream.Fault(op, a.Response)
	var body odataError
	if !a.HTML() {
		_ = a.JSON(op, &body) // a body that cannot be read says nothing
	}
	if body.Error.Code != "" {
		e.Err = &refusal{a.Status, body.Error.Code, body.Error.Message}
	}
	if a.OK() {
		e.Kind, e.Public = pim.ErrProtocol, "Microsoft 365 answered with a web page instead of data"
		if write { // whoever sent the page, the change may have been made
			e.Kind = pim.ErrUnavailable
		}
		return e
	}
	for _, f := range faults() {
		if (f.status == 0 || f.status == a.Status) && (f.code == "" || strings.EqualFold(f.code, body.Error.Code)) {
			e.Kind = f.kind
			if f.public != "" {
				e.Public = f.public
			}
			return e
		}
	}
	switch {
	case a.Status == http.StatusBadRequest && !write:
		e.Kind, e.Public = pim.ErrProtocol, "Microsoft 365 did not understand the request"+because(body.Error.Message)
	case a.Status == http.StatusBadRequest || a.Status == http.StatusUnprocessableEntity:
		e.Kind, e.Public = pim.ErrRefused, "Microsoft 365 refused the change"+because(body.Error.Message)
	}
	return e
}

// refusal is Graph's own text, for the log.
type refusal struct {
	status        int
	code, message string
}

// Error implements error.
func (r *refusal) Error() string { return http.StatusText(r.status) + ": " + r.code + ": " + r.message }

// because is ": " and a text of the service, as far as it is for people: one line, not too long, no markup.
func because(text string) string {
	text = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)), " ")
	if text == "" || strings.ContainsAny(text, "<>") || strings.Contains(text, "   at ") || strings.Contains(text, "Exception") {
		return ""
	}
	if rs := []rune(text); len(rs) > 300 {
		text = string(rs[:300]) + "…"
	}
	return ": " + text
}
