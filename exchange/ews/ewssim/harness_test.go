package ewssim

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"crmbridge/internal/testclock"
)

// people are the mailboxes of tests.
func people() []Mailbox {
	return []Mailbox{
		{Address: "ann@example.org", Name: "Ann Example", Password: "ann-secret", Zone: "W. Europe Standard Time"},
		{Address: "bob@example.org", Name: "Bob Sample", Password: "bob-secret", Zone: "Eastern Standard Time"},
	}
}

// rig is a server under test. All that it answers is checked against the published schemas at the end.
type rig struct {
	*Sim
	t     *testing.T
	clock *testclock.Clock
	srv   *httptest.Server
	mu    sync.Mutex
	seen  [][]byte // bodies of answers
	user  string
	pass  string
	head  string // SOAP headers of requests

	prefer bool         // asks for affinity
	cookie *http.Cookie // sent along
}

func newRig(t *testing.T, opt Options) *rig {
	t.Helper()
	r := &rig{t: t, clock: testclock.Ticking(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), time.Millisecond), user: "ann@example.org", pass: "ann-secret"}
	if opt.Now == nil {
		opt.Now = r.clock.Now
	}
	if opt.Secret == nil {
		opt.Secret = []byte("tests")
	}
	if opt.Mailboxes == nil {
		opt.Mailboxes = people()
	}
	sim, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}
	r.Sim = sim
	r.srv = httptest.NewServer(http.HandlerFunc(r.record))
	t.Cleanup(func() {
		sim.Close()
		r.srv.Close()
		r.validate()
	})
	return r
}

// recorder keeps what is written.
type recorder struct {
	http.ResponseWriter
	body bytes.Buffer
}

func (w *recorder) Write(p []byte) (int, error) {
	w.body.Write(p)
	return w.ResponseWriter.Write(p)
}

func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (r *rig) record(w http.ResponseWriter, req *http.Request) {
	rec := &recorder{ResponseWriter: w}
	req.Header.Del("Accept-Encoding") // to see what is said; TestCompression has the other
	r.ServeHTTP(rec, req)
	r.mu.Lock()
	defer r.mu.Unlock()
	if strings.HasPrefix(w.Header().Get("Content-Type"), "text/xml") && strings.EqualFold(req.URL.Path, "/EWS/Exchange.asmx") {
		r.seen = append(r.seen, rec.body.Bytes())
	}
}

// validate keeps all answers for TestMain, which checks them against the schemas, and checks here what these do not say.
func (r *rig) validate() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, body := range r.seen {
		for _, piece := range bytes.Split(body, []byte(`<?xml version="1.0" encoding="utf-8"?>`)) {
			if len(bytes.TrimSpace(piece)) == 0 {
				continue
			}
			root, err := parseXML(piece)
			if err != nil {
				r.t.Errorf("an answer is no XML: %v\n%s", err, piece)
				continue
			}
			if v := root.path("Header", "ServerVersionInfo"); v.at("MajorVersion") != "15" || v.at("MinorVersion") != "2" {
				r.t.Errorf("an answer lacks the server's version:\n%s", piece)
			}
			if root.kid("Body").first().name != "s:Fault" {
				heard.add(r.t.Name(), bodyText(piece))
			}
		}
	}
}

// answers are the bodies of all answers in all tests, each with the name of one test that got it.
type answers struct {
	mu sync.Mutex
	of map[string]string
}

var heard = answers{of: map[string]string{}}

func (a *answers) add(test, text string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.of[text] = test
}

// TestMain checks at the end all answers with xmllint, in one go since reading the schemas takes longer than all else.
func TestMain(m *testing.M) {
	status := m.Run()
	if err := heard.validate(); err != nil {
		fmt.Println("--- FAIL: answers do not obey the published schemas:", err)
		status = 1
	}
	os.Exit(status)
}

func (a *answers) validate() error {
	schemas, err := filepath.Abs("../../../../shared/schemas/ews")
	if err != nil || len(a.of) == 0 {
		return err
	}
	lint, err := exec.LookPath("xmllint")
	if err != nil {
		fmt.Println("SKIPPED: answers are not validated, xmllint is not installed: run scripts/deps.sh as root")
		return nil
	}
	if _, err := os.Stat(schemas); err != nil {
		fmt.Println("SKIPPED: answers are not validated, the published schemas are not in", schemas)
		return nil
	}
	dir, err := os.MkdirTemp("", "ewssim")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	args := []string{"--noout", "--schema", filepath.Join(schemas, "messages.xsd")}
	for text, test := range a.of {
		file := strconv.Itoa(len(args)) + "-" + strings.ReplaceAll(test, "/", "-") + ".xml"
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
			return err
		}
		args = append(args, file)
	}
	cmd := exec.Command(lint, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err == nil {
		return nil
	}
	var bad strings.Builder
	for line := range strings.Lines(string(out)) {
		if !strings.HasSuffix(strings.TrimSpace(line), "validates") {
			bad.WriteString(line)
		}
	}
	return fmt.Errorf("%w\n%.6000s", err, bad.String())
}

// bodyText is the text inside of a SOAP body, with the declarations of namespaces that the envelope has.
func bodyText(envelope []byte) string {
	text := string(envelope)
	begin := strings.Index(text, "<s:Body>") + len("<s:Body>")
	return text[begin:strings.LastIndex(text, "</s:Body>")]
}

