package ewssim

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// BenchmarkFirstSync reads the ids of 10,000 appointments in pages of 512, and all of them in batches of ten.
func BenchmarkFirstSync(b *testing.B) {
	sim, err := New(Options{Mailboxes: people(), Now: func() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) }})
	if err != nil {
		b.Fatal(err)
	}
	ask := func(body string) *node {
		text := `<s:Envelope xmlns:s="` + nsSoap + `" xmlns:t="` + nsTypes + `" xmlns:m="` + nsMessages + `"><s:Body>` + body + `</s:Body></s:Envelope>`
		req := httptest.NewRequest("POST", "/EWS/Exchange.asmx", strings.NewReader(text))
		req.Header.Set("Content-Type", "text/xml")
		req.SetBasicAuth("ann@example.org", "ann-secret")
		w := httptest.NewRecorder()
		sim.ServeHTTP(w, req)
		root, err := parseXML(w.Body.Bytes())
		if err != nil {
			b.Fatal(err)
		}
		return messages(root.kid("Body").first())[0]
	}
	for range 100 {
		ask(`<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items>` + strings.Repeat(plainEvent, 100) + `</m:Items></m:CreateItem>`)
	}
	for b.Loop() {
		var ids []string
		for state := ""; ; {
			m := ask(syncFolder("calendar", state, 512))
			for _, ch := range m.kid("Changes").all() {
				ids = append(ids, ch.first().kid("ItemId").String())
			}
			if state = m.str("SyncState"); m.str("IncludesLastItemInRange") == "true" {
				break
			}
		}
		if len(ids) != 10_000 {
			b.Fatalf("%d items", len(ids))
		}
		for i := 0; i < len(ids); i += 10 {
			ask(`<m:GetItem><m:ItemShape><t:BaseShape>AllProperties</t:BaseShape></m:ItemShape><m:ItemIds>` + strings.Join(ids[i:i+10], "") + `</m:ItemIds></m:GetItem>`)
		}
	}
}
