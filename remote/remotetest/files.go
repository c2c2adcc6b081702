package remotetest

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"sync"
	"testing/iotest"

	"crmbridge/pim"
	"crmbridge/remote"
)

// files: what is added to a message is there once and whole, or not at all.
func files(a *account) {
	k := remote.FileKeeper(nil)
	if keeper, ok := remote.As[remote.FileKeeper](a.Remote); ok {
		k = keeper
	}
	c, keeps := a.homes[pim.KindMessage]
	if k == nil || !keeps {
		a.skip("the remote is no FileKeeper, or keeps no messages")
	}
	rec := a.create(pim.KindMessage, a.sample(pim.KindMessage, 1))
	f := filing{account: a, k: k, c: c, id: rec.ID}
	if got := f.list(); len(got) != 0 {
		a.t.Errorf("a new message has the files %v", got)
	}
	f.once()
	f.broken()
	f.many()
	_, err := k.Files(a.ctx, c, "no-such-id")
	a.wantError("files of an unknown item", err, pim.ErrNotFound)
	_, err = k.AddFile(a.ctx, c, "no-such-id", newFile("lost.txt", []byte("x")))
	a.wantError("a file for an unknown item", err, pim.ErrNotFound)
	if got := a.must(c, rec.ID); got.Item.Summary() != rec.Item.Summary() {
		a.t.Errorf("with its files the message is %q", got.Item.Summary())
	}
}

type filing struct {
	*account
	k  remote.FileKeeper
	c  remote.CollectionID
	id remote.ItemID
}

func newFile(name string, b []byte) remote.NewFile {
	return remote.NewFile{Key: fresh(), Name: name, Type: "application/octet-stream", Size: int64(len(b)), Body: bytes.NewReader(b)}
}

func (f filing) list() []remote.KeptFile {
	f.t.Helper()
	got, err := f.k.Files(f.ctx, f.c, f.id)
	if err != nil {
		f.t.Fatalf("files: %v", err)
	}
	return got
}

// has checks that there is one file of a name, with these bytes.
func (f filing) has(name string, want []byte) {
	f.t.Helper()
	var found []remote.KeptFile
	for _, x := range f.list() {
		if x.Name == name {
			found = append(found, x)
		}
	}
	if len(found) != 1 || found[0].ID == "" || found[0].Size >= 0 && found[0].Size != int64(len(want)) {
		f.t.Errorf("%q: there are %+v, want one of %d bytes", name, found, len(want))
		return
	}
	if f.h.Bytes != nil {
		if got := f.h.Bytes(f.t, f.Account, f.c, f.id, found[0]); !bytes.Equal(got, want) {
			f.t.Errorf("%q: %d other bytes came back, want %d", name, len(got), len(want))
		}
	}
}

// once: a key makes one file, however often and from how many sides it is sent.
func (f filing) once() {
	b := bytes.Repeat([]byte("a line of a file\r\n\x00\xff"), 100)
	x := newFile(`Øre & "offer" 2026 🙂.pdf`, b)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			y := x
			y.Body = bytes.NewReader(b)
			if _, err := f.k.AddFile(f.ctx, f.c, f.id, y); err != nil {
				f.t.Errorf("add: %v", err)
			}
		})
	}
	wg.Wait()
	f.has(x.Name, b)
	x.Body = bytes.NewReader(b)
	if again, err := f.k.AddFile(f.ctx, f.c, f.id, x); err != nil || !slices.ContainsFunc(f.list(), func(o remote.KeptFile) bool { return o.ID == again.ID }) {
		f.t.Errorf("the same key again: %+v, %v", again, err)
	}
	f.has(x.Name, b)
}

// broken: what breaks off in the middle is not listed, and can be completed.
func (f filing) broken() {
	b := bytes.Repeat([]byte("0123456789abcdef"), 20_000)
	x := newFile("broken.bin", b)
	failure := &pim.Error{Op: "remotetest: read", Kind: pim.ErrUnavailable, Public: "the mailbox broke off"}
	x.Body = io.MultiReader(bytes.NewReader(b[:100_000]), iotest.ErrReader(failure))
	if _, err := f.k.AddFile(f.ctx, f.c, f.id, x); err == nil || !errors.Is(err, failure) {
		f.t.Errorf("a body that fails: %v, want its own error", err)
	}
	x.Body = bytes.NewReader(b[:100_000])
	_, err := f.k.AddFile(f.ctx, f.c, f.id, x)
	f.wantError("a body that is too short", err, pim.ErrProtocol)
	if slices.ContainsFunc(f.list(), func(o remote.KeptFile) bool { return o.Name == x.Name }) {
		f.t.Error("a file that is not whole is listed")
	}
	x.Body = bytes.NewReader(b)
	if _, err := f.k.AddFile(f.ctx, f.c, f.id, x); err != nil {
		f.t.Errorf("the broken file again: %v", err)
	}
	f.has(x.Name, b)
}

// many: files of one name, without a byte, and larger than a piece of any upload.
func (f filing) many() {
	twin := []byte("one of two")
	for range 2 {
		if _, err := f.k.AddFile(f.ctx, f.c, f.id, newFile("twin.txt", twin)); err != nil {
			f.t.Fatalf("twin: %v", err)
		}
	}
	twins := 0
	for _, x := range f.list() {
		if x.Name == "twin.txt" {
			twins++
		}
	}
	if twins != 2 {
		f.t.Errorf("%d files of one name and two keys", twins)
	}
	large := bytes.Repeat([]byte("large file "), 400_000)
	for name, b := range map[string][]byte{"empty.txt": nil, "large.bin": large} {
		if _, err := f.k.AddFile(f.ctx, f.c, f.id, newFile(name, b)); err != nil {
			f.t.Fatalf("%s: %v", name, err)
		}
		f.has(name, b)
	}
}
