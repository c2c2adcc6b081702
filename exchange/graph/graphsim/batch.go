package graphsim

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// maxBatch is how many requests one batch may have.
const maxBatch = 20

// step is one request of a batch.
type step struct {
	id        string
	dependsOn []string
	req       *request
	ans       answer
	done      bool
}

// batch answers $batch. The whole is 200 when it can be read, whatever becomes of its parts.
func (s *Sim) batch(req *request) answer {
	if req.method != http.MethodPost {
		return s.refused(req, noMethod())
	}
	o, r := req.object()
	if r != nil {
		return s.refused(req, r)
	}
	steps, r := s.steps(req, o)
	if r != nil {
		return s.refused(req, r)
	}
	for range steps { // each pass does at least one step, or all have been done
		for _, st := range steps {
			if !st.done && ready(steps, st) {
				s.do(steps, st)
			}
		}
	}
	responses := []any{}
	for _, st := range steps {
		response := object{"id": st.id, "status": st.ans.status, "headers": headerObject(st.ans.headers(st.req))}
		switch b := st.ans.body.(type) {
		case []byte:
			response["body"] = base64.StdEncoding.EncodeToString(b)
		case object:
			response["body"] = b
		}
		responses = append(responses, response)
	}
	if !s.opt.Calm {
		slices.Reverse(responses)
	}
	return answer{status: http.StatusOK, typ: "application/json", body: object{"responses": responses}}
}

func headerObject(h map[string]string) object {
	o := object{}
	for name, v := range h {
		o[name] = v
	}
	return o
}

// steps reads a batch. What is wrong with its form is wrong with all of it.
func (s *Sim) steps(req *request, o object) ([]*step, *refusal) {
	all := list(o, "requests")
	if all == nil || len(o) != 1 {
		return nil, badRequest("Invalid batch payload format.")
	}
	if len(all) > maxBatch {
		return nil, badRequest("Number of batch request steps exceeds the maximum value of %d.", maxBatch)
	}
	var steps []*step
	for _, v := range all {
		o, ok := v.(object)
		if !ok {
			return nil, badRequest("Invalid batch payload format.")
		}
		st, r := s.step(req, o)
		if r != nil {
			return nil, r
		}
		if slices.ContainsFunc(steps, func(other *step) bool { return strings.EqualFold(other.id, st.id) }) {
			return nil, badRequest("Request Id '%s' is duplicated.", st.id)
		}
		steps = append(steps, st)
	}
	for _, st := range steps {
		for _, d := range st.dependsOn {
			if d == st.id || byID(steps, d) == nil {
				return nil, badRequest("Request Id '%s' depends on '%s', which is not in the batch.", st.id, d)
			}
		}
	}
	return steps, circular(steps)
}

func byID(steps []*step, id string) *step {
	i := slices.IndexFunc(steps, func(st *step) bool { return strings.EqualFold(st.id, id) })
	if i < 0 {
		return nil
	}
	return steps[i]
}

// circular finds steps that wait for each other.
func circular(steps []*step) *refusal {
	free := map[*step]bool{}
	for range steps {
		for _, st := range steps {
			if !slices.ContainsFunc(st.dependsOn, func(d string) bool { return !free[byID(steps, d)] }) {
				free[st] = true
			}
		}
	}
	if len(free) < len(steps) {
		return badRequest("The batch has a circular dependency.")
	}
	return nil
}

// step reads one request of a batch. Only its own headers count for it, but for who sends it.
func (s *Sim) step(outer *request, o object) (*step, *refusal) {
	for name := range o {
		if !slices.Contains([]string{"id", "method", "url", "headers", "body", "dependsOn"}, name) {
			return nil, badRequest("Invalid batch payload format: unknown member '%s'.", name)
		}
	}
	st := &step{id: text(o["id"])}
	u, method := text(o["url"]), strings.ToUpper(text(o["method"]))
	switch {
	case st.id == "":
		return nil, badRequest("Invalid batch payload format: a request has no id.")
	case u == "" || strings.Contains(u, "://"):
		return nil, badRequest("Invalid batch payload format: the url of request '%s' is not relative.", st.id)
	case !slices.Contains([]string{"GET", "POST", "PATCH", "PUT", "DELETE"}, method):
		return nil, badRequest("Invalid batch payload format: the method of request '%s' is not known.", st.id)
	}
	for _, d := range list(o, "dependsOn") {
		st.dependsOn = append(st.dependsOn, text(d))
	}
	req := &request{ctx: context.WithoutCancel(outer.ctx), method: method, header: http.Header{}, host: outer.host,
		id: s.newGUID("request"), grant: outer.grant, batched: true}
	for name, v := range sub(o, "headers") {
		req.header.Set(name, text(v))
	}
	if req.client = req.header.Get("client-request-id"); req.client == "" {
		req.client = outer.client
	}
	switch b := o["body"].(type) {
	case nil:
	case object:
		text, err := json.Marshal(b)
		if err != nil {
			return nil, badRequest("Invalid batch payload format.")
		}
		req.body = text
	case string: // binary, in either base64
		raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(strings.NewReplacer("+", "-", "/", "_").Replace(b), "="))
		if err != nil {
			return nil, badRequest("Invalid batch payload format: the body of request '%s' is no base64.", st.id)
		}
		req.body = raw
	default:
		return nil, badRequest("Invalid batch payload format: the body of request '%s' is no object.", st.id)
	}
	u = strings.TrimPrefix(u, "/")
	req.raw = "/v1.0/" + u
	path, query, _ := strings.Cut(u, "?")
	req.parseURL(path, query)
	req.readPrefer()
	req.classify()
	st.req = req
	return st, nil
}

// ready says whether all that a step waits for was done.
func ready(steps []*step, st *step) bool {
	return !slices.ContainsFunc(st.dependsOn, func(d string) bool { return !byID(steps, d).done })
}

// do does a step, or what a failure on demand or a failed step before it makes of it.
func (s *Sim) do(steps []*step, st *step) {
	st.done = true
	if slices.ContainsFunc(st.dependsOn, func(d string) bool { return byID(steps, d).ans.status >= 400 }) {
		st.ans = s.refused(st.req, refuse(http.StatusFailedDependency, "FailedDependency", "The request was not executed because a request it depends on failed."))
		return
	}
	release, r := s.enter(st.req)
	switch hit := s.striking(st.req); {
	case r != nil:
	case st.req.kind == "batch":
		release()
		r = badRequest("A batch cannot be in a batch.")
	default:
		if r = s.failing(hit); r == nil {
			st.ans, r = s.handle(st.req)
		}
		release()
	}
	if r != nil {
		st.ans = s.refused(st.req, r)
	}
	s.count(st.req, st.ans.status)
}
