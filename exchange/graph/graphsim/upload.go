package graphsim

import (
	"crypto/rand"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// uploadPath is where the sessions of messages and events take their bytes: Outlook's own API, behind no login, for the
// address has the proof in it.
const uploadPath = "/api/v2.0/"

// The sizes of files in upload sessions. Smaller ones than minUpload are refused but for tasks.
const (
	minUpload = 3_000_000
	maxUpload = 150 << 20
	maxRange  = 4 << 20
)

// upload is a file that comes in parts, in order. Nothing hangs on the item until the last one is there.
type upload struct {
	id      string // of the session
	token   string // proof in the address; "" for tasks, which need a login
	it      *item
	day     int
	file    attached
	size    int
	expires time.Time
}

// createUpload answers createUploadSession.
func (s *Sim) createUpload(req *request, it *item, day int) (answer, *refusal) {
	if req.method != http.MethodPost {
		return answer{}, noMethod()
	}
	o, r := req.object()
	if r != nil {
		return answer{}, r
	}
	parameter, typ := "AttachmentItem", "attachmentItem"
	if it.kind == kindTask {
		parameter, typ = "attachmentInfo", "attachmentInfo"
	}
	var sent object
	for name, v := range o {
		if !strings.EqualFold(name, parameter) {
			return answer{}, badBody("The parameter '" + name + "' in the request payload is not a valid parameter for the operation 'createUploadSession'.")
		}
		sent, _ = v.(object)
	}
	body, r := s.model.body(typ, sent)
	if r != nil {
		return answer{}, r
	}
	u := &upload{id: rand.Text(), it: it, day: day, size: number(body, "size"), expires: s.opt.Now().Add(s.opt.UploadTime)}
	switch {
	case body["attachmentType"] != "file" || text(body["name"]) == "" || u.size <= 0:
		return answer{}, refuse(http.StatusBadRequest, "ErrorInvalidRequest", "An upload session needs the attachmentType file, a name and a size.")
	case it.kind != kindTask && u.size < minUpload:
		return answer{}, refuse(http.StatusBadRequest, "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize", "Attachment size must be greater than the minimum size.")
	case it.kind == kindTask && u.size > maxTaskFiles, u.size > maxUpload:
		return answer{}, tooLarge()
	}
	u.file = attached{typ: "fileAttachment", props: object{"name": body["name"], "isInline": yes(body, "isInline"), "contentId": body["contentId"],
		"contentLocation": nil, "contentType": orText(text(body["contentType"]), typeByName(text(body["name"])))}}
	s.dropUploads()
	s.uploads[u.id] = u
	out := object{"@odata.context": req.context("microsoft.graph.uploadSession"), "expirationDateTime": stamp(u.expires), "nextExpectedRanges": []any{"0-"}}
	if it.kind == kindTask {
		u.file.typ = "taskFileAttachment"
		out["uploadUrl"] = req.host + "/v1.0/users/" + it.box.id + "/todo/lists/" + s.folderID(it.in) + "/tasks/" + s.itemID(it, noDay, false) + "/attachmentSessions/" + u.id
		return ok(out), nil
	}
	u.token = rand.Text() + rand.Text()
	set := map[kind]string{kindEvent: "Events", kindMessage: "Messages"}[it.kind]
	out["uploadUrl"] = req.host + uploadPath + "Users('" + it.box.id + "@" + s.opt.Tenant + "')/" + set + "('" + s.itemID(it, day, req.prefer.immutable) +
		"')/AttachmentSessions('" + u.id + "')?authtoken=" + u.token
	return created(out), nil
}

// dropUploads forgets the sessions whose time is over.
func (s *Sim) dropUploads() {
	for id, u := range s.uploads {
		if !s.opt.Now().Before(u.expires) {
			delete(s.uploads, id)
		}
	}
}

// serveUpload answers the address of a session of a message or event. Sim.mu is held.
func (s *Sim) serveUpload(req *request) (answer, *refusal) {
	if req.bad != nil {
		return answer{}, req.bad
	}
	if req.header.Get("Authorization") != "" { // documented: the address has its own, and a second one is in its way
		return answer{}, refuse(http.StatusUnauthorized, "InvalidAudience", "The audience claim value is invalid for current resource.")
	}
	s.dropUploads()
	u := s.uploads[at0(req.path, 5)]
	switch {
	case len(req.path) != 6 || u == nil:
		return answer{}, notFound()
	case u.token == "" || req.query.Get("authtoken") != u.token:
		return answer{}, refuse(http.StatusUnauthorized, "InvalidAuthenticationToken", "Access token is invalid.")
	}
	return s.continueUpload(req, u)
}

// at0 is a segment as it is; "" is none.
func at0(path []string, i int) string {
	if i >= len(path) {
		return ""
	}
	return path[i]
}

// serveTaskUploads answers the sessions of a task: the bytes go to /content, with a login.
func (s *Sim) serveTaskUploads(req *request, it *item, path []string) (answer, *refusal) {
	s.dropUploads()
	u := s.uploads[at0(path, 0)]
	switch {
	case len(path) == 0 && req.method == http.MethodGet:
		value := []any{}
		for _, o := range s.uploads {
			if o.it == it {
				value = append(value, object{"id": o.id, "expirationDateTime": stamp(o.expires), "nextExpectedRanges": o.next()})
			}
		}
		return ok(object{"@odata.context": req.context("users('" + it.box.id + "')/attachmentSessions"), "value": value}), nil
	case len(path) == 0:
		return answer{}, noMethod()
	case u == nil || u.it != it:
		return answer{}, notFound()
	case len(path) == 1 && req.method == http.MethodPut:
		return answer{}, noMethod()
	case len(path) > 2 || len(path) == 2 && at(path, 1) != "content":
		return answer{}, noSegment(path[1])
	}
	return s.continueUpload(req, u)
}

// next is what a session waits for.
func (u *upload) next() []any {
	if len(u.file.content) == 0 {
		return []any{"0-"}
	}
	return []any{strconv.Itoa(len(u.file.content))}
}

func (s *Sim) continueUpload(req *request, u *upload) (answer, *refusal) {
	it := u.it
	if it.box.items[it.no] != it || u.day != noDay && !it.has(u.day) {
		delete(s.uploads, u.id)
		return answer{}, notFound()
	}
	switch req.method {
	case http.MethodGet:
		return u.state(), nil
	case http.MethodDelete:
		delete(s.uploads, u.id)
		return noContent(), nil
	case http.MethodPut:
		return s.takeRange(req, u)
	}
	return answer{}, noMethod()
}

// state is a session as it says where it is. The names' case is the documentation's, which differs for tasks.
func (u *upload) state() answer {
	name := "nextExpectedRanges"
	if u.it.kind == kindTask {
		name = "NextExpectedRanges"
	}
	return ok(object{"ExpirationDateTime": stamp(u.expires), name: u.next()})
}

var contentRange = regexp.MustCompile(`^bytes (\d{1,12})-(\d{1,12})/(\d{1,12})$`)

// takeRange takes the next bytes of a file. The last ones make the attachment.
func (s *Sim) takeRange(req *request, u *upload) (answer, *refusal) {
	m := contentRange.FindStringSubmatch(req.header.Get("Content-Range"))
	if m == nil {
		return answer{}, refuse(http.StatusBadRequest, "ErrorInvalidRequest", "The Content-Range header is missing or malformed.")
	}
	first, last, total := atoi(m[1]), atoi(m[2]), atoi(m[3])
	switch {
	case len(req.body) > maxRange:
		return answer{}, refuse(http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "Request body is too large.")
	case total != u.size || last >= total || last-first+1 != len(req.body):
		return answer{}, refuse(http.StatusBadRequest, "ErrorInvalidRequest", "The Content-Range header does not fit the content or the session.")
	case !strings.HasPrefix(strings.ToLower(req.header.Get("Content-Type")), "application/octet-stream"):
		return answer{}, refuse(http.StatusUnsupportedMediaType, "ErrorInvalidRequest", "The content type must be application/octet-stream.")
	case first != len(u.file.content):
		return answer{}, refuse(http.StatusRequestedRangeNotSatisfiable, "ErrorInvalidRange", "The range is not the one that is expected next.")
	}
	if u.file.content == nil {
		u.file.content = make([]byte, 0, u.size)
	}
	u.file.content = append(u.file.content, req.body...)
	if len(u.file.content) < u.size {
		return u.state(), nil
	}
	delete(s.uploads, u.id)
	made, r := s.hang(u.it, u.day, u.file)
	if r != nil {
		return answer{}, r
	}
	id := s.attachmentID(u.it, u.day, made, slices.Contains(preferencesLower(req), `idtype="immutableid"`))
	path, _, _ := strings.Cut(req.raw, "?")
	i := strings.Index(path, "/"+map[bool]string{true: "attachmentSessions", false: "AttachmentSessions"}[u.it.kind == kindTask])
	where := req.host + path[:i] + "/Attachments('" + id + "')"
	if u.it.kind == kindTask {
		where = req.host + path[:i] + "/Attachments/" + id
	}
	return answer{status: http.StatusCreated, header: map[string]string{"Location": where}}, nil
}

// preferencesLower are a request's preferences in lower case: the address of a session is read without them.
func preferencesLower(req *request) []string {
	var out []string
	for _, p := range preferences(req.header) {
		out = append(out, strings.ToLower(strings.TrimSpace(p)))
	}
	return out
}
