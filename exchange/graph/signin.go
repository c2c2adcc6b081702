package graph

import (
	"context"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"crmbridge/exchange"
	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/upstream/login"
)

// person is the login of somebody who signed in (OAuth 2.0 authorisation code), of which a refresh token is kept.
type person struct {
	program
	tokens remote.Tokens
	name   string // of the sign-in
}

// open exchanges the refresh token. Microsoft gives another one each time and leaves the old one good for a while, so that nothing is
// lost when a process ends between the two.
func (p *person) open(ctx context.Context) (*login.Token, time.Time, error) {
	const op = "graph: refresh"
	var t login.Token
	err := p.tokens.Use(ctx, p.name, func(ctx context.Context, token string) (next string, err error) {
		path := p.path("token")
		form := url.Values{"refresh_token": {token}, "scope": {p.scope}}
		if err := p.prove(op, path, form); err != nil {
			return "", err
		}
		t, next, err = login.Refresh(ctx, p.client, op, path, form, p.now)
		return next, refusedLogin(op, err, "Microsoft 365 does not accept the sign-in any more; sign in again")
	})
	if err != nil {
		return nil, time.Time{}, err
	}
	return &t, t.Until, nil
}

// scopesOf are the least that a person is asked for, by Graph's address.
func scopesOf(graph string, areas []string) string {
	// offline_access is for the refresh token, User.Read for the name that is shown.
	scopes := []string{"offline_access", graph + "/User.Read"}
	for _, p := range permissions() {
		if covers(areas, p.area) {
			scopes = append(scopes, graph+"/"+p.delegated)
		}
	}
	return strings.Join(scopes, " ")
}

// signIn implements remote.SignIn.
type signIn struct {
	program
	login string // address of the login
	me    func(ctx context.Context, token string) (string, error)
}

func openSignIn(env exchange.Env, s exchange.Settings) (remote.SignIn, error) {
	s, err := Driver().Complete(s)
	if err == nil {
		err = proofs(s)
	}
	if err == nil && s["areas"] == "" {
		s["areas"] = strings.Join(areasOf(exchange.Settings{}), ",")
	}
	if err != nil {
		return nil, &pim.Error{Op: "graph: sign in", Kind: pim.ErrInvalid, Public: err.Error()}
	}
	p, svc, err := places(env, s)
	if err != nil {
		return nil, err
	}
	p.scope = scopesOf(cloudNamed(s["cloud"]).graph, areasOf(s))
	return &signIn{program: *p, login: p.client.Base(), me: func(ctx context.Context, token string) (string, error) {
		svc.tokens = login.NewKeeper("graph: login", env.Now, func(context.Context) (*login.Token, time.Time, error) {
			return &login.Token{Access: token}, time.Time{}, nil
		})
		var user struct {
			Name string `json:"userPrincipalName"`
			Mail string `json:"mail"`
		}
		if err := svc.get(ctx, request{op: "graph: who signed in", path: "/me", query: selecting("userPrincipalName,mail")}, &user); err != nil {
			return "", err
		}
		if user.Mail != "" {
			return user.Mail, nil
		}
		return user.Name, nil
	}}, nil
}

// Page implements remote.SignIn. People who are signed in with several accounts choose one.
func (p *signIn) Page(redirect, state, challenge string) string {
	c := oauth2.Config{ClientID: p.id, RedirectURL: redirect, Scopes: strings.Fields(p.scope), Endpoint: oauth2.Endpoint{AuthURL: p.login + p.path("authorize")}}
	return c.AuthCodeURL(state, oauth2.SetAuthURLParam("code_challenge", challenge), oauth2.SetAuthURLParam("code_challenge_method", "S256"),
		oauth2.SetAuthURLParam("response_mode", "query"), oauth2.SetAuthURLParam("prompt", "select_account"))
}

// Redeem implements remote.SignIn.
func (p *signIn) Redeem(ctx context.Context, redirect, code, verifier string) (remote.Grant, error) {
	const op = "graph: sign in"
	path := p.path("token")
	form := url.Values{"code": {code}, "redirect_uri": {redirect}, "code_verifier": {verifier}, "scope": {p.scope}}
	if err := p.prove(op, path, form); err != nil {
		return remote.Grant{}, err
	}
	t, refresh, err := login.Code(ctx, p.client, op, path, form, p.now)
	if err != nil {
		return remote.Grant{}, refusedLogin(op, err, "Microsoft 365 refused the sign-in; begin again")
	}
	if refresh == "" {
		return remote.Grant{}, pim.Errorf(op, pim.ErrForbidden, "Microsoft 365 lets the application in for an hour only: the permission offline_access is missing")
	}
	account, err := p.me(ctx, t.Access)
	if err != nil {
		return remote.Grant{}, err
	}
	return remote.Grant{Account: account, Token: refresh}, nil
}

// Refused implements remote.SignIn.
func (p *signIn) Refused(code, description string) error {
	d := &login.Denied{Code: code, Description: description}
	return &pim.Error{Op: "graph: sign in", Kind: pim.ErrAuth, Public: deniedText(d, "Microsoft 365 did not let the person sign in"), Err: d}
}
