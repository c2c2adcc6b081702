package creatio

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"crmbridge/pim"
	"crmbridge/upstream"
)

func answer(status int, typ, body string) *upstream.Response {
	return &upstream.Response{Status: status, Header: http.Header{"Content-Type": {typ}}, Body: []byte(body)}
}

func TestTranslateError(t *testing.T) {
	t.Parallel()
	odata := func(text string) string {
		b, err := json.Marshal(map[string]any{"error": map[string]any{"code": "", "message": "An error has occurred.",
			"innererror": map[string]any{"message": text, "type": "System.Exception", "stacktrace": "   at Terrasoft.Core.X()"}}})
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	plain := func(text string) string { return `{"Message":` + strings.TrimSpace(mustJSON(t, text)) + `}` }
	const rule = "The employee already has a meeting at this time."
	for _, c := range []struct {
		name   string
		status int
		body   string
		write  bool
		want   pim.Reason
		public string // must be in the public text
	}{
		{"rule", 500, odata(rule), true, pim.ErrRefused, rule},
		{"plain rule", 500, plain(rule), true, pim.ErrRefused, rule},
		{"byte order mark", 500, "\xef\xbb\xbf" + plain(rule), true, pim.ErrRefused, rule},
		{"duplicate on SQL Server", 500, odata("Violation of PRIMARY KEY constraint 'PKActivityId'. Cannot insert duplicate key in object 'dbo.Activity'."), true, pim.ErrExists, "already"},
		{"duplicate on PostgreSQL", 500, odata(`23505: duplicate key value violates unique constraint "PKActivityId"`), true, pim.ErrExists, "already"},
		{"referenced", 500, odata("The DELETE statement conflicted with the REFERENCE constraint \"FK\" in table \"dbo.Contact\""), true, pim.ErrRefused, "depend on"},
		{"too long", 500, odata("String or binary data would be truncated in table 'Creatio.dbo.Contact'"), true, pim.ErrRefused, "longer"},
		{"deadlock", 500, odata("Transaction (Process ID 52) was deadlocked on lock resources"), true, pim.ErrUnavailable, "busy"},
		{"unknown column", 500, odata("Column by path OwnerId not found in schema Activity"), false, pim.ErrProtocol, "Column by path OwnerId"},
		{"internal text", 500, odata("Object reference not set. System.NullReferenceException   at Terrasoft.Core.X()"), true, pim.ErrRefused, "refused the change"},
		{"bad query", 400, odata("The query specified in the URI is not valid."), false, pim.ErrProtocol, "did not understand"},
		{"bad body", 400, plain("The request is invalid."), true, pim.ErrRefused, "The request is invalid."},
		{"right", 403, odata("Current user does not have permission."), true, pim.ErrForbidden, "does not have permission"},
		{"crash", 500, "<html><body>Runtime Error at X.cs:17</body></html>", true, pim.ErrUnavailable, "status 500"},
		{"web page", 200, "<!DOCTYPE html><html>login</html>", false, pim.ErrProtocol, "web page"},
		{"login ended", 401, "<html>", false, pim.ErrAuth, "login"},
		{"too large", 413, "<html>", true, pim.ErrTooLarge, "too large"},
		{"gone", 404, "", true, pim.ErrNotFound, ""},
		{"control characters", 500, plain("line\r\none\x00two\x1b[31m"), true, pim.ErrRefused, "line one two [31m"},
		{"very long", 500, plain(strings.Repeat("x", 5000)), true, pim.ErrRefused, "xxx…"},
	} {
		err := translateError("creatio: test", answer(c.status, "application/json", c.body), c.write)
		public := pim.PublicText(err)
		if got := pim.ReasonOf(err); got != c.want || !strings.Contains(public, c.public) {
			t.Errorf("%s: %s %q, want %s %q", c.name, got, public, c.want, c.public)
		}
		for _, secret := range []string{"dbo.", "Terrasoft", "   at ", "<html", "X.cs"} {
			if strings.Contains(public, secret) {
				t.Errorf("%s: the public text holds %q: %s", c.name, secret, public)
			}
		}
		if len([]rune(public)) > 400 {
			t.Errorf("%s: a public text of %d bytes", c.name, len(public))
		}
	}
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestJudgeLogin(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		resp   *upstream.Response
		want   pim.Reason
		public string
	}{
		"fine":            {answer(200, "application/json", `{"Code":0,"Message":"","Exception":null,"PasswordChangeUrl":null,"RedirectUrl":null}`), "", ""},
		"wrong password":  {answer(200, "application/json", `{"Code":1,"Message":"Invalid username or password specified."}`), pim.ErrAuth, "Invalid username"},
		"expired":         {answer(200, "application/json", `{"Code":1,"PasswordChangeUrl":"/Login/ChangePassword.aspx"}`), pim.ErrAuth, "expired"},
		"expired but in":  {answer(200, "application/json", `{"Code":0,"PasswordChangeUrl":"/Login/ChangePassword.aspx"}`), pim.ErrAuth, "expired"},
		"blocked":         {answer(403, "text/html", "<html>"), pim.ErrAuth, "blocked"},
		"another program": {answer(200, "text/html", "<html>welcome"), pim.ErrProtocol, "no Creatio at this address"},
		"nothing there":   {answer(404, "text/html", "<html>"), pim.ErrProtocol, "no Creatio at this address"},
		"moved":           {answer(302, "text/html", ""), pim.ErrProtocol, "no Creatio at this address"},
		"cut off":         {answer(200, "application/json", `{"Code":`), pim.ErrProtocol, "not complete"},
		"broken":          {answer(500, "text/html", "<html>"), pim.ErrUnavailable, "cannot answer"},
	} {
		err := judgeLogin("creatio: login", c.resp)
		if pim.ReasonOf(err) != c.want || !strings.Contains(pim.PublicText(err), c.public) {
			t.Errorf("%s: %v %q", name, err, pim.PublicText(err))
		}
	}
}

func FuzzAnswers(f *testing.F) {
	for _, s := range []string{`{"value":[{"Id":"60733efc-f36b-1410-a883-16d83cab0980","ModifiedOn":"2026-01-01T00:00:00Z"}]}`, `{"value":null}`,
		`{"error":{"message":"x"}}`, `{"value":[1]}`, `[]`, "\xef\xbb\xbf{}", "<html>", `{"value":[{"Owner":{"Owner":1}}]}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		resp := answer(200, "application/json", body)
		rows, _, err := decodeRows("creatio: test", resp, 10)
		if err != nil && pim.ReasonOf(err) != pim.ErrProtocol {
			t.Errorf("reason of %v", err)
		}
		a := activities{&connector{zone: utc, site: &site{client: &upstream.Client{}}}}
		none := recognise("none", nil, nil)
		l := activityLists{none, none, none, none, none, none, none}
		for _, r := range rows {
			if a.item(activity{row: r}, l) == nil || r.id() == zeroGUID {
				t.Error("no item")
			}
		}
		resp.Status = 500
		if p := pim.PublicText(translateError("creatio: test", resp, true)); p == "" || len([]rune(p)) > 400 {
			t.Errorf("public text %q", p)
		}
	})
}
