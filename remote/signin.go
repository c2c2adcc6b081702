package remote

import "context"

// SignIn lets a person in with the own login, so that links need no right of the program's to everybody's items: OAuth 2.0 with an
// authorisation code (RFC 6749 4.1) and PKCE (RFC 7636). The program shows the page, takes the answer (RFC 8252), and keeps the grant
// sealed under a name, which links have as a setting.
type SignIn interface {
	// Page is the address that the person opens in a browser. The answer comes to redirect, with the same state; challenge is
	// the S256 one of RFC 7636 4.2.
	Page(redirect, state, challenge string) string
	// Redeem turns the answer's code, once, into a grant. pim.ErrAuth, with the remedy, when the service refuses.
	Redeem(ctx context.Context, redirect, code, verifier string) (Grant, error)
	// Refused is what an answer with an error instead of a code means (RFC 6749 4.1.2.1).
	Refused(code, description string) error
}

// Grant is what a person gave.
type Grant struct {
	Account string // who signed in, for people
	Token   string // for Tokens.Use alone
}

// Tokens keep grants of one user for one driver, for all processes that share a database.
type Tokens interface {
	// Use calls use with the present token of a sign-in while nobody else does, in any process, and has stored the next one, if
	// that is not "", when it returns: services may take back a token that was used. An error of use is returned as it is; one
	// with pim.ErrAuth is remembered as the reason why the person has to sign in again. pim.ErrNotFound without the sign-in.
	Use(ctx context.Context, name string, use func(ctx context.Context, token string) (next string, err error)) error
}
