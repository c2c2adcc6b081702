package creatio

import (
	"context"
	"encoding/json"
	"net/http"
	"sync/atomic"
	"time"

	"crmbridge/pim"
	"crmbridge/upstream"
)

// session is a login: a client with its cookies, or a token.
type session struct {
	client *upstream.Client
	token  string // OAuth; "" with forms
	// rights is set once a fresh login got 403 too: from then on a 403 is about
	// rights, not about the session.
	rights atomic.Bool
}

// header is what every request of the session carries.
func (s *session) header() http.Header {
	h := http.Header{"Accept": {"application/json"}, "ForceUseSession": {"true"}}
	if s.token != "" {
		h.Set("Authorization", "Bearer "+s.token)
	} else if csrf := s.client.Cookie("BPMCSRF"); csrf != "" {
		// The site compares the header with the cookie; sites without the check
		// set no cookie.
		h.Set("BPMCSRF", csrf)
	}
	return h
}

// opens logs in. The time is when the session ends, zero when that is not known.
type opens interface {
	open(ctx context.Context) (*session, time.Time, error)
}

// forms is the login with user and password.
type forms struct {
	client         *upstream.Client
	user, password string
}

// loginAnswer is what AuthService.svc/Login says; a wrong password is 200 with
// Code 1.
type loginAnswer struct {
	Code              int
	Message           string
	PasswordChangeURL string `json:"PasswordChangeUrl"`
}

func (f *forms) open(ctx context.Context) (*session, time.Time, error) {
	const op = "creatio: login"
	body, err := json.Marshal(map[string]string{"UserName": f.user, "UserPassword": f.password})
	if err != nil {
		return nil, time.Time{}, pim.Wrap(op, pim.ErrInternal, err)
	}
	s := &session{client: f.client.Session()}
	resp, err := s.client.Do(ctx, upstream.Request{
		Op: op, Method: http.MethodPost, Path: "ServiceModel/AuthService.svc/Login", Body: body,
		Header:    http.Header{"Content-Type": {"application/json; charset=utf-8"}, "Accept": {"application/json"}, "ForceUseSession": {"true"}},
		Sensitive: true,
		// A login changes nothing, but each wrong one counts; it is repeated only
		// when the server did not get to it.
		Passing: func(*upstream.Response) bool { return false },
	})
	if err != nil {
		return nil, time.Time{}, err
	}
	if err := judgeLogin(op, resp); err != nil {
		return nil, time.Time{}, err
	}
	return s, time.Time{}, nil
}

func judgeLogin(op string, resp *upstream.Response) error {
	switch {
	case resp.Status == http.StatusNotFound || resp.OK() && resp.HTML() || resp.Status >= 300 && resp.Status < 400:
		return pim.Errorf(op, pim.ErrProtocol, "there is no Creatio at this address (its login service does not answer)")
	case resp.Status == http.StatusForbidden || resp.Status == http.StatusUnauthorized:
		return pim.Errorf(op, pim.ErrAuth, "Creatio denied the login (status %d): the user may be blocked, or not allowed to log in from here", resp.Status)
	case !resp.OK():
		return translateError(op, resp, false)
	}
	var a loginAnswer
	if err := resp.JSON(op, &a); err != nil {
		return err
	}
	switch {
	case a.PasswordChangeURL != "":
		return pim.Errorf(op, pim.ErrAuth, "the password of this Creatio user has expired; log in to Creatio in the browser, set a new one and enter it here")
	case a.Code != 0:
		return pim.Errorf(op, pim.ErrAuth, "Creatio refused the login%s", because(a.Message))
	}
	return nil
}
