package relay

import (
	"slices"
	"strings"
	"testing"

	crmmem "crmbridge/crm/mem"
	"crmbridge/exchange/mem"
	"crmbridge/pim"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// TestRowS14FilesWithinBounds: what is too large, or no file, is left out and told, and the rest goes.
func TestRowS14FilesWithinBounds(t *testing.T) {
	t.Parallel()
	const mb = 1 << 20
	for _, x := range []struct {
		name, rules string
		crm         crmmem.Options
		box         mem.Options
		sizes       []int
		goes        int
		says        string
	}{
		{name: "one too large", rules: `{"fileMegabytes":1}`, sizes: []int{10, mb + 1, mb}, goes: 2, says: `The file "file 1.pdf" was left out: it is larger than 1 MB.`},
		{name: "one too large, which shows late", rules: `{"fileMegabytes":1}`, box: mem.Options{UnknownSizes: true}, sizes: []int{10, mb + 1, mb}, goes: 2, says: `The file "file 1.pdf" was left out: it is larger than 1 MB.`},
		{name: "far too large", rules: `{"fileMegabytes":1}`, sizes: []int{3 * mb, 1}, goes: 1, says: "larger than 1 MB"},
		{name: "too much together", rules: `{"filesMegabytes":1}`, sizes: []int{mb - 10, 11, 10}, goes: 2, says: `The file "file 1.pdf" was left out: the files of a message are taken up to 1 MB together.`},
		{name: "none", rules: `{"fileMegabytes":-1}`, sizes: []int{1, 10}, goes: 0, says: "the rules take no files"},
		{name: "too large for the CRM", crm: crmmem.Options{FileLimit: 100}, rules: `{}`, sizes: []int{101, 100}, goes: 1, says: "this CRM takes files up to 100 bytes"},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			o := newPost(t, storetest.Open(t), x.crm).person("ann", x.box, mem.Inbox, `{}`, x.rules)
			m, files := with(letter(1), x.sizes...)
			o.deliver(mem.Inbox, m, files...)
			o.sync()
			rec, _ := o.mail()
			if n := o.crm.CountFiles(crmmem.Messages, rec.ID); n != x.goes {
				t.Errorf("%d files went, want %d", n, x.goes)
			}
			why, err := o.engine.Explain(t.Context(), o.out.ID, m.MessageID)
			if err != nil || !strings.Contains(strings.Join(why[0].Words, "\n"), x.says) {
				t.Errorf("why: %v, %v", why[0].Words, err)
			}
			o.quiet()
		})
	}
}

// TestRowS14WiderBounds: what the bounds of the rules left out goes with the next run under wider ones, once, and a preview tells it before;
// what something else left out, and what still is too large, stays out.
func TestRowS14WiderBounds(t *testing.T) {
	t.Parallel()
	const mb = 1 << 20
	for _, x := range []struct {
		name, before, after string
		crm                 crmmem.Options
		first, then, left   int
	}{
		{name: "one file", before: `{"fileMegabytes":1}`, after: `{"fileMegabytes":2}`, first: 1, then: 2, left: 1},
		{name: "all together", before: `{"filesMegabytes":1}`, after: `{"filesMegabytes":20}`, first: 1, then: 3},
		{name: "none before", before: `{"fileMegabytes":-1}`, after: `{}`, first: 0, then: 3},
		{name: "none after", before: `{"fileMegabytes":1}`, after: `{"fileMegabytes":-1,"filesMegabytes":200}`, first: 1, then: 1},
		{name: "narrower", before: `{"fileMegabytes":2}`, after: `{"fileMegabytes":1}`, first: 2, then: 2},
		{name: "the CRM's own", crm: crmmem.Options{FileLimit: mb}, before: `{}`, after: `{"fileMegabytes":100}`, first: 1, then: 1},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			o := newPost(t, storetest.Open(t), x.crm).person("ann", mem.Options{}, mem.Inbox, `{}`, x.before)
			m, files := with(letter(1), mb, 2*mb, 3*mb)
			o.deliver(mem.Inbox, m, files...)
			o.sync()
			rec, _ := o.mail()
			count := func() int { return o.crm.CountFiles(crmmem.Messages, rec.ID) }
			if count() != x.first {
				t.Fatalf("%d files went, want %d", count(), x.first)
			}
			rules := MailRules(store.CRM, parsed(t, x.after))
			pv, err := o.engine.Preview(t.Context(), o.out.ID, PreviewOptions{Rules: &rules})
			if err != nil {
				t.Fatal(err)
			}
			plan := map[string]int{}
			for _, c := range pv.Changes {
				plan[c.Action]++
			}
			if plan["file"] != x.then-x.first || plan["leave file"] != x.left || count() != x.first {
				t.Errorf("the preview tells of %+v", pv.Changes)
			}
			if _, err := o.engine.SetRules(t.Context(), o.out.ID, rules); err != nil {
				t.Fatal(err)
			}
			o.sync()
			if count() != x.then || len(o.mails()) != 1 {
				t.Errorf("%d files are there, want %d; %d activities", count(), x.then, len(o.mails()))
			}
			o.quiet()
		})
	}
}

