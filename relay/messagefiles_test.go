package relay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"

	crmmem "crmbridge/crm/mem"
	"crmbridge/exchange/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// again is a new process on the same store.
func (p *post) again() {
	old := p.engine
	p.engine = &Engine{Store: p.store, Remotes: p.links, Now: old.Now, Log: old.Log, Owner: old.Owner + "+", Alive: old.Alive}
}

// retried is a run of a link that takes up what failed, whenever it was to be tried again.
func (p *post) retried(l store.Link) Report {
	p.t.Helper()
	rep, err := p.engine.Run(context.Background(), l.ID, RunOptions{Trigger: "test", Retry: true})
	if err != nil {
		p.t.Fatalf("run of %s: %v", l.Name, err)
	}
	return rep
}

// whole wants the CRM to have messages 1 to n, each once, with these files.
func (p *post) whole(n int, files [][]byte) {
	p.t.Helper()
	if got := len(p.mails()); got != n {
		p.t.Fatalf("%d activities, want %d", got, n)
	}
	for _, r := range p.mails() {
		there := p.crm.Files(crmmem.Messages, r.ID)
		if p.crm.CountFiles(crmmem.Messages, r.ID) != len(files) {
			p.t.Errorf("%s has %d files, want %d", r.Item.Summary(), p.crm.CountFiles(crmmem.Messages, r.ID), len(files))
		}
		for i, b := range files {
			if !bytes.Equal(there[fmt.Sprintf("file %d.pdf", i)], b) {
				p.t.Errorf("%s: file %d has other bytes", r.Item.Summary(), i)
			}
		}
	}
}

// TestRowS14KilledAnywhere: a process that dies between any two steps leaves nothing undone and nothing twice.
func TestRowS14KilledAnywhere(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t)
	for n := int64(1); ; n++ {
		o := newPost(t, s, crmmem.Options{NotIdempotent: n%2 == 0}).person(fmt.Sprintf("ann%d", n), mem.Options{UnknownSizes: n%3 == 0}, mem.Inbox, `{}`, `{}`)
		m, files := with(letter(1), 10, 3000)
		o.deliver(mem.Inbox, m, files...)
		steps, hit := atomic.Int64{}, false
		o.engine.pause = func(string) error {
			if steps.Add(1) >= n {
				hit = true
				return errKilled
			}
			return nil
		}
		for _, l := range []store.Link{o.in, o.out} {
			if _, err := o.engine.Run(t.Context(), l.ID, RunOptions{Trigger: "test"}); hit != errors.Is(err, errKilled) {
				t.Fatalf("killed at %d: %v", n, err)
			}
			if hit {
				break
			}
		}
		o.again()
		o.sync()
		o.whole(1, files)
		o.quiet()
		if !hit {
			if n < 20 {
				t.Fatalf("only %d steps", n)
			}
			return
		}
	}
}

// odd is a mailbox or a CRM in whose way of files something stands.
type odd struct {
	remote.Remote
	open func(f pim.File) (io.ReadCloser, int64, error)
	make func() error
}

func (x *odd) Behind() remote.Remote { return x.Remote }

func (x *odd) OpenFile(ctx context.Context, c remote.CollectionID, id remote.ItemID, f pim.File) (io.ReadCloser, int64, error) {
	if x.open != nil {
		return x.open(f)
	}
	o, _ := remote.As[remote.FileOpener](x.Remote)
	return o.OpenFile(ctx, c, id, f)
}

func (x *odd) Files(ctx context.Context, c remote.CollectionID, id remote.ItemID) ([]remote.KeptFile, error) {
	k, _ := remote.As[remote.FileKeeper](x.Remote)
	return k.Files(ctx, c, id)
}

func (x *odd) AddFile(ctx context.Context, c remote.CollectionID, id remote.ItemID, f remote.NewFile) (remote.KeptFile, error) {
	k, _ := remote.As[remote.FileKeeper](x.Remote)
	return k.AddFile(ctx, c, id, f)
}

func (x *odd) Create(ctx context.Context, c remote.CollectionID, e remote.Entry, key string) (remote.Record, error) {
	if x.make != nil {
		if err := x.make(); err != nil {
			return remote.Record{}, err
		}
	}
	return x.Remote.Create(ctx, c, e, key)
}

