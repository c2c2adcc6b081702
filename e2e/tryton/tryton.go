// Package tryton looks into a Tryton server through JSON-RPC, as Tryton's own client does. It shares nothing with the
// driver under test.
package tryton

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"crmbridge/internal/testenv"
)

// Fields are a record's fields, as Tryton's JSON has them.
type Fields map[string]any

// CRM is a signed-in session.
type CRM struct {
	address, session string
	last             int
}

// SignIn signs in as the server's one user.
func SignIn(tb testing.TB, server *testenv.TrytonServer) *CRM {
	tb.Helper()
	c := &CRM{address: server.URL + "/" + server.Database + "/"}
	var login []any
	c.call(tb, &login, "common.db.login", server.User, map[string]string{"password": server.Password}, "en")
	if len(login) != 2 {
		tb.Fatalf("tryton: sign-in: %v", login)
	}
	c.session = fmt.Sprintf("%s:%v:%v", server.User, login[0], login[1])
	return c
}

// call calls a method; whatever goes wrong fails the test.
func (c *CRM) call(tb testing.TB, result any, method string, params ...any) {
	tb.Helper()
	if refused := c.try(tb, result, method, params...); refused != nil {
		tb.Fatalf("tryton: %s: %v", method, refused)
	}
}

// try is call, but returns what the server says when it refuses.
func (c *CRM) try(tb testing.TB, result any, method string, params ...any) (refused any) {
	tb.Helper()
	c.last++
	body, err := json.Marshal(map[string]any{"id": c.last, "method": method, "params": params})
	if err != nil {
		tb.Fatal(err)
	}
	request, err := http.NewRequest(http.MethodPost, c.address, bytes.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if c.session != "" {
		request.Header.Set("Authorization", "Session "+base64.StdEncoding.EncodeToString([]byte(c.session)))
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		tb.Fatalf("tryton: %v", err)
	}
	defer answer.Body.Close()
	var reply struct {
		Result json.RawMessage
		Error  any
	}
	if err := json.NewDecoder(answer.Body).Decode(&reply); err != nil {
		tb.Fatalf("tryton: %s: %s: %v", method, answer.Status, err)
	}
	if reply.Error != nil || result == nil {
		return reply.Error
	}
	if err := json.Unmarshal(reply.Result, result); err != nil {
		tb.Fatalf("tryton: %s: %v in %s", method, err, reply.Result)
	}
	return nil
}

// Find returns fields of the records of a model that match a domain.
func (c *CRM) Find(tb testing.TB, model string, domain []any, fields ...string) (records []Fields) {
	tb.Helper()
	if domain == nil {
		domain = []any{}
	}
	method := "model." + model + ".search_read"
	// Tryton searches and then reads; a record that is deleted in between makes it refuse the whole.
	if refused := c.try(tb, &records, method, domain, 0, 1000, nil, fields, map[string]any{}); refused != nil {
		records = nil
		c.call(tb, &records, method, domain, 0, 1000, nil, fields, map[string]any{})
	}
	return records
}

// Add makes a record and returns its id.
func (c *CRM) Add(tb testing.TB, model string, values Fields) int {
	tb.Helper()
	var ids []int
	c.call(tb, &ids, "model."+model+".create", []Fields{values}, map[string]any{})
	if len(ids) != 1 {
		tb.Fatalf("tryton: %s: made %v", model, ids)
	}
	return ids[0]
}

// Change sets fields of a record.
func (c *CRM) Change(tb testing.TB, model string, id int, values Fields) {
	tb.Helper()
	c.call(tb, nil, "model."+model+".write", []int{id}, values, map[string]any{})
}

// Remove deletes a record.
func (c *CRM) Remove(tb testing.TB, model string, id int) {
	tb.Helper()
	c.call(tb, nil, "model."+model+".delete", []int{id}, map[string]any{})
}

// Party makes a party with an e-mail address and returns its id.
func (c *CRM) Party(tb testing.TB, name, email string) int {
	tb.Helper()
	return c.Add(tb, "party.party", Fields{"name": name, "contact_mechanisms": []any{[]any{"create", []Fields{{"type": "email", "value": email}}}}})
}

// Company makes the company that projects and tasks belong to, gives it to the user, and returns its id. A fresh Tryton
// has none.
func (c *CRM) Company(tb testing.TB) int {
	tb.Helper()
	currency := c.Add(tb, "currency.currency", Fields{"name": "Euro", "code": "EUR", "symbol": "€"})
	party := c.Add(tb, "party.party", Fields{"name": "Example Works"})
	company := c.Add(tb, "company.company", Fields{"party": party, "currency": currency})
	for _, user := range c.Find(tb, "res.user", []any{[]any{"login", "=", "admin"}}, "login") {
		id, _ := user["id"].(float64)
		c.Change(tb, "res.user", int(id), Fields{"companies": []any{[]any{"add", []int{company}}}, "company": company})
	}
	return company
}

// Task makes an open task of a company and returns its id.
func (c *CRM) Task(tb testing.TB, company int, name string) int {
	tb.Helper()
	return c.Add(tb, "project.work", Fields{"name": name, "type": "task", "company": company})
}

// Statuses are the ids of the statuses of tasks by name, such as Open and Done.
func (c *CRM) Statuses(tb testing.TB) map[string]int {
	tb.Helper()
	ids := map[string]int{}
	for _, s := range c.Find(tb, "project.work.status", nil, "name") {
		name, _ := s["name"].(string)
		id, _ := s["id"].(float64)
		ids[name] = int(id)
	}
	return ids
}
