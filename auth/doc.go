// Package auth says who is asking: account passwords, app passwords, and what
// happens to those who guess.
//
//	password.go   Hash, Verify: argon2id in the PHC string format; the password rules
//	secret.go     app passwords: 160 random bits, stored as SHA-256
//	backoff.go    waiting times per account and address
//	lines.go      tries at one account, one after another; no network fills the queue
//	service.go    Service: one question, Authenticate
//	codes.go      the second factor: codes of an authenticator, and recovery codes
//	uses.go       when app passwords were last used, stored together
//
// A request is judged by what it carries, never by the connection it came on. The
// cost of argon2id is bounded twice: at most so many at a time, and a password that
// was just verified is remembered for a short while by a keyed hash. An account
// that does not exist costs the same as one that does. Nobody is locked out by the
// guesses of others: waiting times belong to an account as seen from a network.
//
// Sessions of the admin page are not here.
package auth
