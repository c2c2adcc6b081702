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
