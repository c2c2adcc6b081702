package graph_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"testing"

	"crmbridge/exchange/graph/graphsim"
	"crmbridge/pim"
	"crmbridge/remote"
)

// hang adds an attachment in Outlook.
func (r *rig) hang(k pim.Kind, list, id string, f graphsim.Fields) {
	r.t.Helper()
	path := "/events/" + id
	if k == pim.KindTask {
		path = "/todo/lists/" + list + "/tasks/" + id
	}
	r.do("POST", path+"/attachments", f)
}

func shownFiles(all []pim.Attachment) (out []string) {
	for _, a := range all {
		out = append(out, fmt.Sprintf("%s %v", a.Name, a.Carried()))
	}
	return out
}

// Files of what people attach in Outlook: what is past the bound, attached items and links are told by name, pictures of the text are
// not, and no write touches any of those.
func TestFilesThatAreNotCarriedStay(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	m := r.open(nil)
	rec := create(t, m, &pim.Event{Start: at(10, 5, 10), End: at(10, 5, 11)}, "key-of-files")
	id := string(rec.ID)
	file := func(name string, n int, inline bool) graphsim.Fields {
		return graphsim.Fields{"@odata.type": "#microsoft.graph.fileAttachment", "name": name, "contentType": "text/plain", "isInline": inline,
			"contentBytes": base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{'x'}, n))}
	}
	for _, f := range []graphsim.Fields{file("small.txt", 10, false), file("large.bin", pim.MaxAttachments+1, false), file("picture.png", 10, true),
		{"@odata.type": "#microsoft.graph.itemAttachment", "name": "Letter", "item": graphsim.Fields{"@odata.type": "#microsoft.graph.message", "subject": "Letter"}},
		{"@odata.type": "#microsoft.graph.referenceAttachment", "name": "Cloud.docx"}} {
		r.hang(pim.KindEvent, "", id, f)
	}
	rec = fetch(t, m, pim.KindEvent, rec.ID)
	if got, want := shownFiles(pim.AttachmentsOf(rec.Item)), []string{"small.txt true", "large.bin false", "Letter false", "Cloud.docx false"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	want := pim.Clone(rec.Item).(*pim.Event)
	want.Attachments = []pim.Attachment{pim.NewAttachment("new.txt", "text/plain", []byte("new"))}
	after, err := m.Update(t.Context(), home(t, m, pim.KindEvent), rec.Ref, remote.Entry{Item: want}, pim.Set(pim.FieldAttachments))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := shownFiles(pim.AttachmentsOf(after.Item)), []string{"large.bin false", "Letter false", "Cloud.docx false", "new.txt true"}; !slices.Equal(got, want) {
		t.Errorf("after a write %q, want %q", got, want)
	}
	if all := r.do("GET", "/events/"+id+"/attachments", nil)["value"].([]any); len(all) != 5 {
		t.Errorf("%d attachments are left there", len(all))
	}
	if n := r.sim.MailCount(); n != 0 {
		t.Errorf("%d mails", n)
	}
}

// A file of all that is carried, which Graph says is larger than its bytes, comes back as it was, from a calendar and from a list.
func TestAFullLoadOfFiles(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	m := r.open(nil)
	full := []pim.Attachment{pim.NewAttachment("half.bin", "application/octet-stream", bytes.Repeat([]byte{1, 0xff}, pim.MaxAttachments/4)),
		pim.NewAttachment("other.bin", "application/octet-stream", bytes.Repeat([]byte{2, 0}, pim.MaxAttachments/4))}
	for _, it := range []pim.Item{&pim.Event{Activity: pim.Activity{Title: "full", Attachments: full}, Start: at(10, 5, 10), End: at(10, 5, 11)},
		&pim.Task{Activity: pim.Activity{Title: "full", Attachments: full, Status: pim.NeedsAction}}} {
		var ids []remote.ItemID
		for i := range map[pim.Kind]int{pim.KindEvent: 7, pim.KindTask: 1}[it.Kind()] { // the first are more than a page of changes holds
			rec := create(t, m, it, fmt.Sprintf("key-%s-%d", it.Kind(), i))
			if d := pim.Diff(it, rec.Item, pim.Set(pim.FieldAttachments)); !d.IsEmpty() {
				t.Fatalf("a %s came back with %q", it.Kind(), shownFiles(pim.AttachmentsOf(rec.Item)))
			}
			ids = append(ids, rec.ID)
		}
		changed, _, next := follow(t, m, home(t, m, it.Kind()), remote.Scope{}, "")
		bare := 0
		for _, id := range ids {
			rec, ok := changed[id]
			if ok && rec.Item == nil {
				bare++
				rec = fetch(t, m, it.Kind(), id)
			}
			if !ok || !pim.Diff(it, rec.Item, pim.Set(pim.FieldAttachments)).IsEmpty() {
				t.Errorf("a %s is told: %v", it.Kind(), ok)
			}
		}
		if len(ids) > 1 && (bare == 0 || bare == len(ids)) {
			t.Errorf("%d of %d %ss are told without what they hold", bare, len(ids), it.Kind())
		}
		if changed, _, _ := follow(t, m, home(t, m, it.Kind()), remote.Scope{}, next); len(changed) > 1 { // rounds repeat an entry
			t.Errorf("reading changed %d %ss", len(changed), it.Kind())
		}
	}
}
