package tryton

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"crmbridge/pim"
	"crmbridge/upstream"
)

// client speaks JSON-RPC with one database as one user.
type client struct {
	http   *upstream.Client
	set    settings
	logins chan struct{} // holds one token: who has it may touch session
	// session is nil before the first call and after it was refused.
	session *session
}

func newClient(h *upstream.Client, set settings) *client {
	return &client{http: h, set: set, logins: make(chan struct{}, 1)}
}

// path is the database's own, relative to the server's address. The leading ./ keeps
// a colon in the name from being read as a scheme.
func (c *client) path() string { return "./" + url.PathEscape(c.set.database) + "/" }

// answer is a JSON-RPC answer; exactly one of the two is set.
type answer struct {
	Result json.RawMessage `json:"result"`
	Error  json.RawMessage `json:"error"`
}

func (a answer) failed() bool { return len(a.Error) > 0 && !isNull(a.Error) }

// call is one remote procedure.
type call struct {
	op     string // for errors
	method string // "model.party.party.read"
	reads  bool   // changes nothing and may be repeated
	params []any  // without the context, which goes last
}

// jsonHeader is a fresh header each time, because it is added to.
func jsonHeader() http.Header {
	return http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json"}}
}

func encode(method string, params ...any) ([]byte, error) {
	if params == nil {
		params = []any{}
	}
	b, err := json.Marshal(map[string]any{"id": 1, "method": method, "params": params})
	if err != nil {
		return nil, fmt.Errorf("tryton: %s: %w", method, err)
	}
	return b, nil
}

// do calls and decodes the result into out (nil: not wanted). A session that Tryton
// no longer knows is renewed once.
func (c *client) do(ctx context.Context, k call, out any) error {
	for again := false; ; again = true {
		s, err := c.current(ctx)
		if err != nil {
			return err
		}
		r, err := c.send(ctx, s, k)
		if err != nil {
			return err
		}
		if r.Status == http.StatusUnauthorized {
			if err := c.drop(ctx, s); err != nil {
				return err
			}
			if !again {
				continue
			}
			return pim.Errorf(k.op, pim.ErrAuth, "Tryton ends the session at once; is the user still active?")
		}
		return decode(k, r, out)
	}
}

func (c *client) send(ctx context.Context, s *session, k call) (*upstream.Response, error) {
	body, err := encode(k.method, k.params...)
	if err != nil {
		return nil, &pim.Error{Op: k.op, Kind: pim.ErrInternal, Err: err}
	}
	h := jsonHeader()
	h.Set("Authorization", s.header(c.set.username))
	return c.http.Do(ctx, upstream.Request{
		Op: k.op, Method: http.MethodPost, Path: c.path(), Header: h, Body: body, Idempotent: k.reads,
	})
}

func decode(k call, r *upstream.Response, out any) error {
	if r.Status != http.StatusOK {
		return statusFault(k.op, r)
	}
	var a answer
	if err := r.JSON(k.op, &a); err != nil {
		return err
	}
	switch {
	case a.failed():
		return translate(k.op, parseFault(a.Error), k.reads)
	case out == nil:
		return nil
	case len(a.Result) == 0:
		return &pim.Error{Op: k.op, Kind: pim.ErrProtocol, Public: "Tryton's answer has no result"}
	}
	if err := json.Unmarshal(a.Result, out); err != nil {
		return &pim.Error{Op: k.op, Kind: pim.ErrProtocol, Public: "Tryton's answer is not what was asked for", Err: err}
	}
	return nil
}

// public asks the server itself, outside any database and without a session.
func (c *client) public(ctx context.Context, op, method string, out any) error {
	body, err := encode(method)
	if err != nil {
		return &pim.Error{Op: op, Kind: pim.ErrInternal, Err: err}
	}
	r, err := c.http.Do(ctx, upstream.Request{
		Op: op, Method: http.MethodPost, Path: "./", Header: jsonHeader(), Body: body, Idempotent: true,
	})
	if err != nil {
		return err
	}
	return decode(call{op: op, method: method, reads: true}, r, out)
}

// noDatabase says that the database does not exist and, where the server lists them,
// which ones do.
func (c *client) noDatabase(ctx context.Context) error {
	e := pim.Errorf("tryton: login", pim.ErrAuth, "there is no database %q on this server", c.set.database)
	var names []string
	if err := c.public(ctx, e.Op, "common.db.list", &names); err == nil && len(names) > 0 && len(names) <= 20 {
		e.Public += "; it has: " + cut(strings.Join(names, ", "), 200)
	}
	return e
}

// user calls a method of a model in the user's own context.
func (c *client) user(ctx context.Context, op, model, method string, in values, out any, params ...any) error {
	if in == nil {
		in = values{}
	}
	k := call{op: op, method: "model." + model + "." + method, reads: true, params: append(params, in)}
	switch method {
	case "create", "write", "delete":
		k.reads = false
	}
	return c.do(ctx, k, out)
}

// query is a search_read.
type query struct {
	model  string
	where  domain
	limit  int
	order  []any
	fields []string
}

// byID is the only order that does not move while pages are read.
func byID() []any { return []any{[]any{"id", "ASC"}} }

// find runs a query. Archived records are found too unless the query leaves them out.
func (c *client) find(ctx context.Context, op string, in values, q query, out any) error {
	if q.order == nil {
		q.order = byID()
	}
	if q.where == nil {
		q.where = domain{}
	}
	var limit any
	if q.limit > 0 {
		limit = q.limit
	}
	all := values{"active_test": false}
	for k, v := range in {
		all[k] = v
	}
	return c.user(ctx, op, q.model, "search_read", all, out, q.where, 0, limit, q.order, q.fields)
}
