// Package creatio looks into a Creatio CRM through its public OData 4 service, as somebody who works in the CRM would
// see it. It shares nothing with the driver under test.
package creatio

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"crmbridge/internal/testenv"
)

// Standard lookup values of every Creatio.
const (
	TypeTask        = "fbe0acdc-cfc0-df11-b00f-001d60e938c6"
	TypeEmail       = "e2831dec-cfc0-df11-b00f-001d60e938c6"
	CategoryMeeting = "42c74c49-58e6-df11-971b-001d60e938c6"
	CategoryToDo    = "f51c4643-58e6-df11-971b-001d60e938c6"
	StatusNew       = "384d4b84-58e6-df11-971b-001d60e938c6"
	StatusDone      = "4bdbb88f-58e6-df11-971b-001d60e938c6"
)

// Fields are a record's columns.
type Fields map[string]any

// Text is a column's text, "" when it is empty or no text.
func (f Fields) Text(column string) string {
	text, _ := f[column].(string)
	return text
}

// CRM is a signed-in session.
type CRM struct {
	// Owner is the contact of the signed-in user: the OwnerId of their activities.
	Owner string

	root, data string
	client     *http.Client
}

// SignIn signs in with the forms login.
func SignIn(tb testing.TB, root, user, password string) *CRM {
	tb.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		tb.Fatal(err)
	}
	c := &CRM{root: strings.TrimSuffix(root, "/"), client: &http.Client{Jar: jar, Timeout: 30 * time.Second}}
	var answer struct {
		Code    int
		Message string
	}
	c.do(tb, http.MethodPost, c.root+"/ServiceModel/AuthService.svc/Login", Fields{"UserName": user, "UserPassword": password}, &answer)
	if answer.Code != 0 {
		tb.Fatalf("creatio: sign-in: %s", answer.Message)
	}
	// A site on .NET Framework has its service below the workspace number.
	for _, c.data = range []string{c.root + "/0/odata/", c.root + "/odata/"} {
		if status, _ := c.send(tb, http.MethodGet, c.data+"Contact?$top=1", nil); status == http.StatusOK {
			break
		}
	}
	accounts := c.Find(tb, "SysAdminUnit", "Name eq "+quote(user))
	if len(accounts) != 1 {
		tb.Fatalf("creatio: %d users are named %s", len(accounts), user)
	}
	c.Owner = accounts[0].Text("ContactId")
	return c
}

