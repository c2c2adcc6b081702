package upstream

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"

	"crmbridge/pim"
)

// retries decides about the attempts of one call.
type retries struct {
	left    int
	repeat  bool
	passing func(*Response) bool
	budget  time.Duration
	back    *backoff.ExponentialBackOff
	rand    func() float64
}

func (c *Client) newRetries(r Request) *retries {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval = 500 * time.Millisecond
	b.Multiplier = 2
	b.MaxInterval = 15 * time.Second
	b.RandomizationFactor = 0 // the jitter comes from Options.Rand
	b.Reset()
	return &retries{left: c.opt.Retries, repeat: r.mayRepeat(), passing: r.Passing, budget: c.opt.MaxWait, back: b, rand: c.opt.Rand}
}

// next says whether to try again and after which wait.
func (p *retries) next(ctx context.Context, resp *Response, err error) (time.Duration, bool) {
	if p.left <= 0 || ctx.Err() != nil || !p.worth(resp, err) {
		return 0, false
	}
	// Half the interval is certain, half is chance: many users' clients that
	// failed together do not come back together.
	d := p.back.NextBackOff()
	d = d/2 + time.Duration(p.rand()*float64(d)/2)
	if after := pim.RetryAfter(err); after > d {
		d = after
	}
	if d > p.budget {
		return 0, false
	}
	// The deadline is of the real clock, whatever Options.Now is.
	if end, ok := ctx.Deadline(); ok && time.Until(end) < d {
		return 0, false
	}
	p.left--
	p.budget -= d
	return d, true
}

// worth reports a failure that may pass and a call that bears repeating.
func (p *retries) worth(resp *Response, err error) bool {
	if resp == nil {
		// What was never sent can be sent again, whatever it is.
		return passing(err) && (p.repeat || !Sent(err))
	}
	if resp.pause > 0 && resp.Status != http.StatusServiceUnavailable {
		return true
	}
	if !p.repeat {
		return false
	}
	switch resp.Status {
	case http.StatusInternalServerError:
		return p.passing == nil || p.passing(resp)
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// longestPause bounds what a server may ask for: a clock that is wrong must not stop a link for years.
const longestPause = 24 * time.Hour

// retryAfter reads the header (RFC 9110 10.2.3): seconds or a date; 0 when absent,
// unreadable or past.
func retryAfter(h http.Header, now time.Time) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if v == "" {
		return 0
	}
	if n, err := strconv.ParseInt(v, 10, 64); err == nil {
		if n < 0 {
			return 0
		}
		return min(time.Duration(min(n, int64(longestPause/time.Second)))*time.Second, longestPause)
	}
	t, err := http.ParseTime(v)
	if err != nil || !t.After(now) {
		return 0
	}
	return min(t.Sub(now), longestPause)
}