// ask posts the inside of a SOAP body and returns the one of the answer.
func (r *rig) ask(body string) *node {
	r.t.Helper()
	status, n := r.try(body)
	if status != http.StatusOK {
		r.t.Fatalf("HTTP %d: %v\nof %s", status, n, body)
	}
	return n
}

func (r *rig) try(body string) (int, *node) {
	r.t.Helper()
	res := r.post(body)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	root, err := parseXML(text)
	if err != nil {
		return res.StatusCode, nil
	}
	return res.StatusCode, root.kid("Body").first()
}

func (r *rig) post(body string) *http.Response {
	r.t.Helper()
	head := r.head
	if !strings.Contains(head, "RequestServerVersion") {
		head += `<t:RequestServerVersion Version="Exchange2013_SP1"/>`
	}
	text := `<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="` + nsSoap + `" xmlns:t="` + nsTypes + `" xmlns:m="` + nsMessages +
		`"><s:Header>` + head + `</s:Header><s:Body>` + body + `</s:Body></s:Envelope>`
	req, err := http.NewRequest("POST", r.srv.URL+"/EWS/Exchange.asmx", strings.NewReader(text))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "text/xml; charset=utf-8")
	req.SetBasicAuth(r.user, r.pass)
	if r.prefer {
		req.Header.Set("X-PreferServerAffinity", "true")
	}
	if r.cookie != nil {
		req.AddCookie(r.cookie)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	return res
}

// messages are the response messages of an answer.
func messages(n *node) []*node { return n.kid("ResponseMessages").all() }

// code is the response code of an answer's first message, or of a fault.
func code(n *node) string {
	if n.local() == "Fault" {
		return n.str("detail", "ResponseCode")
	}
	return messages(n)[0].str("ResponseCode")
}

// want asks and demands a response code.
func (r *rig) want(wanted, body string) *node {
	r.t.Helper()
	_, n := r.try(body)
	if n == nil {
		r.t.Fatalf("no XML for %s", body)
	}
	if got := code(n); got != wanted {
		r.t.Fatalf("%s instead of %s: %v\nof %s", got, wanted, n, body)
	}
	return n
}

// ok demands success and returns the first message.
func (r *rig) ok(body string) *node {
	r.t.Helper()
	return messages(r.want("NoError", body))[0]
}

// create makes an item and returns its id element.
func (r *rig) create(attrs, item string) *node {
	r.t.Helper()
	if attrs == "" {
		attrs = `SendMeetingInvitations="SendToNone"`
	}
	return r.ok(`<m:CreateItem ` + attrs + `><m:Items>` + item + `</m:Items></m:CreateItem>`).path("Items").first().kid("ItemId")
}

// get reads an item in full.
func (r *rig) get(id *node, extra ...string) *node {
	r.t.Helper()
	return r.ok(`<m:GetItem><m:ItemShape><t:BaseShape>AllProperties</t:BaseShape>` + additional(extra) + `</m:ItemShape><m:ItemIds>` + id.String() +
		`</m:ItemIds></m:GetItem>`).kid("Items").first()
}

func additional(paths []string) string {
	if len(paths) == 0 {
		return ""
	}
	return "<t:AdditionalProperties>" + strings.Join(paths, "") + "</t:AdditionalProperties>"
}

// set is a SetItemField of a calendar item.
func set(class, uri, value string) string {
	return `<t:SetItemField><t:FieldURI FieldURI="` + uri + `"/><t:` + class + `>` + value + `</t:` + class + `></t:SetItemField>`
}

func updateItem(id *node, updates ...string) string {
	return `<m:UpdateItem ConflictResolution="NeverOverwrite" MessageDisposition="SaveOnly" SendMeetingInvitationsOrCancellations="SendToNone"><m:ItemChanges><t:ItemChange>` +
		id.String() + `<t:Updates>` + strings.Join(updates, "") + `</t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>`
}

// change updates an item and returns its new id element.
func (r *rig) change(id *node, updates ...string) *node {
	r.t.Helper()
	return r.ok(updateItem(id, updates...)).kid("Items").first().kid("ItemId")
}

func syncFolder(folder, state string, most int) string {
	if state != "" {
		state = "<m:SyncState>" + state + "</m:SyncState>"
	}
	return `<m:SyncFolderItems><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:SyncFolderId><t:DistinguishedFolderId Id="` + folder +
		`"/></m:SyncFolderId>` + state + `<m:MaxChangesReturned>` + strconv.Itoa(most) + `</m:MaxChangesReturned></m:SyncFolderItems>`
}

// sync reads all pages of changes since a state: "Create 3", … with the last letters of ids, and the new state.
func (r *rig) sync(folder, state string, most int) ([]string, string) {
	r.t.Helper()
	var out []string
	for range 1000 {
		m := r.ok(syncFolder(folder, state, most))
		for _, ch := range m.kid("Changes").all() {
			id := ch.path("ItemId")
			if id == nil {
				id = ch.first().path("ItemId")
			}
			out = append(out, ch.local()+" "+id.at("Id"))
		}
		state = m.str("SyncState")
		if m.str("IncludesLastItemInRange") == "true" {
			return out, state
		}
	}
	r.t.Fatal("synchronisation does not end")
	return nil, ""
}
