package dav_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/emersion/go-webdav"

	"crmbridge/e2e/gowebdav"
	"crmbridge/e2e/plain"
)

// TestGoWebDAVClient asks a client that others wrote for a second opinion.
func TestGoWebDAVClient(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	web := httptest.NewServer(s.h)
	t.Cleanup(web.Close)
	target := plain.Target{
		Account:  plain.Account{Base: web.URL + "/", User: "ann", Password: "pw"},
		Calendar: web.URL + calHome + "gowebdav/", Book: web.URL + bookHome + "gowebdav/",
	}
	target.Make(t)
	gowebdav.Check(t, target)
}

// TestGoWebDAVFiles does what that client knows of plain WebDAV.
func TestGoWebDAVFiles(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	web := httptest.NewServer(s.h)
	t.Cleanup(web.Close)
	c, err := webdav.NewClient(webdav.HTTPClientWithBasicAuth(http.DefaultClient, "ann", "pw"), web.URL)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	if err := c.Mkdir(ctx, calHome+"plain/"); err != nil {
		t.Fatal(err)
	}
	s.put(calHome+"plain/a.ics", event("a", "A"))
	if err := c.Copy(ctx, calHome+"plain/a.ics", annCal+"a.ics", nil); err != nil {
		t.Error(err)
	}
	if err := c.Copy(ctx, calHome+"plain/a.ics", annCal+"a.ics", &webdav.CopyOptions{NoOverwrite: true}); err == nil {
		t.Error("overwritten against the client's will")
	}
	if err := c.Move(ctx, calHome+"plain/a.ics", calHome+"plain/b.ics", nil); err != nil {
		t.Error(err)
	}
	files, err := c.ReadDir(ctx, calHome+"plain/", false)
	if err != nil || len(files) != 2 {
		t.Fatalf("%v %v", files, err)
	}
	info, err := c.Stat(ctx, calHome+"plain/b.ics")
	if err != nil || info.Size != int64(len(event("a", "A"))) || info.IsDir || info.ETag == "" {
		t.Errorf("%+v %v", info, err)
	}
	if err := c.RemoveAll(ctx, calHome+"plain/"); err != nil {
		t.Error(err)
	}
	if _, err := c.Stat(ctx, calHome+"plain/"); err == nil {
		t.Error("still there")
	}
}
