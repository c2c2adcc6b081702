//go:build e2e

package e2e

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// quickTries is how often something may be tried that has to be quick: other clients are at work beside this one.
const quickTries = 5

// soon fails unless what begin does is done in time, in one of a few tries. It tells of each.
func soon(t *testing.T, what string, limit time.Duration, begin func(try int) (done func() bool)) {
	t.Helper()
	for try := range quickTries {
		done := begin(try)
		began := time.Now()
		for !done() {
			if time.Since(began) > crossing {
				t.Fatalf("%s: not in %v", what, crossing)
			}
			time.Sleep(20 * time.Millisecond)
		}
		took := time.Since(began)
		t.Logf("%s: %v, of %v allowed", what, took.Round(time.Millisecond), limit)
		if took <= limit {
			return
		}
	}
	t.Errorf("%s: not within %v in any of %d tries", what, limit, quickTries)
}

// movedAtOnce: a meeting that is moved in the client is moved in the CRM and in Exchange within two seconds.
func (s *demoScript) movedAtOnce(t *testing.T) {
	title := s.title("Renamed in the CRM")
	event, id := sees(t, s.person, s.person.events, title), s.activity(t, title).Text("Id")
	day := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, 5)
	soon(t, "moved in the client, then in Exchange and the CRM", 2*time.Second, func(try int) func() bool {
		start := day.Add(9*time.Hour + time.Duration(7+try)*time.Minute)
		s.person.move(t, event, start)
		want := start.Format(time.RFC3339)
		return func() bool {
			return s.crm.Read(t, "Activity", id).Text("StartDate") == want && strings.Contains(s.mailbox(t), "<t:Subject>"+title+"</t:Subject><t:Start>"+want)
		}
	})
}

// bornAtOnce: one that is made in Exchange is in the client within five.
func (s *demoScript) bornAtOnce(t *testing.T) {
	start := time.Now().UTC().Truncate(time.Hour).Add(101 * time.Hour)
	soon(t, "made in Exchange, then in the client", 5*time.Second, func(try int) func() bool {
		title := s.title("At once " + string(rune('A'+try)))
		s.demo.Mailbox.Make(t, title, start)
		return func() bool {
			s.person.sync(t)
			_, there := s.person.events(t)[title]
			return there
		}
	})
}

// mailbox is the calendar in Exchange, asked for without a program that takes its time to begin.
func (s *demoScript) mailbox(t *testing.T) string {
	t.Helper()
	m := s.demo.Mailbox
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, m.URL, strings.NewReader(`<?xml version="1.0" encoding="utf-8"?>`+
		`<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types" xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages">`+
		`<s:Header><t:RequestServerVersion Version="Exchange2013_SP1"/></s:Header><s:Body><m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>`+
		`<t:FieldURI FieldURI="item:Subject"/><t:FieldURI FieldURI="calendar:Start"/></t:AdditionalProperties></m:ItemShape><m:ParentFolderIds><t:DistinguishedFolderId Id="calendar"/></m:ParentFolderIds></m:FindItem></s:Body></s:Envelope>`))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(m.User, m.Password)
	req.Header.Set("Content-Type", "text/xml; charset=utf-8")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || !strings.Contains(string(b), "NoError") {
		t.Fatalf("Exchange: %d %s %v", res.StatusCode, b, err)
	}
	return string(b)
}
