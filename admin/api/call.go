package api

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"crmbridge/auth"
	"crmbridge/manage"
	"crmbridge/pim"
)

// call is one request: who asks, and whose things it is about.
type call struct {
	*Server
	asks auth.Caller
	// account is the one that it is about; "" is all, and never so for a person.
	account string
	// own: it is about who asks, as whom they are a person and no administrator.
	own bool
}

// callKey is where a context has its call.
type callKey struct{}

// userParam is how an administrator names an account.
const userParam = "user"

// by is who is kept with a decision.
func (c *call) by() string { return c.asks.User.Name + " (API)" }

// enter finds out who asks, and whether they may. It is the one place that looks at roles.
func (s *Server) enter(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	rt := s.routes[ctx.Operation().OperationID]
	asks, err := s.caller(r)
	switch {
	case err != nil:
		if pim.ReasonOf(err) == pim.ErrAuth {
			w.Header().Set("WWW-Authenticate", challenge(r)) // RFC 6750 3
		}
	case rt.who == administrator && !asks.User.Admin:
		err = pim.Errorf("api", pim.ErrForbidden, "only administrators may; what is yours is below %s%s", Prefix, me)
	case asks.ReadOnly && rt.method != http.MethodGet:
		err = pim.Errorf("api", pim.ErrForbidden, "the token may only read")
	}
	c := &call{Server: s, asks: asks, account: asks.User.Name, own: rt.who == person}
	if rt.who == administrator {
		c.account = strings.TrimSpace(ctx.Query(userParam))
	}
	if err == nil {
		err = known(ctx)
	}
	if err == nil && rt.who == administrator && rt.about == one && c.account == "" {
		err = pim.Errorf("api", pim.ErrInvalid, "?%s= has to name the account", userParam)
	}
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	who := manage.As(ctx.Context(), manage.Actor{Via: manage.ViaAPI, Account: asks.User.Name, Address: s.Address(r), Agent: fmt.Sprintf("token %d", asks.Token)})
	next(huma.WithValue(huma.WithContext(ctx, who), callKey{}, c))
}

// caller is who has the token of a request.
func (s *Server) caller(r *http.Request) (auth.Caller, error) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || strings.TrimSpace(token) == "" {
		return auth.Caller{}, pim.Errorf("api", pim.ErrAuth, "send a token: Authorization: Bearer …; bridge token add --api makes one")
	}
	return s.Auth.Bearer(r.Context(), strings.TrimSpace(token), s.Address(r), r.UserAgent())
}

// challenge is what WWW-Authenticate says. RFC 6750 3: who sent no token is told no error.
func challenge(r *http.Request) string {
	if r.Header.Get("Authorization") == "" {
		return `Bearer realm="bridge"`
	}
	return `Bearer realm="bridge", error="invalid_token"`
}

// known refuses a parameter that there is not: a filter that is misspelt would answer everything.
func known(ctx huma.Context) error {
	at := ctx.URL()
	for name := range at.Query() {
		found := false
		for _, p := range ctx.Operation().Parameters {
			found = found || p.In == "query" && p.Name == name
		}
		if !found {
			return pim.Errorf("api", pim.ErrInvalid, "there is no parameter %q here", name)
		}
	}
	return nil
}
