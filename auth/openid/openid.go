// Package openid lets people sign in at a service of their organisation (OpenID Connect Core 1.0, authorisation code flow with PKCE).
//
// The library reads the service's description, fetches and renews its keys, and checks the ID token: issuer, audience, expiry, signature, algorithm.
// What ties a sign-in to one browser (state, nonce, verifier) is here; keeping it until the person is back is the caller's.
// Which account somebody gets is no matter of this package.
package openid

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"crmbridge/pim"
	"crmbridge/upstream"
)

// Options name a service. Claim and Secret may be empty.
type Options struct {
	Issuer, ClientID, Secret string
	// Redirect is where people come back to, as the service knows it.
	Redirect string
	// Label is what people call the service.
	Label string
	// Claim names the account; "" is preferred_username.
	Claim string
	HTTP  *upstream.Client
	Now   func() time.Time
	// Random is crypto/rand.Reader outside tests.
	Random io.Reader
}

// Service is a service where people sign in. It may be used concurrently.
type Service struct {
	Options
	mu    sync.Mutex
	known *provider
}

// provider is what the service said of itself.
type provider struct {
	*oidc.Provider
	style oauth2.AuthStyle // how it wants to know this program
	until time.Time
}

// describedFor is how long what a service says of itself is believed. Its keys are looked after by the library.
const describedFor = time.Hour

// New makes a Service. Nothing is asked before somebody signs in.
func New(o Options) *Service {
	if o.Claim == "" {
		o.Claim = "preferred_username"
	}
	return &Service{Options: o}
}

// Attempt is a sign-in that has begun. The browser that began it has to bring it back, and nobody else may read it.
type Attempt struct {
	State    string `json:"state"`
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"`
	// Anew: the service is to ask the person, whatever it remembers of them.
	Anew  bool      `json:"anew,omitempty"`
	Begun time.Time `json:"begun"`
}

// Person is who somebody is, as the service says.
type Person struct {
	Issuer, Subject string
	Account         string // what names the account, if the service says so
	Email           string // "" unless the service vouches for it
	Name            string
	// Proved is when the service last asked the person; zero where it does not say.
	Proved time.Time
}

// Begin begins a sign-in: the person goes to address. Errors: pim.ErrUnavailable and the like, as the service cannot be asked.
func (s *Service) Begin(ctx context.Context, anew bool) (a Attempt, address string, err error) {
	p, err := s.provider(ctx)
	if err != nil {
		return a, "", err
	}
	a = Attempt{Anew: anew, Begun: s.Now()}
	for _, at := range []*string{&a.State, &a.Nonce, &a.Verifier} {
		b := make([]byte, 32)
		if _, err := io.ReadFull(s.Random, b); err != nil {
			return a, "", fmt.Errorf("openid: %w", err)
		}
		*at = base64.RawURLEncoding.EncodeToString(b)
	}
	options := []oauth2.AuthCodeOption{oidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier)}
	if anew {
		options = append(options, oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"))
	}
	return a, s.config(p).AuthCodeURL(a.State, options...), nil
}

func (s *Service) config(p *provider) *oauth2.Config {
	at := p.Endpoint()
	at.AuthStyle = p.style
	return &oauth2.Config{ClientID: s.ClientID, ClientSecret: s.Secret, Endpoint: at, RedirectURL: s.Redirect, Scopes: []string{oidc.ScopeOpenID, "profile", "email"}}
}

