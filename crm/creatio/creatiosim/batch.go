package creatiosim

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// batchItem is one request of a batch. Ids need not be unique: the vendor's own example repeats one.
type batchItem struct {
	ID      string            `json:"id"`
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Group   string            `json:"atomicityGroup"`
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body"`
}

// batchReply is the answer to one batchItem, in the order of the requests.
type batchReply struct {
	ID      string            `json:"id"`
	Group   string            `json:"atomicityGroup,omitempty"`
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    json.RawMessage   `json:"body,omitempty"`
}

// errGroup makes an atomicity group's transaction roll back.
var errGroup = errors.New("creatiosim: atomicity group failed")

// batch answers POST $batch in its JSON form. Requests run in order; the first 4xx or 5xx ends the batch unless the outer
// request prefers continue-on-error. Those of one atomicityGroup commit together or not at all.
func (s *Sim) batch(rq *request) answer {
	switch typ, _, err := mime.ParseMediaType(rq.header.Get("Content-Type")); {
	case err == nil && typ == "multipart/mixed":
		return answer{status: http.StatusNotImplemented, typ: typText,
			body: []byte("creatiosim does not speak multipart batches; send application/json\n")}
	case !jsonBody(rq.header.Get("Content-Type")):
		return s.unsupportedType(rq.header.Get("Content-Type"))
	}
	var in struct {
		Requests []batchItem `json:"requests"`
	}
	if err := json.Unmarshal(rq.body, &in); err != nil || in.Requests == nil {
		return s.refuse(badBody("The batch body has no 'requests' array."))
	}
	if len(in.Requests) > s.opt.MaxBatch {
		return s.refuse(badBody("The current batch message contains too many parts. Only batch messages with a maximum number of "+
			"'%d' query operations and change sets are allowed.", s.opt.MaxBatch))
	}
	for i, it := range in.Requests {
		if it.ID == "" || it.Method == "" || it.URL == "" {
			return s.refuse(badBody("Request %d of the batch lacks an id, a method or a url.", i+1))
		}
	}
	goOn := strings.Contains(rq.header.Get("Prefer"), "continue-on-error")
	replies := []batchReply{}
	for rest := in.Requests; len(rest) > 0; {
		n := 1
		for rest[0].Group != "" && n < len(rest) && rest[n].Group == rest[0].Group {
			n++
		}
		part, failed := s.runBatchPart(rq, rest[:n])
		replies = append(replies, part...)
		if failed && !goOn {
			break
		}
		rest = rest[n:]
	}
	body, err := json.Marshal(map[string]any{"responses": replies})
	if err != nil {
		return s.refuse(ruleBroken(err.Error()))
	}
	return answer{status: http.StatusOK, typ: typJSON, body: body}
}

// runBatchPart runs one request, or the requests of one atomicity group.
func (s *Sim) runBatchPart(rq *request, items []batchItem) (replies []batchReply, failed bool) {
	if items[0].Group == "" {
		ans := s.runBatchItem(rq, items[0], nil)
		return []batchReply{reply(items[0], ans)}, ans.status >= 400
	}
	_, err := s.write(rq.user.contact, func(w *writing) error {
		for _, it := range items {
			ans := s.runBatchItem(rq, it, w)
			replies = append(replies, reply(it, ans))
			if ans.status >= 400 {
				return errGroup
			}
		}
		return nil
	})
	if err == nil {
		return replies, false
	}
	if !errors.Is(err, errGroup) { // the journal could not be written
		s.opt.Log.Error("write failed", "error", err)
		replies = append(replies[:0], reply(items[0], s.refuse(ruleBroken("Internal error"))))
	}
	// OData JSON format 4.01, 19.4: a failed group's other requests are answered 424.
	last := len(replies) - 1
	for i, it := range items {
		if i == last {
			continue
		}
		r := reply(it, answer{status: http.StatusFailedDependency})
		if i < last {
			replies[i] = r
		} else {
			replies = append(replies, r)
		}
	}
	return replies, true
}

// runBatchItem runs one request as if it had come alone, but as the batch's user. Inside a group reads are refused, as a
// change set holds changes only (OData JSON format 4.01, 19.1).
func (s *Sim) runBatchItem(outer *request, it batchItem, group *writing) answer {
	method := strings.ToUpper(it.Method)
	path, query, ok := batchTarget(outer.base, it.URL)
	h := http.Header{}
	for name, v := range it.Headers {
		h.Set(name, v)
	}
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", "application/json") // a JSON batch holds nothing else
	}
	switch {
	case !ok || strings.HasPrefix(path, "$"):
		return s.refuse(badBody("The url '%s' cannot be part of a batch.", it.URL))
	case group != nil && method == http.MethodGet:
		return s.refuse(badBody("A GET request cannot be part of an atomicity group."))
	}
	kind, ent := kindOf(method, path)
	s.stats.Count(names("batched "+kind, ent)...)
	return s.operate(&request{method: method, base: outer.base, path: path, query: query, header: h, body: it.Body,
		user: outer.user, tx: group})
}

// batchTarget resolves a url that is absolute, rooted at the host, or relative to the service.
func batchTarget(base, target string) (path, query string, ok bool) {
	root, err := url.Parse(base)
	if err != nil {
		return "", "", false
	}
	u, err := root.Parse(target)
	if err != nil || u.Host != root.Host {
		return "", "", false
	}
	path, ok = strings.CutPrefix(u.Path, root.Path)
	return path, u.RawQuery, ok
}

// reply turns an answer into a batch's. A body that is not JSON, the web server's pages, travels as a string.
func reply(it batchItem, ans answer) batchReply {
	r := batchReply{ID: it.ID, Group: it.Group, Status: ans.status, Headers: map[string]string{"odata-version": "4.0"}}
	for name, v := range ans.header {
		r.Headers[strings.ToLower(name)] = v
	}
	if ans.typ != "" {
		r.Headers["content-type"] = ans.typ
	}
	switch {
	case len(ans.body) == 0:
	case json.Valid(ans.body):
		r.Body = ans.body
	default:
		r.Body = appendText(nil, string(ans.body))
	}
	return r
}

// serviceDocument lists the entity sets.
func (s *Sim) serviceDocument(rq *request) answer {
	b := []byte(`{"@odata.context":`)
	b = appendText(b, rq.base+"$metadata")
	b = append(b, `,"value":[`...)
	for i, name := range s.db.schema.names() {
		if i > 0 {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, `{"name":%q,"kind":"EntitySet","url":%q}`, name, name)
	}
	return answer{status: 200, typ: rq.jsonType(), body: append(b, `]}`...)}
}
