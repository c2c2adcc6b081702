// Package lint holds the tests that keep the house in order: which package may
// import which, how long a file may be, what no package does, and that the table of
// standards names tests that exist. It has no code of its own.
//
// The import table here is told in words in docs/architecture.md: a new package needs a row in both.
package lint
