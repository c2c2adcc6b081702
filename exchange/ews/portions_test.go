package ews

import (
	"encoding/xml"
	"net/http"
	"strings"
	"testing"

	"crmbridge/pim"
	"crmbridge/remote"
)

// A message that Exchange cannot read is left out, and the others are told.
func TestDamagedMessageIsLeftOut(t *testing.T) {
	t.Parallel()
	var f *fake
	f = newFake(t, func(op string, n int, w http.ResponseWriter, _ *http.Request) {
		var insides []string
		for _, id := range []string{"GOOD", "BAD", "FINE"} {
			switch body := f.of(op)[n-1].body; {
			case !strings.Contains(body, `Id="`+id+`"`):
			case id == "BAD":
				insides = append(insides, "ErrorContentConversionFailed|")
			default:
				insides = append(insides, `<m:Items><t:Message><t:ItemId Id="`+id+`" ChangeKey="K"/></t:Message></m:Items>`)
			}
		}
		send(w, 200, success(op, insides...))
	})
	m := f.open(nil)
	m.sent = "SENT"
	recs, err := m.messages(t.Context(), "test", []string{"GOOD", "BAD", "FINE"})
	if err != nil || len(recs) != 2 || recs[0].ID != "GOOD" || recs[1].ID != "FINE" {
		t.Errorf("%+v, %v", recs, err)
	}
}

// Contents are read up to a bound; the records of items beyond it have none of their fields, and are to be fetched.
func TestContentsComeInPortions(t *testing.T) {
	t.Parallel()
	var f *fake
	f = newFake(t, func(op string, n int, w http.ResponseWriter, _ *http.Request) {
		all := f.of(op)
		one := `<m:Attachments><t:FileAttachment><t:AttachmentId Id="A"/><t:Content>AQID</t:Content></t:FileAttachment></m:Attachments>`
		var insides []string
		for range strings.Count(all[n-1].body, "AttachmentId Id=") {
			insides = append(insides, one)
		}
		send(w, 200, success(op, insides...))
	})
	m := f.open(nil)
	items := make([]item, 4)
	for i := range items {
		items[i].XMLName = xml.Name{Local: "Task"}
		items[i].Files = []attachment{{Name: "a", Size: "3000"}}
		items[i].Files[0].ID.ID = "ATT"
	}
	items[1].Files = nil
	if err := m.loadContents(t.Context(), "test", items, 7000); err != nil {
		t.Fatal(err)
	}
	recs := m.recordsWithin(remote.Scope{}, items)
	if len(recs) != 4 || recs[0].Item == nil || recs[1].Item == nil || recs[2].Item == nil || recs[3].Item != nil {
		t.Fatalf("%+v", recs)
	}
	for i, n := range []int{1, 0, 1} {
		if got := pim.AttachmentsOf(recs[i].Item); len(got) != n {
			t.Errorf("item %d has %d files", i, len(got))
		}
	}
	if n := len(f.of("GetAttachment")); n != 1 {
		t.Errorf("%d requests", n)
	}
}
