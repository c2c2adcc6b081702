package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestDemoConverges: in the demo, a meeting that is moved on a device is moved in the CRM and in Exchange, and one that is
// made in Exchange comes to the device and to the CRM. How long it takes is told; a busy machine is given more time.
func TestDemoConverges(t *testing.T) {
	t.Parallel()
	d := startDemo(t)
	const day = "20270315"
	text := func(hour string) string {
		return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\nUID:demo-converges\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:" + day + "T" + hour +
			"0000Z\r\nDTEND:" + day + "T" + hour + "3000Z\r\nSUMMARY:tok-converges\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	}
	put := func(hour string) {
		if status := d.dav("PUT", "/dav/calendars/demo/calendar/demo-converges.ics", text(hour)); status != http.StatusCreated && status != http.StatusNoContent {
			t.Fatalf("PUT: %d", status)
		}
	}
	put("09")
	eventually(t, "the meeting in Exchange", func() bool { return strings.Contains(d.exchange(findMeetings), "tok-converges") })
	eventually(t, "the meeting in the CRM", func() bool { return strings.Contains(d.creatio(), "2027-03-15T09:00:00Z") })
	began := time.Now()
	put("11")
	eventually(t, "the moved meeting in Exchange", func() bool { return strings.Contains(d.exchange(findMeetings), "2027-03-15T11:00:00Z") })
	t.Logf("moved in Exchange after %v", time.Since(began).Round(time.Millisecond))
	eventually(t, "the moved meeting in the CRM", func() bool { return strings.Contains(d.creatio(), "2027-03-15T11:00:00Z") })
	t.Logf("moved in the CRM after %v", time.Since(began).Round(time.Millisecond))

	began = time.Now()
	d.exchange(`<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items><t:CalendarItem><t:Subject>tok-born-there</t:Subject>` +
		`<t:Start>2027-03-16T09:00:00Z</t:Start><t:End>2027-03-16T10:00:00Z</t:End></t:CalendarItem></m:Items></m:CreateItem>`)
	eventually(t, "the meeting of Exchange on the device", func() bool { return strings.Contains(d.calendar(), "tok-born-there") })
	t.Logf("on the device after %v", time.Since(began).Round(time.Millisecond))
	eventually(t, "the meeting of Exchange in the CRM", func() bool { return strings.Contains(d.creatio(), "tok-born-there") })
}

const findMeetings = `<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties><t:FieldURI FieldURI="item:Subject"/>` +
	`<t:FieldURI FieldURI="calendar:Start"/></t:AdditionalProperties></m:ItemShape><m:ParentFolderIds><t:DistinguishedFolderId Id="calendar"/></m:ParentFolderIds></m:FindItem>`

// running is a demo.
type running struct {
	t    *testing.T
	vars map[string]string
}

// startDemo runs one until the test's end.
func startDemo(t *testing.T) running {
	t.Helper()
	env := filepath.Join(t.TempDir(), "env")
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan int, 1)
	var out, errs bytes.Buffer
	addr := freeAddr(t)
	go func() {
		done <- run(ctx, []string{"demo", "--addr", addr, "--dir", filepath.Dir(env), "--env", env}, streams{in: strings.NewReader(""), out: &out, err: &errs}, map[string]string{})
	}()
	t.Cleanup(func() {
		cancel()
		if code := <-done; code != 0 {
			t.Errorf("the demo ended with %d: %s", code, errs.String())
		}
	})
	eventually(t, "the env file", func() bool { _, err := os.Stat(env); return err == nil || len(done) > 0 })
	return running{t, readEnv(t, env)}
}

func (d running) ask(method, url, user, password, body string, headers ...string) (int, string) {
	d.t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	req.SetBasicAuth(user, password)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := client.Do(req)
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

func (d running) dav(method, path, body string) int {
	status, _ := d.ask(method, strings.TrimSuffix(d.vars["BRIDGE_URL"], "/")+path, d.vars["BRIDGE_USER"], d.vars["BRIDGE_PASSWORD"], body, "Content-Type", "text/calendar; charset=utf-8")
	return status
}

// calendar is everything in the calendar.
func (d running) calendar() string {
	_, text := d.ask("REPORT", strings.TrimSuffix(d.vars["BRIDGE_URL"], "/")+"/dav/calendars/demo/calendar/", d.vars["BRIDGE_USER"], d.vars["BRIDGE_PASSWORD"],
		`<C:calendar-query xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:D="DAV:"><D:prop><C:calendar-data/></D:prop><C:filter><C:comp-filter name="VCALENDAR"/></C:filter></C:calendar-query>`,
		"Depth", "1", "Content-Type", "application/xml")
	return text
}

// exchange asks the simulated Exchange Server.
func (d running) exchange(body string) string {
	d.t.Helper()
	status, text := d.ask("POST", d.vars["EXCHANGE_URL"]+"/EWS/Exchange.asmx", d.vars["EXCHANGE_USER"], d.vars["EXCHANGE_PASSWORD"],
		`<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types" `+
			`xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages"><s:Header><t:RequestServerVersion Version="Exchange2013_SP1"/></s:Header><s:Body>`+body+`</s:Body></s:Envelope>`,
		"Content-Type", "text/xml; charset=utf-8")
	if status != http.StatusOK || !strings.Contains(text, "NoError") {
		d.t.Fatalf("Exchange: %d %s", status, text)
	}
	return text
}

// creatio is the CRM's activities that begin in March 2027.
func (d running) creatio() string {
	d.t.Helper()
	login := fmt.Sprintf(`{"UserName":%q,"UserPassword":%q}`, d.vars["CRM_USER"], d.vars["CRM_PASSWORD"])
	req, err := http.NewRequest("POST", d.vars["CRM_URL"]+"/ServiceModel/AuthService.svc/Login", strings.NewReader(login))
	if err != nil {
		d.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := client.Do(req)
	if err != nil {
		d.t.Fatal(err)
	}
	_ = res.Body.Close()
	get, err := http.NewRequest("GET", d.vars["CRM_URL"]+"/0/odata/Activity?$select=Title,StartDate&$filter=StartDate%20ge%202027-03-01T00:00:00Z", nil)
	if err != nil {
		d.t.Fatal(err)
	}
	get.Header.Set("ForceUseSession", "true")
	for _, c := range res.Cookies() {
		get.AddCookie(c)
		if c.Name == "BPMCSRF" {
			get.Header.Set("BPMCSRF", c.Value)
		}
	}
	res, err = client.Do(get)
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		d.t.Fatalf("Creatio: %d %s %v", res.StatusCode, b, err)
	}
	return string(b)
}
