package creatiosim

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// grant is a token given out.
type grant struct {
	who     *account
	expires time.Time
}

// token answers the identity service's /connect/token for the client-credentials grant (RFC 6749 4.4).
func (s *Sim) token(in *incoming) answer {
	if in.Method != http.MethodPost {
		return methodNotAllowed("POST")
	}
	typ, _, err := mime.ParseMediaType(in.Header.Get("Content-Type"))
	form, err2 := url.ParseQuery(string(in.body))
	if err != nil || typ != "application/x-www-form-urlencoded" || err2 != nil {
		return tokenError("invalid_request")
	}
	id, secret := form.Get("client_id"), form.Get("client_secret")
	if user, pass, ok := in.BasicAuth(); ok {
		id, secret = user, pass
	}
	if form.Get("grant_type") != "client_credentials" {
		return tokenError("unsupported_grant_type")
	}
	s.users.mu.Lock()
	defer s.users.mu.Unlock()
	for _, c := range s.users.clients {
		who := s.users.accounts[strings.ToLower(c.User)]
		if c.ID != id || subtle.ConstantTimeCompare([]byte(c.Secret), []byte(secret)) == 0 || who == nil || who.Inactive {
			continue
		}
		text := rand.Text() + rand.Text()
		s.users.tokens[text] = &grant{who: who, expires: s.opt.Now().Add(s.opt.TokenLifetime)}
		body, err := json.Marshal(map[string]any{"access_token": text, "expires_in": int(s.opt.TokenLifetime.Seconds()),
			"token_type": "Bearer", "scope": "ApplicationAccess"})
		if err != nil {
			return tokenError("server_error")
		}
		return answer{status: http.StatusOK, typ: "application/json; charset=UTF-8", body: body,
			header: map[string]string{"Cache-Control": "no-store, no-cache, max-age=0"}}
	}
	return tokenError("invalid_client")
}

// tokenError is an error of RFC 6749 5.2; the identity service answers all of them 400.
func tokenError(code string) answer {
	return answer{status: http.StatusBadRequest, typ: "application/json; charset=UTF-8", body: []byte(`{"error":"` + code + `"}`)}
}

// identifyToken finds the account of a bearer token. Neither CSRF token nor ForceUseSession go with one.
func (s *Sim) identifyToken(text string) (*account, *answer) {
	s.users.mu.Lock()
	defer s.users.mu.Unlock()
	t := s.users.tokens[text]
	if t == nil || !s.opt.Now().Before(t.expires) || t.who.Inactive {
		ans := unauthorized()
		ans.header = map[string]string{"WWW-Authenticate": `Bearer error="invalid_token"`}
		return nil, &ans
	}
	return t.who, nil
}
