package graph

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/sync/semaphore"

	"crmbridge/pim"
	"crmbridge/upstream"
	"crmbridge/upstream/login"
)

// service is Graph behind a login, for one mailbox.
type service struct {
	tokens *login.Keeper[login.Token]
	client *upstream.Client // at Graph's address
	// places are those for requests to the mailbox at once. Graph counts them by application and mailbox and answers 429 beyond
	// ("Microsoft Graph service-specific throttling limits", Outlook).
	places *semaphore.Weighted
	most   int64
}

// version is the part of all paths that names it.
const version = "v1.0"

// request is one call. Its path is below the version, "/users/…", already escaped, as it stands in a batch too.
type request struct {
	op     string
	method string // "" is GET
	path   string
	query  url.Values
	prefer []string // beside what all requests ask for
	match  string   // If-Match
	body   any      // marshalled as JSON; a picture as its bytes
	// link is an absolute URL that Graph gave, instead of path and query.
	link string
	// again says that repeating does no harm.
	again bool
}

type picture []byte

func (r request) verb() string {
	if r.method == "" {
		return http.MethodGet
	}
	return r.method
}

func (r request) writes() bool { return r.verb() != http.MethodGet }

// address is path and query as they go over the wire and into a batch. Spaces are %20: Graph does not read "+" everywhere.
func (r request) address() string {
	if len(r.query) == 0 {
		return r.path
	}
	return r.path + "?" + strings.ReplaceAll(r.query.Encode(), "+", "%20")
}

// immutable asks for ids that stay when an item is moved; every request has to ("Obtain immutable identifiers").
const immutable = `IdType="ImmutableId"`

// headers are those of the request alone, without its login. Values of Prefer stand in one line (RFC 7240 2).
func (r request) headers() http.Header {
	h := http.Header{"Prefer": {strings.Join(append([]string{immutable}, r.prefer...), ", ")}}
	switch r.body.(type) {
	case nil:
	case picture:
		h.Set("Content-Type", "image/jpeg")
	default:
		h.Set("Content-Type", "application/json")
	}
	if r.match != "" {
		h.Set("If-Match", r.match)
	}
	return h
}

func (r request) content() ([]byte, error) {
	switch b := r.body.(type) {
	case nil:
		return nil, nil
	case picture:
		return b, nil
	}
	out, err := json.Marshal(r.body)
	return out, pim.Wrap(r.op, pim.ErrInternal, err)
}

// send makes a call. A token that is no longer good is renewed once. Answers with an error status are judged already.
func (s *service) send(ctx context.Context, r request) (answer, error) {
	if err := s.enter(ctx, r.op, 1); err != nil {
		return answer{}, err
	}
	defer s.places.Release(1)
	return s.call(ctx, r)
}

func (s *service) enter(ctx context.Context, op string, n int64) error {
	return pim.Wrap(op, pim.ErrUnavailable, s.places.Acquire(ctx, n))
}

func (s *service) call(ctx context.Context, r request) (answer, error) {
	a, err := s.exchange(ctx, r)
	if err != nil {
		return a, err
	}
	if !a.ok() {
		return a, a.fail(r.op, r.writes())
	}
	return a, nil
}

// exchange makes a call without judging its answer, but for what upstream judges.
func (s *service) exchange(ctx context.Context, r request) (answer, error) {
	body, err := r.content()
	if err != nil {
		return answer{}, err
	}
	token, err := s.tokens.Get(ctx)
	if err != nil {
		return answer{}, err
	}
	a, err := s.attempt(ctx, r, body, token)
	if err != nil || a.Status != http.StatusUnauthorized {
		return a, err
	}
	if token, err = s.tokens.After(ctx, token); err != nil {
		return answer{}, err
	}
	return s.attempt(ctx, r, body, token)
}

func (s *service) attempt(ctx context.Context, r request, body []byte, token *login.Token) (answer, error) {
	h := r.headers()
	h.Set("Authorization", "Bearer "+token.Access)
	h.Set("Accept", "application/json")
	path := version + r.address()
	if r.link != "" {
		path = r.link
	}
	resp, err := s.client.Do(ctx, upstream.Request{Op: r.op, Method: r.verb(), Path: path, Header: h, Body: body, Idempotent: r.again || !r.writes(), Passing: passing})
	if err == nil {
		return answer{resp}, nil
	}
	// upstream has the pause that the answer asks for; what the answer says besides is the table's to tell.
	if resp != nil {
		if told := (answer{resp}).fail(r.op, r.writes()); told != nil {
			return answer{}, later(told, pim.RetryAfter(err))
		}
	}
	return answer{}, err
}

// passing reports a 500 that may be gone a moment later: one that Graph did not give a code of its own.
func passing(resp *upstream.Response) bool {
	var body odataError
	return resp.HTML() || json.Unmarshal(resp.Body, &body) != nil || body.Error.Code == "" || strings.EqualFold(body.Error.Code, "generalException") ||
		strings.EqualFold(body.Error.Code, "ErrorInternalServerTransientError")
}

// written reads the answer to a write. Where that cannot be read nobody knows what became of it, as if it had been lost.
func (a answer) written(op string, into any) error {
	if err := a.JSON(op, into); err != nil {
		return &pim.Error{Op: op, Kind: pim.ErrUnavailable, Public: "the answer of Microsoft 365 to a change cannot be read", Err: err}
	}
	return nil
}

// get reads an object.
func (s *service) get(ctx context.Context, r request, into any) error {
	a, err := s.send(ctx, r)
	if err != nil {
		return err
	}
	return a.JSON(r.op, into)
}