// Finish takes what the service sent the person back with, and says who they are. Errors: pim.ErrAuth where it did not let them in, or what came back
// is not of this attempt, not for this program, or not to be believed; else as of Begin.
func (s *Service) Finish(ctx context.Context, a Attempt, back url.Values) (Person, error) {
	if a.State == "" || subtle.ConstantTimeCompare([]byte(a.State), []byte(back.Get("state"))) != 1 {
		return Person{}, refused("what came back belongs to another sign-in", nil)
	}
	if iss := back.Get("iss"); iss != "" && iss != s.Issuer { // RFC 9207 2.4
		return Person{}, refused("another service answered", nil)
	}
	if code := back.Get("error"); code != "" {
		return Person{}, refused("it answered "+fmt.Sprintf("%.60q", code), nil)
	}
	p, err := s.provider(ctx)
	if err != nil {
		return Person{}, err
	}
	token, err := s.config(p).Exchange(oidc.ClientContext(ctx, s.HTTP.ForLibrary(op)), back.Get("code"), oauth2.VerifierOption(a.Verifier))
	if err != nil {
		return Person{}, failure("it did not take the code", err)
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := p.Verifier(&oidc.Config{ClientID: s.ClientID, Now: s.lenient}).Verify(ctx, raw)
	if err != nil {
		return Person{}, failure("its ID token is not to be believed", err)
	}
	if a.Nonce == "" || subtle.ConstantTimeCompare([]byte(a.Nonce), []byte(id.Nonce)) != 1 {
		return Person{}, refused("the ID token belongs to another sign-in", nil)
	}
	return s.person(ctx, p, a, id, token)
}

// clocks is by how much the service's clock may differ.
const clocks = time.Minute

func (s *Service) lenient() time.Time { return s.Now().Add(-clocks) }

// claims are those that are read, from the ID token or else from the service's page about the person.
type claims map[string]any

func (c claims) text(name string) string { v, _ := c[name].(string); return v }

// yes reads a truth as services write it.
func (c claims) yes(name string) bool { return c[name] == true || c[name] == "true" }

func (s *Service) person(ctx context.Context, p *provider, a Attempt, id *oidc.IDToken, token *oauth2.Token) (Person, error) {
	c := claims{}
	if err := id.Claims(&c); err != nil {
		return Person{}, refused("its ID token cannot be read", err)
	}
	if id.Subject == "" {
		return Person{}, refused("its ID token names nobody", nil)
	}
	// OpenID Connect Core 3.1.3.7, 4 and 5.
	if azp := c.text("azp"); azp != "" && azp != s.ClientID || azp == "" && len(id.Audience) > 1 {
		return Person{}, refused("its ID token is for another program", nil)
	}
	out := Person{Issuer: id.Issuer, Subject: id.Subject}
	if at, ok := c["auth_time"].(float64); ok {
		out.Proved = time.Unix(int64(at), 0).UTC()
	}
	if a.Anew && out.Proved.Before(a.Begun.Add(-clocks)) {
		return Person{}, refused("it did not ask the person anew", nil)
	}
	if c.text(s.Claim) == "" && c.text("email") == "" && p.UserInfoEndpoint() != "" {
		if err := s.more(ctx, p, id, token, c); err != nil {
			return Person{}, err
		}
	}
	out.Account, out.Name = c.text(s.Claim), c.text("name")
	if c.yes("email_verified") {
		out.Email = c.text("email")
	}
	if s.Claim == "email" {
		out.Account = out.Email // one that nobody vouches for names no account
	}
	return out, nil
}

// more asks the service what its ID token does not say.
func (s *Service) more(ctx context.Context, p *provider, id *oidc.IDToken, token *oauth2.Token, c claims) error {
	info, err := p.UserInfo(oidc.ClientContext(ctx, s.HTTP.ForLibrary(op)), oauth2.StaticTokenSource(token))
	if err != nil {
		return failure("it does not say who the person is", err)
	}
	if info.Subject != id.Subject { // OpenID Connect Core 5.3.2
		return refused("it speaks of two persons", nil)
	}
	more := claims{}
	if err := info.Claims(&more); err != nil {
		return refused("what it says of the person cannot be read", err)
	}
	for name, v := range more {
		if _, there := c[name]; !there {
			c[name] = v
		}
	}
	return nil
}

// provider is what the service says of itself, asked for again after a while.
func (s *Service) provider(ctx context.Context) (*provider, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known != nil && s.Now().Before(s.known.until) {
		return s.known, nil
	}
	described, err := oidc.NewProvider(oidc.ClientContext(ctx, s.HTTP.ForLibrary(op)), s.Issuer)
	if err != nil {
		return nil, failure("it does not describe itself", err)
	}
	var at struct {
		JWKS    string   `json:"jwks_uri"`
		Methods []string `json:"token_endpoint_auth_methods_supported"` // none: client_secret_basic (OpenID Connect Discovery 3)
	}
	if err := described.Claims(&at); err != nil {
		return nil, failure("it does not describe itself", err)
	}
	ends := described.Endpoint()
	addresses := []string{ends.AuthURL, ends.TokenURL, at.JWKS}
	if info := described.UserInfoEndpoint(); info != "" {
		addresses = append(addresses, info)
	}
	if slices.ContainsFunc(addresses, func(a string) bool { return !s.proper(a) }) {
		return nil, unavailable("it names addresses that nobody may be sent to", nil)
	}
	style := oauth2.AuthStyleInHeader
	if s.Secret == "" || len(at.Methods) > 0 && !slices.Contains(at.Methods, "client_secret_basic") {
		style = oauth2.AuthStyleInParams
	}
	s.known = &provider{described, style, s.Now().Add(describedFor)}
	return s.known, nil
}

// proper is an address that is no less safe than the service's own.
func (s *Service) proper(address string) bool {
	u, err := url.Parse(address)
	own, _ := url.Parse(s.Issuer)
	return err == nil && own != nil && u.Host != "" && u.User == nil && (u.Scheme == "https" || u.Scheme == "http" && own.Scheme == "http")
}

// failure is an error of the library: the service cannot be reached or used, or what it said is not to be believed.
func failure(why string, err error) error {
	switch pim.ReasonOf(err) {
	case pim.ErrUnavailable, pim.ErrThrottled, pim.ErrForbidden, pim.ErrProtocol:
		return unavailable(why, err)
	}
	return refused(why, err)
}

const op = "sign in elsewhere"

func refused(why string, err error) error {
	return &pim.Error{Op: op, Kind: pim.ErrAuth, Public: "the sign-in was refused: " + why, Err: err}
}

func unavailable(why string, err error) error {
	return &pim.Error{Op: op, Kind: pim.ErrUnavailable, Public: "the service for signing in cannot be used: " + why, Err: err}
}
