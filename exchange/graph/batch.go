package graph

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"crmbridge/pim"
	"crmbridge/upstream"
)

const (
	// batchMost is how many requests Graph takes in a batch.
	batchMost = 20
	// batchRounds is how often those of a batch that were put off are sent again.
	batchRounds = 5
	// batchPause is the pause after a 429 in a batch that names none.
	batchPause = 2 * time.Second
)

type batchRequest struct {
	ID      string            `json:"id"`
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    any               `json:"body,omitempty"`
}

type batchResponse struct {
	ID      string            `json:"id"`
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body"`
}

// batch reads many things in few requests ("Combine multiple HTTP requests using JSON batching"). The answers stand in the order of
// the requests, whatever the order they came in, and are not judged: each has a status of its own. Requests that were put off
// (429, 503) are sent again after the pause they ask for. Only reads go into a batch: a write whose answer is lost has to be told from others.
func (s *service) batch(ctx context.Context, op string, rs []request) ([]answer, error) {
	out := make([]answer, len(rs))
	for from := 0; from < len(rs); from += batchMost {
		to := min(from+batchMost, len(rs))
		if err := s.some(ctx, op, rs[from:to], out[from:to]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// some fills out with the answers to at most batchMost requests.
func (s *service) some(ctx context.Context, op string, rs []request, out []answer) error {
	left := make([]int, len(rs))
	for i := range rs {
		left[i] = i
	}
	for range batchRounds {
		again, pause, err := s.round(ctx, op, rs, left, out)
		if err != nil || len(again) == 0 {
			return err
		}
		// All calls of the mailbox wait, this one too.
		s.client.Hold(pause)
		left = again
	}
	return &pim.Error{Op: op, Kind: pim.ErrThrottled, Public: "Microsoft 365 asks for fewer requests", After: batchPause}
}

// round sends the requests named by left, and tells those that were put off and for how long.
func (s *service) round(ctx context.Context, op string, rs []request, left []int, out []answer) (again []int, pause time.Duration, err error) {
	// Outlook works on four requests of a batch at once, and they count as such.
	n := min(s.most, int64(len(left)))
	if err := s.enter(ctx, op, n); err != nil {
		return nil, 0, err
	}
	defer s.places.Release(n)
	var body struct {
		Requests []batchRequest `json:"requests"`
	}
	for _, i := range left {
		body.Requests = append(body.Requests, rs[i].inBatch(i))
	}
	a, err := s.call(ctx, request{op: op, method: http.MethodPost, path: "/$batch", body: body, again: true})
	if err != nil {
		return nil, 0, err
	}
	var got struct {
		Responses []batchResponse `json:"responses"`
	}
	if err := a.JSON(op, &got); err != nil {
		return nil, 0, err
	}
	answered := map[string]batchResponse{}
	for _, r := range got.Responses {
		answered[r.ID] = r
	}
	for _, i := range left {
		r, ok := answered[strconv.Itoa(i)]
		if !ok {
			return nil, 0, pim.Errorf(op, pim.ErrProtocol, "Microsoft 365 left requests of a batch unanswered")
		}
		if r.Status == http.StatusTooManyRequests || r.Status == http.StatusServiceUnavailable || r.Status == http.StatusGatewayTimeout {
			again, pause = append(again, i), max(pause, r.pause())
			continue
		}
		out[i] = r.answer()
	}
	return again, pause, nil
}

func (r request) inBatch(i int) batchRequest {
	b := batchRequest{ID: strconv.Itoa(i), Method: r.verb(), URL: r.address(), Headers: map[string]string{}, Body: r.body}
	for k := range r.headers() {
		b.Headers[k] = r.headers().Get(k)
	}
	return b
}

func (r batchResponse) header(name string) string {
	for k, v := range r.Headers {
		if strings.EqualFold(k, name) {
			return v
		}
	}
	return ""
}

// pause is the Retry-After of a request in a batch, in seconds as Graph writes it.
func (r batchResponse) pause() time.Duration {
	n, err := strconv.Atoi(strings.TrimSpace(r.header("Retry-After")))
	if err != nil || n <= 0 {
		return batchPause
	}
	return time.Duration(n) * time.Second
}

func (r batchResponse) answer() answer {
	h := http.Header{}
	for k, v := range r.Headers {
		h.Set(k, v)
	}
	return answer{&upstream.Response{Status: r.Status, Header: h, Body: r.Body, Attempts: 1}}
}

// bytes is the body of an answer in a batch that is no JSON: Graph writes it as base64 in a string.
func (a answer) bytes(op string) ([]byte, error) {
	var text string
	if err := json.Unmarshal(a.Body, &text); err != nil {
		return nil, pim.Wrap(op, pim.ErrProtocol, err)
	}
	for _, e := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		if b, err := e.DecodeString(text); err == nil {
			return b, nil
		}
	}
	return nil, &pim.Error{Op: op, Kind: pim.ErrProtocol, Public: "Microsoft 365 sent a picture that cannot be read", Err: errors.New("neither form of base64")}
}

// later is err with the pause to keep before the next try.
func later(err error, pause time.Duration) error {
	var e *pim.Error
	if errors.As(err, &e) && pause > 0 {
		copied := *e
		copied.After = pause
		return &copied
	}
	return err
}
