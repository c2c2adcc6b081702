package graphsim

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// request is a request with all that the work needs of it, from the wire or from a batch.
type request struct {
	ctx    context.Context // of the request on the wire
	method string
	path   []string   // segments below /v1.0, unescaped
	query  url.Values // names in lower case, with their $
	header http.Header
	body   []byte
	host   string // scheme and host that links begin with
	raw    string // path and query as sent
	id     string // request-id
	client string // client-request-id, request-id when none was sent

	kind    string // for counters and faults: token, authorize, batch, subscriptions, upload, other, or "METHOD collection"
	entity  string // calendars, events, calendarView, contacts, tasks, …
	batched bool
	bad     *refusal // what is wrong with the request's URL or headers

	grant  *grant
	prefer prefer
}

// prefer are the preferences of RFC 7240 that the service knows.
type prefer struct {
	immutable bool
	zone      *zone // of outlook.timezone, under the name that was sent
	text      bool  // outlook.body-content-type
	page      int   // odata.maxpagesize; 0 is none
}

var functionKey = regexp.MustCompile(`^([A-Za-z]+)\('(.*)'\)$`)

// newRequest reads a request from the wire.
func (s *Sim) newRequest(r *http.Request, body []byte) *request {
	req := &request{ctx: r.Context(), method: r.Method, header: r.Header, body: body, host: s.opt.BaseURL, raw: r.URL.RequestURI()}
	if req.host == "" {
		req.host = "http://" + r.Host
		if r.TLS != nil {
			req.host = "https://" + r.Host
		}
	}
	req.id = s.newGUID("request")
	req.client = r.Header.Get("client-request-id")
	if req.client == "" {
		req.client = req.id
	}
	path := r.URL.EscapedPath()
	if rest, ok := strings.CutPrefix(path, "/v1.0/"); ok {
		req.parseURL(rest, r.URL.RawQuery)
		req.readPrefer()
		req.classify()
		return req
	}
	if rest, ok := strings.CutPrefix(path, uploadPath); ok {
		req.parseURL(rest, r.URL.RawQuery)
		req.kind, req.entity = "upload", "attachmentSessions"
		return req
	}
	req.kind = "other"
	for kind, end := range map[string]string{"token": tokenPath, "authorize": authorizePath} {
		if tenant, ok := strings.CutSuffix(path, end); ok {
			req.kind, req.entity, req.path, req.query = kind, kind, []string{strings.Trim(tenant, "/")}, r.URL.Query()
		}
	}
	return req
}

// parseURL splits a path below /v1.0/ and a query. Keys in brackets are segments of their own: users('ann') is users/ann.
func (req *request) parseURL(path, query string) {
	for segment := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		plain, err := url.PathUnescape(segment)
		if err != nil {
			req.bad = badRequest("The URL is malformed.")
			return
		}
		if m := functionKey.FindStringSubmatch(plain); m != nil {
			req.path = append(req.path, m[1], strings.ReplaceAll(m[2], "''", "'"))
			continue
		}
		req.path = append(req.path, strings.TrimPrefix(plain, "microsoft.graph."))
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		req.bad = badRequest("The query is malformed.")
		return
	}
	req.query = url.Values{}
	for name, v := range values {
		name = strings.ToLower(name)
		if len(v) > 1 || req.query.Has(name) {
			req.bad = badRequest("Query option '%s' was specified more than once, but it must be specified at most once.", name)
			return
		}
		req.query[name] = v
	}
}

func (req *request) readPrefer() {
	for _, p := range preferences(req.header) {
		name, value, _ := strings.Cut(p, "=")
		value = strings.Trim(strings.TrimSpace(value), `"`)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "idtype":
			req.prefer.immutable = strings.EqualFold(value, "ImmutableId")
		case "outlook.timezone":
			z, ok := parseZone(value)
			if !ok {
				req.bad = refuse(http.StatusBadRequest, "TimeZoneNotSupportedException", "A valid TimeZone value must be specified. The following TimeZone value is not supported: '%s'.", value)
				return
			}
			req.prefer.zone = &zone{value, z.loc}
		case "outlook.body-content-type":
			req.prefer.text = strings.EqualFold(value, "text")
		case "odata.maxpagesize":
			n, err := strconv.Atoi(value)
			if err != nil || n < 1 {
				req.bad = badRequest("The value of the odata.maxpagesize preference is invalid.")
				return
			}
			req.prefer.page = n
		}
	}
}