// TestRowS14PreviewOfFiles: which files would go, by name, and which would be left out and why, and nothing is done.
func TestRowS14PreviewOfFiles(t *testing.T) {
	t.Parallel()
	const mb = 1 << 20
	o := newPost(t, storetest.Open(t), crmmem.Options{}).person("ann", mem.Options{}, mem.Inbox, `{}`, `{"fileMegabytes":1}`)
	for i := range fileBatch + 5 { // more than a page
		m, files := with(letter(i), 10)
		o.deliver(mem.Inbox, m, files...)
	}
	m, files := with(letter(100), 10, 2*mb)
	m.Files[0].Name, m.MoreFiles = "../invoice\u202egpj.exe", 3
	o.deliver(mem.Inbox, m, files...)
	o.run(o.in)
	pv, err := o.engine.Preview(t.Context(), o.out.ID, PreviewOptions{})
	if err != nil || pv.Outcome != OutcomeOK {
		t.Fatalf("%v %+v", err, pv)
	}
	var told []string
	for _, c := range pv.Changes {
		if c.UID == m.MessageID && c.Action != "create" {
			told = append(told, c.Side+" "+c.Action+" "+c.Title+" "+c.File+" "+c.Reason)
		}
	}
	want := []string{"remote file Offer 100 invoicegpj.exe ", "remote leave file Offer 100 file 1.pdf it is larger than 1 MB", "remote leave file Offer 100  3 more files were left out: a message brings 100 at most"}
	if !slices.Equal(told, want) || pv.Counts.Files != fileBatch+6 || pv.Counts.CreatedRemote != fileBatch+6 || len(o.mails()) != 0 {
		t.Errorf("%+v, %q", pv.Counts, told)
	}
	o.sync()
	if len(o.mails()) != fileBatch+6 {
		t.Errorf("%d activities", len(o.mails()))
	}
	x, err := o.engine.Explain(t.Context(), o.out.ID, m.MessageID)
	words := strings.Join(x[0].Words, "\n")
	if err != nil || !strings.Contains(words, "3 more files were left out: a message brings 100 at most.") || strings.Contains(words, `"3 more`) || !strings.Contains(words, "One file is in the CRM.") {
		t.Errorf("why: %s, %v", words, err)
	}
	for _, rec := range o.mails() {
		for name := range o.crm.Files(crmmem.Messages, rec.ID) {
			if name != "invoicegpj.exe" && name != "file 0.pdf" {
				t.Errorf("the CRM has a file %q", name)
			}
		}
	}
}

// TestABodyThatWasCutIsTold, and no other.
func TestABodyThatWasCutIsTold(t *testing.T) {
	t.Parallel()
	o := newPost(t, storetest.Open(t), crmmem.Options{}).person("ann", mem.Options{}, mem.Inbox, `{}`, `{}`)
	m := letter(1)
	m.HTML = "<p>" + strings.Repeat("long ", pim.BodyLimit/5) + "</p>"
	m.Bounded()
	if !m.Cut {
		t.Fatal("it is not too long")
	}
	o.deliver(mem.Inbox, m)
	o.deliver(mem.Inbox, letter(2))
	told := func(want bool) {
		t.Helper()
		for _, l := range []store.Link{o.in, o.out} {
			x, err := o.engine.Explain(t.Context(), l.ID, m.MessageID)
			if err != nil || strings.Contains(strings.Join(x[0].Words, "\n"), "Its body was longer than 512 KB") != want {
				t.Errorf("%s: %+v, %v", l.Name, x, err)
			}
		}
	}
	o.sync()
	told(true)
	if x, err := o.engine.Explain(t.Context(), o.out.ID, letter(2).MessageID); err != nil || strings.Contains(strings.Join(x[0].Words, "\n"), "body") {
		t.Errorf("a short one: %+v, %v", x, err)
	}
}

// TestRowS14LeftOutFilesAreRetried: what the CRM did not take goes when a person has it tried again and the CRM takes it by now.
func TestRowS14LeftOutFilesAreRetried(t *testing.T) {
	t.Parallel()
	o := newPost(t, storetest.Open(t), crmmem.Options{}).person("ann", mem.Options{}, mem.Inbox, `{}`, `{}`)
	full := true
	o.crm.SetFaults(func(c crmmem.Call) crmmem.Fault {
		if c.Op == "add file" && full {
			return crmmem.Fault{Err: pim.Errorf("test", pim.ErrRefused, "this CRM takes no more")}
		}
		return crmmem.Fault{}
	})
	m, files := with(letter(1), 10, 20)
	o.deliver(mem.Inbox, m, files...)
	o.sync()
	o.whole(1, nil)
	o.quiet()
	full = false
	o.quiet()
	if err := o.engine.Retry(t.Context(), o.out.ID, m.MessageID); err != nil {
		t.Fatal(err)
	}
	o.sync()
	o.whole(1, files)
	o.quiet()
}
