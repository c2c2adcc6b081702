package graphsim

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// fuzzSim is a simulator with an event, and a way to send it anything.
func fuzzSim(f *testing.F) (send func(method, target string, body []byte) *httptest.ResponseRecorder) {
	at := time.Date(2026, 10, 1, 8, 30, 0, 0, time.UTC)
	s, err := New(Options{Now: func() time.Time { return at }, Users: []User{{Name: "ann@example.org"}}, Rate: -1})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { s.Close() })
	if _, err := s.Do("POST", ann+"/events", Fields{"subject": "x", "recurrence": Fields{"pattern": Fields{"type": "daily", "interval": 1},
		"range": Fields{"type": "numbered", "startDate": "2026-10-01", "numberOfOccurrences": 5}}}); err != nil {
		f.Fatal(err)
	}
	if _, err := s.Deliver(Fields{"subject": "x", "from": from("bob@example.org"), "toRecipients": recipient("ann@example.org")}, at); err != nil {
		f.Fatal(err)
	}
	s.grants.tokens["t"] = &grant{local: true, may: everything(), expires: at.Add(time.Hour)}
	return func(method, target string, body []byte) *httptest.ResponseRecorder {
		req, err := http.NewRequest(method, "http://sim/v1.0"+target, bytes.NewReader(body))
		if err != nil {
			return nil
		}
		req.RequestURI = req.URL.RequestURI()
		req.Header.Set("Authorization", "Bearer t")
		req.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, req)
		return w
	}
}

// A body is taken or refused with a status of the client's, whatever it says; what was taken can be listed.
func FuzzEventBody(f *testing.F) {
	for _, seed := range []string{`{"subject":"a","start":{"dateTime":"2026-10-05T10:00:00","timeZone":"UTC"},"end":{"dateTime":"2026-10-05T11:00","timeZone":"Europe/Berlin"}}`,
		`{"isAllDay":true,"attendees":[{"emailAddress":{"address":"a@b"}}],"location":{"displayName":"x"},"body":{"content":"<p>a","contentType":"html"}}`,
		`{"start":{"dateTime":"9999-12-31T23:00:00","timeZone":"UTC"},"end":{"dateTime":"0001-01-01T00:00:00","timeZone":"UTC"}}`,
		`{"recurrence":{"pattern":{"type":"relativeYearly","interval":9,"daysOfWeek":["monday"],"month":2},"range":{"type":"noEnd","startDate":"2026-10-01"}}}`,
		`{"singleValueExtendedProperties":[{"id":"String {a1e7c3b4-9d52-4f0e-8c61-6b2f0d7e5a93} Name K","value":null}]}`, `{"a":[[[[`, `null`} {
		f.Add([]byte(seed))
	}
	send := fuzzSim(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		w := send("POST", ann+"/events", body)
		if w.Code != 201 && (w.Code < 400 || w.Code >= 500) {
			t.Fatalf("%q: %d %s", body, w.Code, w.Body)
		}
		if w.Code != 201 {
			return
		}
		made, err := parseObject(w.Body.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if v := send("GET", ann+"/calendarView"+october, nil); v.Code != 200 {
			t.Errorf("%q: the view is %d", body, v.Code)
		}
		if d := send("DELETE", eventPath(made), nil); d.Code != 204 {
			t.Errorf("%q: deleted %d", body, d.Code)
		}
	})
}

// A query is answered or refused with a status of the client's.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{"$filter=subject eq 'it''s' and not (start/dateTime ge '2026-10-05')", "$select=*,id&$expand=exceptionOccurrences",
		"$expand=singleValueExtendedProperties($filter=id eq 'String 0x1' or id eq 'x')", "$orderby=start/dateTime desc&$top=5&$skip=1",
		"$filter=singleValueExtendedProperties/any(e:e/id eq 'String 0x1' and e/value ne null)", "$filter=((((", "$filter=a/b/any(c:d)", "$skiptoken=cGFnZQ", "%zz"} {
		f.Add(seed)
	}
	send := fuzzSim(f)
	f.Fuzz(func(t *testing.T, query string) {
		for _, path := range []string{"/events?", "/calendarView" + october + "&", "/calendarView/delta?", "/contacts?", "/todo/lists?", "/messages?", "/mailFolders/inbox/messages/delta?"} {
			if w := send("GET", ann+path+query, nil); w != nil && w.Code != 200 && (w.Code < 400 || w.Code >= 500) {
				t.Fatalf("%s%q: %d %s", path, query, w.Code, w.Body)
			}
		}
	})
}

// A batch is answered, with an answer for each request, or refused as a whole.
func FuzzBatch(f *testing.F) {
	for _, seed := range []string{`{"requests":[{"id":"1","method":"GET","url":"/users/ann@example.org/events"}]}`,
		`{"requests":[{"id":"1","method":"POST","url":"/subscriptions","body":{},"headers":{"Content-Type":"application/json"}},{"id":"2","method":"GET","url":"x","dependsOn":["1"]}]}`,
		`{"requests":[{"id":"1","method":"PUT","url":"/users/ann@example.org/contacts/x/photo/$value","body":"aGk="}]}`,
		`{"requests":[{"id":"1","method":"POST","url":"/users/ann@example.org/messages","headers":{"Content-Type":"application/json"},"body":{"subject":"a","attachments":[{"@odata.type":"#microsoft.graph.itemAttachment","name":"x","item":{"@odata.type":"#microsoft.graph.event","subject":"x"}}]}},{"id":"2","method":"GET","url":"/users/ann@example.org/messages","dependsOn":["1"]}]}`,
		`{"requests":[{"id":"1","method":"POST","url":"/users/ann@example.org/sendMail","headers":{"Content-Type":"application/json"},"body":{"message":{"toRecipients":[{"emailAddress":null}]}}}]}`, `{"requests":[]}`} {
		f.Add([]byte(seed))
	}
	send := fuzzSim(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		w := send("POST", "/$batch", body)
		if w.Code != 200 && (w.Code < 400 || w.Code >= 500) {
			t.Fatalf("%q: %d %s", body, w.Code, w.Body)
		}
		if w.Code != 200 {
			return
		}
		asked, err := parseObject(body)
		if err != nil {
			t.Fatal(err)
		}
		got, err := parseObject(w.Body.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if len(list(got, "responses")) != len(list(asked, "requests")) {
			t.Errorf("%q: %s", body, w.Body)
		}
	})
}
