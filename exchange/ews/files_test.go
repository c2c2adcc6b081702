package ews_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"crmbridge/exchange/ews/ewssim"
	"crmbridge/pim"
	"crmbridge/remote"
)

func paper(name, words string) pim.Attachment {
	return pim.NewAttachment(name, "text/plain", []byte(words))
}

// visit is an event with files.
func visit(files ...pim.Attachment) *pim.Event {
	e := &pim.Event{Start: pim.On(2026, 6, 1), End: pim.On(2026, 6, 2)}
	e.Title, e.Attachments = "Visit", files
	return e
}

func attachedAs(t *testing.T, m remote.Remote, c remote.CollectionID, id remote.ItemID) (remote.Record, string) {
	t.Helper()
	recs, err := m.Fetch(t.Context(), c, []remote.ItemID{id})
	if err != nil || len(recs) != 1 {
		t.Fatal(len(recs), err)
	}
	f, _ := pim.FieldByID(pim.FieldAttachments)
	return recs[0], f.Show(recs[0].Item)
}

// hang attaches something to an item as a person's own program does.
func (r *rig) hang(id remote.ItemID, attachment string) {
	r.t.Helper()
	r.soap(fmt.Sprintf(`<m:CreateAttachment><m:ParentItemId Id="%s"/><m:Attachments>%s</m:Attachments></m:CreateAttachment>`, id, attachment))
}

func fileXML(name, more, content string) string {
	return fmt.Sprintf(`<t:FileAttachment><t:Name>%s</t:Name>%s<t:Content>%s</t:Content></t:FileAttachment>`, name, more, base64.StdEncoding.EncodeToString([]byte(content)))
}

// What is not a file of its own, and what is too large, is told by name at most, and no write of ours touches it.
func TestFilesThatAreNotCarriedStay(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *ewssim.Options) { o.StoreSizes = true })
	m := r.open(nil)
	c := home(t, m, pim.KindEvent)
	rec, err := m.Create(t.Context(), c, remote.Entry{Item: visit(paper("one.txt", "1"), paper("two.txt", "22"), pim.Attachment{Name: "huge.zip", Size: 5_000_000})}, "key-files")
	if err != nil || len(rec.Notes) != 1 || !strings.Contains(rec.Notes[0].Says, "huge.zip") {
		t.Fatalf("%v, notes %v", err, rec.Notes)
	}
	r.hang(rec.ID, fileXML("logo.png", "<t:ContentId>logo@example.org</t:ContentId><t:IsInline>true</t:IsInline>", "picture"))
	r.hang(rec.ID, fileXML("large.bin", "", strings.Repeat("x", pim.MaxAttachments+1)))
	r.hang(rec.ID, `<t:ItemAttachment><t:Name>Our talk</t:Name><t:Message><t:Subject>Our talk</t:Subject></t:Message></t:ItemAttachment>`)
	const others = "Our talk (1.4 kB) not carried\nlarge.bin (655.4 kB) not carried\n"
	now, shown := attachedAs(t, m, c, rec.ID)
	if shown != others+"one.txt (1 byte)\ntwo.txt (2 bytes)" {
		t.Fatalf("told are\n%s", shown)
	}
	if got := pim.AttachmentsOf(now.Item)[0]; got.Type != "text/plain" || string(got.Bytes) != "1" {
		t.Errorf("%+v", got)
	}
	// A device has none of those, takes one file away and adds another.
	wanted := visit(paper("two.txt", "22"), paper("three.txt", "333"), pim.NewAttachment("large.bin", "", []byte(strings.Repeat("x", pim.MaxAttachments+1))))
	done, err := m.Update(t.Context(), c, now.Ref, remote.Entry{Item: wanted}, pim.Set(pim.FieldAttachments))
	if err != nil || len(done.Notes) > 0 {
		t.Fatalf("%v, notes %v", err, done.Notes)
	}
	if now, shown = attachedAs(t, m, c, rec.ID); shown != others+"three.txt (3 bytes)\ntwo.txt (2 bytes)" || now.Version != done.Version {
		t.Errorf("version %v, told are\n%s", now.Version == done.Version, shown)
	}
	if _, err := m.Update(t.Context(), c, rec.Ref, remote.Entry{Item: visit()}, pim.Set(pim.FieldAttachments)); pim.ReasonOf(err) != pim.ErrConflict {
		t.Errorf("with an old version: %v", err)
	}
	if _, err = m.Update(t.Context(), c, now.Ref, remote.Entry{Item: visit()}, pim.Set(pim.FieldAttachments)); err != nil {
		t.Fatal(err)
	}
	if _, shown = attachedAs(t, m, c, rec.ID); shown+"\n" != others {
		t.Errorf("without files, told are\n%s", shown)
	}
	item := r.soap(fmt.Sprintf(`<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties><t:FieldURI FieldURI="item:Attachments"/></t:AdditionalProperties></m:ItemShape><m:ItemIds><t:ItemId Id="%s"/></m:ItemIds></m:GetItem>`, rec.ID))
	if !strings.Contains(item, "logo.png") || len(r.sim.Mails()) > 0 {
		t.Errorf("the picture of the body is there: %v; %d messages", strings.Contains(item, "logo.png"), len(r.sim.Mails()))
	}
}

// Files of a series are its own: occurrences that differ tell none, and keep theirs.
func TestFilesOfSeries(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	m := r.open(nil)
	c := home(t, m, pim.KindEvent)
	e := weekly(t)
	e.Attachments = []pim.Attachment{paper("plan.txt", "plan")}
	one := pim.OwnOccurrence(e, e.Start).(*pim.Event)
	one.Title = "The first"
	e.Recurrence.Changed = []pim.Occurrence{{At: e.Start, Item: one}}
	rec, err := m.Create(t.Context(), c, remote.Entry{Item: e}, "key-series")
	if err != nil {
		t.Fatal(err)
	}
	now, shown := attachedAs(t, m, c, rec.ID)
	changed := pim.RecurrenceOf(now.Item).Changed
	if shown != "plan.txt (4 bytes)" || len(changed) != 1 || len(pim.AttachmentsOf(changed[0].Item)) != 0 {
		t.Errorf("told are %q, %d occurrences differ", shown, len(changed))
	}
	next := pim.Clone(now.Item).(*pim.Event)
	next.Attachments = nil
	if _, err := m.Update(t.Context(), c, now.Ref, remote.Entry{Item: next}, pim.Set(pim.FieldAttachments)); err != nil {
		t.Fatal(err)
	}
	if now, shown = attachedAs(t, m, c, rec.ID); shown != "" || len(pim.RecurrenceOf(now.Item).Changed) != 1 {
		t.Errorf("told are %q, %v", shown, pim.RecurrenceOf(now.Item))
	}
}
