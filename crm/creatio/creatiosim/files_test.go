package creatiosim

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
)

const emailType, incomingMail = "e2831dec-cfc0-df11-b00f-001d60e938c6", "7f9d1f86-f36b-1410-068c-20cf30b39373"

// email is an e-mail activity of the Supervisor, made by a client.
func (r *rig) email(t *testing.T) string {
	t.Helper()
	res := r.c.do("POST", "Activity", map[string]any{"Title": "Offer", "TypeId": emailType, "ActivityCategoryId": "8038a396-7825-e011-8165-00155d043204",
		"StartDate": "2026-11-21T08:00:00Z", "DueDate": "2026-11-21T08:00:00Z", "StatusId": "4bdbb88f-58e6-df11-971b-001d60e938c6",
		"Sender": "Cid <cid@example.org>", "Recepient": "sue@example.org; eve@example.org;", "CopyRecepient": "dee@example.org",
		"BlindCopyRecepient": "", "Body": "<p>Grüße</p>", "IsHtmlBody": true, "SendDate": "2026-11-21T08:00:00Z",
		"MessageTypeId": incomingMail, "EmailSendStatusId": "8074ffc0-6107-e011-a646-16d83cab0980"})
	if res.status != http.StatusCreated {
		t.Fatalf("%d %s", res.status, res.text())
	}
	return res.object(t)["Id"].(string)
}

func (r *rig) fileRow(t *testing.T, activity string) string {
	t.Helper()
	res := r.c.do("POST", "ActivityFile", map[string]any{"Name": "offer.pdf", "ActivityId": activity, "Size": 99})
	if res.status != http.StatusCreated {
		t.Fatalf("%d %s", res.status, res.text())
	}
	return res.object(t)["Id"].(string)
}

func TestEmailActivities(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	id := r.email(t)
	got := r.c.query("Activity", "$filter", "Type/Id eq "+emailType+" and MessageType/Id eq "+incomingMail, "$select",
		"Id,Sender,Recepient,Body,IsHtmlBody,SendDate,BlindCopyRecepient,TypeId,MessageTypeId").value(t)
	if len(got) != 1 || got[0]["Id"] != id || got[0]["Recepient"] != "sue@example.org; eve@example.org;" || got[0]["Body"] != "<p>Grüße</p>" ||
		got[0]["IsHtmlBody"] != true || got[0]["SendDate"] != "2026-11-21T08:00:00Z" || got[0]["BlindCopyRecepient"] != "" {
		t.Errorf("%v", got)
	}
	if res := r.c.do("PATCH", "Activity("+id+")", map[string]any{"Sender": strings.Repeat("x", 501)}); res.status != 500 {
		t.Errorf("a sender over the column's length: %d", res.status)
	}
}

// A file is a row, and then its bytes, which may come without a length.
func TestActivityFiles(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.MaxFile = 2 << 20 })
	activity := r.email(t)
	file := r.fileRow(t, activity)
	stream := "ActivityFile(" + file + ")/Data"
	if res := r.c.get(stream); res.status != http.StatusNoContent {
		t.Errorf("a file without bytes: %d", res.status)
	}
	content := bytes.Repeat([]byte("0123456789"), 100_000)
	req, err := http.NewRequest("PUT", r.srv.URL+"/0/odata/"+stream, io.MultiReader(bytes.NewReader(content))) // a reader of unknown length: chunked
	must(t, err)
	for name, v := range r.c.header {
		req.Header[name] = v
	}
	req.Header.Set("Content-Type", typBytes)
	resp, err := r.c.http.Do(req)
	must(t, err)
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("%d", resp.StatusCode)
	}
	if res := r.c.get(stream); res.status != 200 || !bytes.Equal(res.body, content) || res.header.Get("Content-Type") != typBytes {
		t.Errorf("%d, %d bytes", res.status, len(res.body))
	}
	row := r.c.query("ActivityFile", "$filter", "Activity/Id eq "+activity, "$select", "Name,Size,Uploaded,TypeId,ActivityId").value(t)
	if len(row) != 1 || row[0]["Size"] != 1e6 || row[0]["Uploaded"] != true || row[0]["TypeId"] != "529bc2f8-0ee0-df11-971b-001d60e938c6" {
		t.Errorf("%v", row)
	}
	res := r.c.do("PUT", stream, make([]byte, 3<<20))
	if res.status != 500 || !strings.Contains(res.errorText(), "2 Mb") {
		t.Errorf("%d %s", res.status, res.text())
	}
	if res := r.c.get(stream); !bytes.Equal(res.body, content) {
		t.Error("a file that was refused took the place of the one that was there")
	}
	if res := r.c.do("DELETE", "Activity("+activity+")", nil); res.status != 204 {
		t.Fatalf("%d %s", res.status, res.text())
	}
	if res := r.c.get(stream); res.status != 404 {
		t.Errorf("the file is still there: %d", res.status)
	}
}

