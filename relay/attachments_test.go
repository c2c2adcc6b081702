package relay

import (
	"strings"
	"testing"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
)

func paper(name, words string) pim.Attachment {
	return pim.NewAttachment(name, "text/plain", []byte(words))
}

func attach(all ...pim.Attachment) func(*pim.Event) {
	return func(e *pim.Event) { e.Attachments = append(e.Attachments, all...) }
}

// Files come from the mail server, go from the device, and a CRM that knows none between the two loses none.
func TestFilesPassACRMThatHasNone(t *testing.T) {
	t.Parallel()
	crm := mem.Options{Carries: map[pim.Kind]pim.FieldSet{pim.KindEvent: pim.Set(pim.FieldTitle, pim.FieldTime, pim.FieldNotes)}}
	onBoth(t, crm, open(rule.Ask), func(w *world) {
		near := w.spoke()
		far := w.join(mem.Options{}, open(rule.Ask))
		everywhere := func() {
			for range 2 {
				for _, s := range []spoke{near, far} {
					w.at(s)
					w.clean()
				}
			}
			w.at(far)
		}
		want := func(names ...string) {
			t.Helper()
			for side, it := range map[string]pim.Item{"the hub": w.item(w.only()), "the mailbox": w.record().Item} {
				f, _ := pim.FieldByID(pim.FieldAttachments)
				if got := f.Show(it); got != strings.Join(names, "\n") {
					w.t.Errorf("%s has %q, want %q", side, got, names)
				}
			}
		}
		w.put("a.ics", event("uid-a", "Visit"))
		w.edit("a.ics", attach(paper("here.txt", "from the device")))
		everywhere()
		want("here.txt (15 bytes)")

		w.change(w.record().ID, attach(paper("there.txt", "from the mailbox")))
		everywhere()
		want("here.txt (15 bytes)", "there.txt (16 bytes)")

		w.at(near)
		w.change(w.record().ID, func(e *pim.Event) { e.Title = "Visit at noon" })
		everywhere()
		want("here.txt (15 bytes)", "there.txt (16 bytes)")
		if got := w.record().Item.Summary(); got != "Visit at noon" {
			w.t.Errorf("the mailbox says %q", got)
		}

		w.edit("a.ics", func(e *pim.Event) { e.Attachments = e.Attachments[1:] })
		w.change(w.record().ID, attach(paper("third.txt", "3")))
		everywhere()
		want("there.txt (16 bytes)", "third.txt (1 byte)")

		h, err := w.engine.History(w.ctx, w.coll.ID, "uid-a")
		if err != nil {
			w.t.Fatal(err)
		}
		told := false
		for _, e := range h.Events {
			for _, f := range e.Fields {
				told = told || f.Field == pim.FieldAttachments && strings.Contains(f.After, "there.txt (16 bytes)")
				if strings.Contains(f.Before+f.After, "from the") {
					w.t.Errorf("the history has bytes: %+v", f)
				}
			}
		}
		if !told {
			w.t.Errorf("the history does not tell of files: %+v", h.Events)
		}
		for _, s := range []spoke{near, far} {
			w.at(s)
			w.quiet()
		}
	})
}

// A change of one side leaves alone what only the other side can keep.
func TestFilesThatOneSideCannotKeep(t *testing.T) {
	t.Parallel()
	all := pim.AllOf(pim.KindEvent)
	with := func(files ...pim.Attachment) *pim.Event {
		e := event("uid-a", "Visit")
		e.Attachments = files
		return e
	}
	a, b, c, far := paper("a", "1"), paper("b", "2"), paper("c", "3"), paper("far", "4")
	for name, x := range map[string]struct {
		local, there      []pim.Attachment // the bases are {a, b} here and {a, far} there
		here, sent        []pim.Attachment
		toLocal, toRemote bool
	}{
		"one more here":  {[]pim.Attachment{a, b, c}, []pim.Attachment{a, far}, nil, []pim.Attachment{a, b, c, far}, false, true},
		"one less here":  {[]pim.Attachment{b}, []pim.Attachment{a, far}, nil, []pim.Attachment{b, far}, false, true},
		"one less there": {[]pim.Attachment{a, b}, []pim.Attachment{far}, []pim.Attachment{b, far}, nil, true, false},
		"both":           {[]pim.Attachment{b}, []pim.Attachment{a, c}, []pim.Attachment{b, c}, []pim.Attachment{b, c}, true, true},
	} {
		m := Merge(Sides{BaseLocal: with(a, b), Local: with(x.local...), BaseRemote: with(a, far), Remote: with(x.there...),
			Carried: all, Writable: all, MayIn: all, MayOut: all, Policy: rule.Ask})
		f, _ := pim.FieldByID(pim.FieldAttachments)
		if m.ToLocal.Has(f.ID) != x.toLocal || m.ToRemote.Has(f.ID) != x.toRemote || !m.Open.IsEmpty() {
			t.Errorf("%s: here go %v, there %v, open are %v", name, m.ToLocal, m.ToRemote, m.Open)
		}
		if want := append(x.here, x.sent...); !pim.Equal(m.Item, with(want[:max(len(x.here), len(x.sent))]...), pim.Set(f.ID)) {
			t.Errorf("%s: got %q", name, f.Show(m.Item))
		}
	}
}