// quote makes an OData string literal.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// send makes one request and returns status and body.
func (c *CRM) send(tb testing.TB, method, target string, body Fields) (int, []byte) {
	tb.Helper()
	var payload io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			tb.Fatal(err)
		}
		payload = strings.NewReader(string(text))
	}
	request, err := http.NewRequest(method, target, payload)
	if err != nil {
		tb.Fatal(err)
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	request.Header.Set("ForceUseSession", "true")
	for _, cookie := range c.client.Jar.Cookies(request.URL) {
		if cookie.Name == "BPMCSRF" { // every request has to repeat it
			request.Header.Set("BPMCSRF", cookie.Value)
		}
	}
	answer, err := c.client.Do(request)
	if err != nil {
		tb.Fatalf("creatio: %v", err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		tb.Fatalf("creatio: %s %s: %v", method, target, err)
	}
	return answer.StatusCode, text
}

// do is send for requests that must succeed.
func (c *CRM) do(tb testing.TB, method, target string, body Fields, result any) {
	tb.Helper()
	status, text := c.send(tb, method, target, body)
	if status < 200 || status > 299 {
		tb.Fatalf("creatio: %s %s: %d %s", method, target, status, text)
	}
	if result == nil {
		return
	}
	if err := json.Unmarshal(text, result); err != nil {
		tb.Fatalf("creatio: %s %s: %v in %.200s", method, target, err, text)
	}
}

// Find returns the records of an entity that match an OData filter; "" is all of them.
func (c *CRM) Find(tb testing.TB, entity, filter string) []Fields {
	tb.Helper()
	query := url.Values{"$top": {"1000"}}
	if filter != "" {
		query.Set("$filter", filter)
	}
	var answer struct{ Value []Fields }
	// OData wants %20 where url.Values writes +.
	c.do(tb, http.MethodGet, c.data+entity+"?"+strings.ReplaceAll(query.Encode(), "+", "%20"), nil, &answer)
	return answer.Value
}

// Titled returns the activities with that title.
func (c *CRM) Titled(tb testing.TB, title string) []Fields {
	tb.Helper()
	return c.Find(tb, "Activity", "Title eq "+quote(title))
}

// Files returns the files of an activity by their names.
func (c *CRM) Files(tb testing.TB, activity string) map[string][]byte {
	tb.Helper()
	files := map[string][]byte{}
	for _, f := range c.Find(tb, "ActivityFile", "Activity/Id eq "+activity) {
		status, content := c.send(tb, http.MethodGet, c.data+"ActivityFile("+f.Text("Id")+")/Data", nil)
		if status != http.StatusOK && status != http.StatusNoContent { // its content may be on its way
			tb.Fatalf("creatio: file %s: %d %.200s", f.Text("Name"), status, content)
		}
		files[f.Text("Name")] = content
	}
	return files
}

// Named returns the contacts with that full name.
func (c *CRM) Named(tb testing.TB, name string) []Fields {
	tb.Helper()
	return c.Find(tb, "Contact", "Name eq "+quote(name))
}

// Mine returns the owner's activities that start within the window and are shown as appointments, by start.
func (c *CRM) Mine(tb testing.TB, from, to time.Time) []Fields {
	tb.Helper()
	const form = "2006-01-02T15:04:05Z"
	all := c.Find(tb, "Activity", fmt.Sprintf("Owner/Id eq %s and ShowInScheduler eq true and StartDate ge %s and StartDate lt %s",
		c.Owner, from.UTC().Format(form), to.UTC().Format(form)))
	slices.SortFunc(all, func(a, b Fields) int { return strings.Compare(a.Text("StartDate"), b.Text("StartDate")) })
	return all
}

// Add makes a record and returns its id.
func (c *CRM) Add(tb testing.TB, entity string, fields Fields) string {
	tb.Helper()
	var made Fields
	c.do(tb, http.MethodPost, c.data+entity, fields, &made)
	return made.Text("Id")
}

// Meeting makes a meeting of the signed-in user and returns its id.
func (c *CRM) Meeting(tb testing.TB, title string, start time.Time, length time.Duration) string {
	tb.Helper()
	return c.Add(tb, "Activity", Fields{"Title": title, "StartDate": start.UTC().Format(time.RFC3339), "DueDate": start.Add(length).UTC().Format(time.RFC3339),
		"TypeId": TypeTask, "ActivityCategoryId": CategoryMeeting, "StatusId": StatusNew, "OwnerId": c.Owner, "AuthorId": c.Owner, "ShowInScheduler": true})
}

// ToDo makes an open task of the signed-in user that is due at a time, and returns its id.
func (c *CRM) ToDo(tb testing.TB, title string, due time.Time) string {
	tb.Helper()
	return c.Add(tb, "Activity", Fields{"Title": title, "StartDate": due.Add(-time.Hour).UTC().Format(time.RFC3339), "DueDate": due.UTC().Format(time.RFC3339),
		"TypeId": TypeTask, "ActivityCategoryId": CategoryToDo, "StatusId": StatusNew, "OwnerId": c.Owner, "AuthorId": c.Owner, "ShowInScheduler": false})
}

// Change sets columns of a record.
func (c *CRM) Change(tb testing.TB, entity, id string, fields Fields) {
	tb.Helper()
	c.do(tb, http.MethodPatch, c.data+entity+"("+id+")", fields, nil)
}

// Remove deletes a record.
func (c *CRM) Remove(tb testing.TB, entity, id string) {
	tb.Helper()
	c.do(tb, http.MethodDelete, c.data+entity+"("+id+")", nil, nil)
}

// Read returns a record, nil when there is none.
func (c *CRM) Read(tb testing.TB, entity, id string) Fields {
	tb.Helper()
	status, text := c.send(tb, http.MethodGet, c.data+entity+"("+id+")", nil)
	if status == http.StatusNotFound {
		return nil
	}
	var record Fields
	if err := json.Unmarshal(text, &record); err != nil || status != http.StatusOK {
		tb.Fatalf("creatio: read %s %s: %d %s", entity, id, status, text)
	}
	return record
}

// Await waits until a record has a column with that text.
func (c *CRM) Await(tb testing.TB, limit time.Duration, entity, id, column, want string) {
	tb.Helper()
	testenv.Until(tb, limit, fmt.Sprintf("%s = %q in the CRM", column, want), func() error {
		if got := c.Read(tb, entity, id); got.Text(column) != want {
			return fmt.Errorf("%s is %q", column, got.Text(column))
		}
		return nil
	})
}
