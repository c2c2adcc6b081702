// Package login is what drivers have in common that log in and stay logged in.
//
//	keeper.go  Keeper: the one session that all calls of a connection share, made anew when it ends
//	oauth.go   ClientCredentials: a token for the program itself (RFC 6749 4.4)
//
// Not here: what a session is, and what a vendor's refusals mean. Those are the drivers'.
package login
