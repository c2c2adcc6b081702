package graph

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"crmbridge/pim"
	"crmbridge/upstream"
)

func answered(status int, code, message string) answer {
	var e odataError
	e.Error.Code, e.Error.Message = code, message
	b, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	return answer{&upstream.Response{Status: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: b}}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status  int
		code    string
		message string
		write   bool
		kind    pim.Reason
		says    string
	}{
		{410, "", "", false, pim.ErrCursorGone, "anew"},
		{400, "SyncStateNotFound", "", false, pim.ErrCursorGone, "anew"},
		{412, "ErrorIrresolvableConflict", "", true, pim.ErrConflict, "changed"},
		{409, "ConcurrentItemSave", "", true, pim.ErrConflict, "changed"},
		{409, "whatever", "", true, pim.ErrConflict, ""},
		{404, "ErrorItemNotFound", "", false, pim.ErrNotFound, "no such item"},
		{404, "", "", false, pim.ErrNotFound, ""},
		{400, "ErrorInvalidIdMalformed", "", false, pim.ErrNotFound, "no such item"},
		{404, "MailboxNotEnabledForRESTAPI", "", false, pim.ErrNotFound, "no mailbox in Microsoft 365"},
		{403, "ErrorAccessDenied", "Access to OData is disabled.", false, pim.ErrForbidden, "RBAC for applications"},
		{403, "Authorization_RequestDenied", "", false, pim.ErrForbidden, "permission in Microsoft Entra ID"},
		{403, "other", "", false, pim.ErrForbidden, "mailbox"},
		{401, "InvalidAuthenticationToken", "", false, pim.ErrAuth, "login"},
		{429, "ApplicationThrottled", "", false, pim.ErrThrottled, "fewer"},
		{503, "", "", false, pim.ErrUnavailable, ""},
		{500, "ErrorServerBusy", "", false, pim.ErrUnavailable, "busy"},
		{500, "", "", false, pim.ErrUnavailable, ""},
		{400, "ErrorOccurrenceCrossingBoundary", "", true, pim.ErrRefused, "neighbour"},
		{507, "ErrorQuotaExceeded", "", true, pim.ErrRefused, "full"},
		{413, "", "", true, pim.ErrTooLarge, ""},
		{400, "ErrorPropertyValidationFailure", "One or more property values are invalid.", true, pim.ErrRefused, "One or more property values"},
		{400, "RequestBodyRead", "at Microsoft.Exchange.Foo()\n   at Bar <x>", true, pim.ErrRefused, "refused the change"},
		{400, "BadRequest", "Could not find a property", false, pim.ErrProtocol, "did not understand"},
		{405, "", "", true, pim.ErrUnsupported, ""},
	} {
		err := answered(c.status, c.code, c.message).fail("graph: test", c.write)
		if pim.ReasonOf(err) != c.kind || !strings.Contains(pim.PublicText(err), c.says) {
			t.Errorf("%d %s: %v %q", c.status, c.code, pim.ReasonOf(err), pim.PublicText(err))
		}
		if public := pim.PublicText(err); strings.ContainsAny(public, "<>\n") || strings.Contains(public, "Exchange.Foo") {
			t.Errorf("%d %s: the public text is %q", c.status, c.code, public)
		}
		var r *refusal
		if c.code != "" && (!errors.As(err, &r) || r.code != c.code) {
			t.Errorf("%d %s: the log does not have the code: %v", c.status, c.code, err)
		}
	}
	page := answer{&upstream.Response{Status: 200, Header: http.Header{"Content-Type": {"text/html"}}, Body: []byte("<!DOCTYPE html>")}}
	if err := page.fail("graph: test", false); pim.ReasonOf(err) != pim.ErrProtocol {
		t.Errorf("a web page for a read: %v", err)
	}
	// Nobody knows what became of a change that is answered with a page.
	if err := page.fail("graph: test", true); pim.ReasonOf(err) != pim.ErrUnavailable {
		t.Errorf("a web page for a write: %v", err)
	}
}

// Each row can be reached: none before it takes all that it would.
func TestErrorTableHasNoDeadRows(t *testing.T) {
	t.Parallel()
	all := faults()
	for i, f := range all {
		for _, earlier := range all[:i] {
			if (earlier.status == 0 || earlier.status == f.status) && (earlier.code == "" || strings.EqualFold(earlier.code, f.code)) {
				t.Errorf("row %d %s is hidden by %d %s", f.status, f.code, earlier.status, earlier.code)
			}
		}
	}
}