// TestRowS14FilesSurviveFaults of either side: what cannot be taken over now is listed, tried again, and there once.
func TestRowS14FilesSurviveFaults(t *testing.T) {
	t.Parallel()
	broken := &pim.Error{Op: "test", Kind: pim.ErrUnavailable, Public: "the mailbox broke off"}
	for name, fault := range map[string]func(o *owner) (clear func()){
		"lost answers of the CRM": func(o *owner) func() { o.crm.LoseAnswers(2); return func() {} },
		"files refused for a while": func(o *owner) func() {
			o.crm.SetFaults(func(c crmmem.Call) crmmem.Fault {
				if c.Op == "add file" {
					return crmmem.Fault{Err: pim.Errorf("test", pim.ErrUnavailable, "out of order")}
				}
				return crmmem.Fault{}
			})
			return func() { o.crm.SetFaults(nil) }
		},
		"the mailbox cannot be reached": func(o *owner) func() {
			o.box.SetFaults(func(c crmmem.Call) crmmem.Fault {
				return crmmem.Fault{Err: pim.Errorf("test", pim.ErrAuth, "wrong password")}
			})
			return func() { o.box.SetFaults(nil) }
		},
		"broken in the middle": func(o *owner) func() {
			o.links[o.in.ID] = &odd{Remote: o.box.Remote(), open: func(f pim.File) (io.ReadCloser, int64, error) {
				return io.NopCloser(io.MultiReader(strings.NewReader("x"), iotest.ErrReader(broken))), f.Size, nil
			}}
			return func() { o.links[o.in.ID] = o.box.Remote() }
		},
		"shorter than said": func(o *owner) func() {
			o.links[o.in.ID] = &odd{Remote: o.box.Remote(), open: func(f pim.File) (io.ReadCloser, int64, error) {
				return io.NopCloser(strings.NewReader("x")), f.Size, nil
			}}
			return func() { o.links[o.in.ID] = o.box.Remote() }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newPost(t, storetest.Open(t), crmmem.Options{}).person("ann", mem.Options{}, mem.Inbox, `{}`, `{}`)
			var files [][]byte
			for n := range 2 {
				m, bytes := with(letter(n), 10, 3000)
				o.deliver(mem.Inbox, m, bytes...)
				files = bytes
			}
			o.run(o.in)
			clear := fault(o)
			rep := o.run(o.out)
			if rep.Run.Outcome == OutcomeFailed || rep.Counts.Failed == 0 || len(o.mails()) == 0 {
				t.Fatalf("the run: %s %+v", rep.Run.Outcome, rep.Counts)
			}
			clear()
			for range 3 {
				o.retried(o.out)
			}
			o.sync()
			o.whole(2, files)
			o.quiet()
		})
	}
}

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

// TestRowS14GoneBeforeItsFiles: a message that left the mailbox before its files went is an activity without them, and says so.
func TestRowS14GoneBeforeItsFiles(t *testing.T) {
	t.Parallel()
	o := newPost(t, storetest.Open(t), crmmem.Options{}).person("ann", mem.Options{}, mem.Inbox, `{}`, `{}`)
	m, files := with(letter(1), 10)
	o.deliver(mem.Inbox, m, files...)
	o.run(o.in)
	o.box.Clear(mem.Inbox)
	o.run(o.in) // the CRM has not taken it yet: the copy here stays
	if o.kept() != 1 {
		t.Fatal("it was let go before the CRM had it")
	}
	o.sync()
	x, err := o.engine.Explain(t.Context(), o.out.ID, m.MessageID)
	if err != nil || !strings.Contains(strings.Join(x[0].Words, "\n"), "the message is in the mailbox no more") {
		t.Errorf("why: %+v, %v", x, err)
	}
	if o.mail(); o.kept() != 0 {
		t.Error("the copy here was not let go")
	}
	o.quiet()
}

// TestRowS14AnotherPersons: what the CRM has as somebody else's activity, which this user may not see, is there.
func TestRowS14AnotherPersons(t *testing.T) {
	t.Parallel()
	for _, o := range []crmmem.Options{{}, {NoFinder: true}} {
		p := newPost(t, storetest.Open(t), o).person("ann", mem.Options{}, mem.Inbox, `{}`, `{}`)
		creates := 0
		p.links[p.out.ID] = &odd{Remote: p.crm.Remote(), make: func() error {
			creates++
			return pim.Errorf("test", pim.ErrExists, "another person's")
		}}
		p.deliver(mem.Inbox, letter(1))
		p.sync()
		p.quiet()
		x, err := p.engine.Explain(t.Context(), p.out.ID, letter(1).MessageID)
		if err != nil || creates != 1 || !slices.ContainsFunc(x[0].Words, func(s string) bool { return strings.Contains(s, "another person") }) {
			t.Errorf("%d creates, why: %+v, %v", creates, x, err)
		}
	}
}

// TestFilesTakeNoMemory: a file of 400 MB passes through in a few. It runs alone, so that nobody else's memory counts.
func TestFilesTakeNoMemory(t *testing.T) {
	const size = 400 << 20
	o := newPost(t, storetest.Open(t), crmmem.Options{ForgetsBytes: true}).person("ann", mem.Options{}, mem.Inbox, `{}`, `{"fileMegabytes":500,"filesMegabytes":1000}`)
	m := letter(1)
	m.Files = []pim.File{{Name: "film.mp4", Size: size}}
	o.deliver(mem.Inbox, m, nil)
	o.box.Edit(mem.Inbox, o.box.Items(mem.Inbox)[0].ID, func(it pim.Item) { it.(*pim.Message).Files[0].Size = size })
	o.links[o.in.ID] = &odd{Remote: o.box.Remote(), open: func(pim.File) (io.ReadCloser, int64, error) {
		return io.NopCloser(io.LimitReader(zeros{}, size)), size, nil
	}}
	o.run(o.in)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	rep := o.run(o.out)
	runtime.ReadMemStats(&after)
	if rep.Counts.Files != 1 {
		t.Fatalf("%+v", rep.Steps)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 40<<20 {
		t.Errorf("%d MB were taken for it", used>>20)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

// TestFilesOfOneName: what a file is called in the CRM is pim.FileName; its key is another for each, and stays what it was.
func TestFilesOfOneName(t *testing.T) {
	t.Parallel()
	if got := fateful("u", &pim.Message{Files: []pim.File{{Name: "a"}, {Name: "a"}}}); got.Files[0].Key == got.Files[1].Key {
		t.Error("two files of one name have one key")
	}
	if rule.Bytes(25<<20) != "25 MB" || rule.Bytes(100) != "100 bytes" {
		t.Error("sizes in words")
	}
}
