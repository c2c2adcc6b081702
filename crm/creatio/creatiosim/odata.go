package creatiosim

import (
	"net/http"
	"strings"
)

// request is one OData operation, whether it came alone or in a $batch.
type request struct {
	method string
	base   string // absolute address of the service, ending in /
	path   string // below base, decoded
	query  string // raw
	header http.Header
	body   []byte
	user   *account
	tx     *writing // the atomicity group it belongs to; nil commits alone
}

// plainMeta says whether the client wants no annotations.
func (rq *request) plainMeta() bool {
	return strings.Contains(strings.ToLower(rq.header.Get("Accept")), "odata.metadata=none")
}

// jsonType is the Content-Type of a JSON answer. odata=verbose in Accept, which the vendor's examples send, changes nothing.
func (rq *request) jsonType() string {
	if rq.plainMeta() {
		return "application/json; odata.metadata=none; odata.streaming=true; charset=utf-8"
	}
	return typJSON
}

// serveOData checks who asks and runs the operation.
func (s *Sim) serveOData(in *incoming, base, rest string) answer {
	who, denied := s.authenticate(in, base == "/0/odata/")
	if denied != nil {
		return *denied
	}
	method := effectiveMethod(in.Method, in.Header)
	if s.opt.WebDAV && method == in.Method {
		switch method {
		case http.MethodPut, http.MethodPatch, http.MethodDelete, "MERGE":
			// The WebDAV module takes these before the application sees them.
			return methodNotAllowed("GET, HEAD, OPTIONS, TRACE, POST")
		}
	}
	scheme := "http://"
	if in.TLS != nil {
		scheme = "https://"
	}
	rq := &request{method: method, base: scheme + in.Host + base, path: rest, query: in.URL.RawQuery, header: in.Header,
		body: in.body, user: who}
	ans := s.operate(rq)
	if ans.header == nil {
		ans.header = map[string]string{}
	}
	ans.header["OData-Version"] = "4.0"
	return ans
}

// methodNotAllowed is the web server's 405, an HTML page.
func methodNotAllowed(allow string) answer {
	ans := htmlPage(http.StatusMethodNotAllowed, "405 - HTTP verb used to access this page is not allowed.")
	ans.header = map[string]string{"Allow": allow}
	return ans
}

// operate runs one operation.
func (s *Sim) operate(rq *request) answer {
	first, rest, deeper := strings.Cut(rq.path, "/")
	switch first {
	case "":
		return s.only(rq, http.MethodGet, s.serviceDocument)
	case "$metadata":
		return s.only(rq, http.MethodGet, s.metadata)
	case "$batch":
		return s.only(rq, http.MethodPost, s.batch)
	}
	name, key, keyed := strings.Cut(first, "(")
	e := s.db.schema.byName[name]
	if e == nil {
		return s.refuse(noSegment(name))
	}
	if !keyed {
		switch {
		case deeper:
			return s.refuse(noSegment(rest))
		case rq.method == http.MethodGet:
			return s.list(rq, e)
		case rq.method == http.MethodPost:
			return s.create(rq, e)
		}
		return methodNotAllowed("GET, POST")
	}
	id, bad := parseKey(key)
	if bad != nil {
		return s.refuse(bad)
	}
	if deeper {
		return s.property(rq, e, id, rest)
	}
	switch rq.method {
	case http.MethodGet:
		return s.single(rq, e, id)
	case http.MethodPatch, "MERGE":
		return s.change(rq, e, id)
	case http.MethodDelete:
		return s.delete(rq, e, id)
	}
	return methodNotAllowed("GET, PATCH, DELETE")
}

// only runs do if the method is the one that the resource has.
func (s *Sim) only(rq *request, method string, do func(*request) answer) answer {
	if rq.method != method {
		return methodNotAllowed(method)
	}
	return do(rq)
}

// parseKey reads what follows the bracket of Activity(…): a bare id, or Id=id. Quotes and guid'…' are OData 3.
func parseKey(key string) (guid, *refusal) {
	text, ok := strings.CutSuffix(key, ")")
	text = strings.TrimPrefix(text, "Id=")
	g, valid := parseGUID(text)
	if !ok || !valid {
		return guid{}, &refusal{400, "The key value (" + text + ") from request is not valid. The key value should be format of " +
			"type 'Edm.Guid'.", typODataError, false}
	}
	return g, nil
}

// entityRow finds a row that rq's user may see. The caller holds the lock.
func (s *Sim) entityRow(rq *request, e *entity, id guid) *row {
	r := s.db.tables[e.name].byID[id]
	if r == nil || !s.visible(rq.user, e, r) {
		return nil
	}
	return r
}