func TestFilesFollowTheRightsOfTheirActivity(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	activity := r.email(t)
	file := r.fileRow(t, activity)
	other := r.client()
	other.login("plain")
	for _, path := range []string{"ActivityFile(" + file + ")", "ActivityFile(" + file + ")/Data"} {
		if res := other.get(path); res.status != 404 {
			t.Errorf("%s: %d", path, res.status)
		}
	}
	if res := other.do("PUT", "ActivityFile("+file+")/Data", []byte("x")); res.status != 404 {
		t.Errorf("%d", res.status)
	}
	if res := other.do("POST", "ActivityFile", map[string]any{"Name": "x", "ActivityId": activity}); res.status != 403 {
		t.Errorf("%d %s", res.status, res.text())
	}
	if rows := r.c.query("ActivityFile", "$select", "Id").value(t); len(rows) != 1 {
		t.Errorf("%v", rows)
	}
	if res := other.do("POST", "ActivityFile", map[string]any{"Id": file, "Name": "x", "ActivityId": activity}); res.status != 500 {
		t.Errorf("an id that is taken by what the user does not see: %d", res.status)
	}
}

// What can befall a file on its way in: nothing of it is there, all of it, or half of it.
func TestStreamFaults(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	file := r.fileRow(t, r.email(t))
	stream := "ActivityFile(" + file + ")/Data"
	content := bytes.Repeat([]byte("x"), 200_000)
	for _, c := range []struct {
		kind FaultKind
		kept int
	}{{FaultCut, 0}, {FaultTorn, 100_000}, {FaultResetAfter, 200_000}} {
		if _, err := r.sim.AddFault(Fault{Kind: c.kind, Method: "PUT", Entity: "ActivityFile", Count: 1}); err != nil {
			t.Fatal(err)
		}
		if res := r.c.do("PUT", stream, content); res.err == nil {
			t.Errorf("%s: answered %d", c.kind, res.status)
		}
		rec := r.record("ActivityFile", file)
		if len(rec.Bytes("Data")) != c.kept || c.kept > 0 && rec.Int("Size") != c.kept {
			t.Errorf("%s: %d bytes kept, Size %d, want %d", c.kind, len(rec.Bytes("Data")), rec.Int("Size"), c.kept)
		}
	}
	// A client that goes away in the middle.
	body, w := io.Pipe()
	req, err := http.NewRequest("PUT", r.srv.URL+"/0/odata/"+stream, body)
	must(t, err)
	for name, v := range r.c.header {
		req.Header[name] = v
	}
	req.Header.Set("Content-Type", typBytes)
	go func() {
		w.Write([]byte("half"))            //nolint:errcheck // the request fails with the line below
		w.CloseWithError(io.ErrClosedPipe) //nolint:errcheck // never fails
	}()
	if resp, err := r.c.http.Do(req); err == nil {
		resp.Body.Close()
		t.Errorf("answered %d", resp.StatusCode)
	}
	if n := len(r.record("ActivityFile", file).Bytes("Data")); n != 200_000 {
		t.Errorf("%d bytes", n)
	}
}