// preferences splits Prefer headers at the commas that stand outside of quotes.
func preferences(h http.Header) []string {
	var out []string
	for _, line := range h.Values("Prefer") {
		quoted, start := false, 0
		for i, c := range line {
			switch {
			case c == '"':
				quoted = !quoted
			case c == ',' && !quoted:
				out = append(out, line[start:i])
				start = i + 1
			}
		}
		out = append(out, line[start:])
	}
	return out
}

// collections are the names that a request can be about; the last one in its path counts.
func collections() []string {
	return []string{"$batch", "subscriptions", "calendar", "calendars", "events", "calendarView", "instances", "contactFolders",
		"contacts", "photo", "lists", "tasks", "linkedResources", "checklistItems", "mailFolders", "messages", "attachments",
		"attachmentSessions", "createUploadSession", "sendMail", "mailboxSettings", "translateExchangeIds", "delta"}
}

// classify names what a request is about, for the log, the counters and fault matching.
func (req *request) classify() {
	for _, segment := range req.path {
		for _, name := range collections() {
			switch {
			case !strings.EqualFold(name, segment):
			case name == "delta":
				req.entity += "/delta"
			default:
				req.entity = name
			}
		}
	}
	switch {
	case len(req.path) == 1 && req.path[0] == "$batch":
		req.kind = "batch"
	case req.entity == "subscriptions" && strings.EqualFold(req.path[0], "subscriptions"):
		req.kind = "subscriptions"
	default:
		req.kind = req.method + " " + req.entity
	}
}

// object reads the body as a JSON object.
func (req *request) object() (object, *refusal) {
	if typ := req.header.Get("Content-Type"); !strings.HasPrefix(strings.ToLower(typ), "application/json") {
		return nil, badBody("A missing or empty content type header was found when trying to read a message. The content type header is required.")
	}
	o, err := parseObject(req.body)
	if err != nil {
		return nil, badRequest("Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.")
	}
	return o, nil
}

// answer is what goes out. A body is an object, or bytes with their own type; nil is none.
type answer struct {
	status int
	body   any
	typ    string
	header map[string]string
}

const jsonType = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"

func ok(body object) answer { return answer{status: http.StatusOK, body: body, typ: jsonType} }
func created(body object) answer {
	return answer{status: http.StatusCreated, body: body, typ: jsonType}
}
func noContent() answer { return answer{status: http.StatusNoContent} }

// refused is the answer that a refusal becomes.
func (s *Sim) refused(req *request, r *refusal) answer {
	return answer{status: r.status, body: r.body(s.opt.Now(), req.id, req.client), typ: "application/json", header: r.header}
}

// bytes is the body as it goes out.
func (a answer) bytes() []byte {
	switch b := a.body.(type) {
	case []byte:
		return b
	case object:
		text, err := json.Marshal(b)
		if err != nil {
			panic(err) // objects hold JSON values only
		}
		return text
	}
	return nil
}

// headers are an answer's headers, the same on the wire and in a batch.
func (a answer) headers(req *request) map[string]string {
	h := map[string]string{"Cache-Control": "private", "request-id": req.id, "client-request-id": req.client}
	if a.typ != "" {
		h["Content-Type"] = a.typ
	}
	if a.typ == jsonType {
		h["OData-Version"] = "4.0"
	}
	if applied := req.applied(); applied != "" && a.status < 300 {
		h["Preference-Applied"] = applied
	}
	for name, v := range a.header {
		h[name] = v
	}
	return h
}

func (req *request) applied() string {
	var out []string
	if strings.HasSuffix(req.entity, "/delta") {
		out = append(out, "odata.track-changes")
	}
	if req.prefer.zone != nil {
		out = append(out, `outlook.timezone="`+req.prefer.zone.name+`"`)
	}
	if req.prefer.text {
		out = append(out, `outlook.body-content-type="text"`)
	}
	if req.prefer.page > 0 {
		out = append(out, "odata.maxpagesize="+strconv.Itoa(req.prefer.page))
	}
	return strings.Join(out, ", ")
}

func setHeader(w http.ResponseWriter, req *request, a answer) {
	for name, v := range a.headers(req) {
		w.Header().Set(name, v)
	}
}

// write sends an answer as it is.
func (s *Sim) write(w http.ResponseWriter, req *request, a answer) {
	setHeader(w, req, a)
	w.WriteHeader(a.status)
	if a.status == http.StatusNoContent {
		return
	}
	if _, err := w.Write(a.bytes()); err != nil {
		s.opt.Log.Debug("client went away", "error", err)
	}
}
