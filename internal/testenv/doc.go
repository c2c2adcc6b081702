// Package testenv gives tests the real programs they need: a throw-away PostgreSQL cluster, a Tryton server, any other
// program as a supervised child, and a loud skip where a program is not installed.
//
// Files:
//
//	need.go      which programs must be there; skips with the remedy when they are not
//	process.go   a child process in its own group, its output kept and shown when the test fails
//	keeper.go    ends what is left when the test process ends in any way, kill -9 included
//	postgres.go  Postgres, PostgresCopy: a fresh database for each caller, empty or prepared once
//	cluster.go   the one cluster behind it (initdb, start, stop)
//	tryton.go    Tryton: a fresh copy of a prepared Tryton database, served
//	shared.go    Shared: files that tests use and the repository does not hold
//	wait.go      Until and FreePort
//	checks.go    Checks: how long the random tests of a package are
//	work_*.go    Work: the processor time that something takes
//
// A package that wants its servers gone before its test process ends declares
//
//	func TestMain(m *testing.M) { testenv.Main(m) }
//
// Without it the keeper ends them a moment later. Everything listens on 127.0.0.1 only. The package is for Unix; the
// programs themselves come from scripts/deps.sh.
//
// Not here: how a DAV client program is driven (package e2e and below) and the bridge itself.
package testenv
