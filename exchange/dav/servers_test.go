package dav_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"crmbridge/internal/testenv"
)

// groupware is a real server that runs for one test, with as many accounts as are asked for.
type groupware struct {
	name string
	base string
	// account makes one with nothing in it and returns where its home is and what stands before the server for it.
	account func(tb testing.TB, n int) (home string, front http.Handler)
	n       atomic.Int64
	files   string // where collections are folders of files, which may be written to; "" for nowhere
	// few lets in as many requests at once as such a server has in practice; it resets connections that it cannot keep up with.
	few chan struct{}
}

// radicale keeps each user's collections below the user's name and takes any password.
func radicale(tb testing.TB) *groupware {
	tb.Helper()
	testenv.Need(tb, "radicale")
	dir := tb.TempDir()
	port := testenv.FreePort(tb)
	config := filepath.Join(dir, "config")
	text := strings.Join([]string{
		"[server]", "hosts = 127.0.0.1:" + strconv.Itoa(port), "max_connections = 100",
		"[auth]", "type = none", "delay = 0", "[rights]", "type = owner_only",
		"[storage]", "filesystem_folder = " + filepath.Join(dir, "data"), ""}, "\n")
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	g := &groupware{name: "radicale", few: make(chan struct{}, 4), base: start(tb, "radicale", dir, port, "-C", config)}
	g.files = filepath.Join(dir, "data", "collection-root")
	g.account = func(tb testing.TB, n int) (string, http.Handler) {
		tb.Helper()
		user := fmt.Sprintf("user%04d", n)
		g.send(tb, "PROPFIND", "/"+user+"/", user, "") // makes the principal
		return "/" + user + "/", g.proxy(tb)
	}
	return g
}

// xandikos knows one user. An account is a folder of its own, which the handler before the server names as the user's home.
func xandikos(tb testing.TB) *groupware {
	tb.Helper()
	testenv.Need(tb, "xandikos")
	dir := tb.TempDir()
	port := testenv.FreePort(tb)
	data := filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		tb.Fatal(err)
	}
	g := &groupware{name: "xandikos", few: make(chan struct{}, 4), base: start(tb, "xandikos", dir, port, "-d", data, "-l", "127.0.0.1", "-p", strconv.Itoa(port), "--autocreate", "--current-user-principal", "/alice/")}
	g.account = func(tb testing.TB, n int) (string, http.Handler) {
		tb.Helper()
		home := fmt.Sprintf("/alice/home%04d/", n)
		g.send(tb, "MKCOL", home, "alice", "")
		next := g.proxy(tb)
		return home, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != "PROPFIND" || r.URL.Path != "/" {
				next.ServeHTTP(w, r)
				return
			}
			w.Header().Set("Content-Type", "application/xml")
			w.WriteHeader(http.StatusMultiStatus)
			_, _ = fmt.Fprintf(w, `<?xml version="1.0"?><multistatus xmlns="DAV:"><response><href>/</href><propstat><prop>`+
				`<c:calendar-home-set xmlns:c="urn:ietf:params:xml:ns:caldav"><href>%s</href></c:calendar-home-set>`+
				`<c:addressbook-home-set xmlns:c="urn:ietf:params:xml:ns:carddav"><href>%s</href></c:addressbook-home-set>`+
				`</prop><status>HTTP/1.1 200 OK</status></propstat></response></multistatus>`, home, home)
		})
	}
	return g
}

func start(tb testing.TB, name, dir string, port int, args ...string) string {
	tb.Helper()
	program, err := testenv.Program(name)
	if err != nil {
		tb.Fatal(err)
	}
	// Not an inherited PATH: Debian's programs belong to Debian's Python.
	command := exec.Command("/usr/bin/python3", append([]string{program}, args...)...)
	command.Dir = dir
	command.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + dir, "LC_ALL=C.UTF-8", "TZ=UTC", "PYTHONDONTWRITEBYTECODE=1"}
	server := testenv.Start(tb, name, command)
	address := "127.0.0.1:" + strconv.Itoa(port)
	testenv.Until(tb, 60*time.Second, name, func() error {
		if server.Exited() {
			tb.Fatalf("%s ended:\n%s", name, server.Output())
		}
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err != nil {
			return err
		}
		return conn.Close()
	})
	return "http://" + address
}

func (g *groupware) proxy(tb testing.TB) http.Handler {
	tb.Helper()
	u, err := url.Parse(g.base)
	if err != nil {
		tb.Fatal(err)
	}
	p := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(u) }}
	p.ErrorHandler = func(w http.ResponseWriter, r *http.Request, err error) {
		if r.Context().Err() == nil {
			tb.Errorf("proxy: %s %s: %v", r.Method, r.URL.Path, err)
		}
		w.WriteHeader(http.StatusBadGateway)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.few <- struct{}{}
		defer func() { <-g.few }()
		p.ServeHTTP(w, r)
	})
}

// home is a fresh account's, with one collection of each kind.
type home struct {
	path, user string
	front      http.Handler
}

func (g *groupware) open(tb testing.TB) home {
	tb.Helper()
	n := int(g.n.Add(1))
	path, front := g.account(tb, n)
	h := home{path: path, user: fmt.Sprintf("user%04d", n), front: front}
	for name, component := range map[string]string{"events": "VEVENT", "tasks": "VTODO"} {
		g.send(tb, "MKCALENDAR", path+name+"/", h.user, `<?xml version="1.0"?><C:mkcalendar xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:D="DAV:"><D:set><D:prop>`+
			`<C:supported-calendar-component-set><C:comp name="`+component+`"/></C:supported-calendar-component-set></D:prop></D:set></C:mkcalendar>`)
	}
	g.send(tb, "MKCOL", path+"people/", h.user, `<?xml version="1.0"?><D:mkcol xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><D:set><D:prop>`+
		`<D:resourcetype><D:collection/><C:addressbook/></D:resourcetype></D:prop></D:set></D:mkcol>`)
	return h
}

// send is one request to the server itself that has to succeed.
func (g *groupware) send(tb testing.TB, method, path, user, body string, header ...string) string {
	tb.Helper()
	req, err := http.NewRequest(method, g.base+path, strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	req.SetBasicAuth(user, "secret")
	if body != "" {
		req.Header.Set("Content-Type", "application/xml; charset=utf-8")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		tb.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		tb.Fatal(err)
	}
	if res.StatusCode/100 != 2 {
		tb.Fatalf("%s %s: %d %s", method, path, res.StatusCode, text)
	}
	return string(text)
}

// serve puts a handler on a port.
func serve(tb testing.TB, h http.Handler) string {
	tb.Helper()
	srv := httptest.NewServer(h)
	tb.Cleanup(srv.Close)
	return srv.URL
}
