#!/bin/bash
# Runs the unit tests of all packages, or of those given, with one throw-away PostgreSQL cluster for all of them.
# Arguments go to "go test", such as -race ./store/...
set -eu
cd "$(dirname "$0")/.."
. scripts/scratch.sh
have_packages=no flags=()
for argument in "$@"; do
  case $argument in
  ./*) have_packages=yes ;;
  -race)
    # SQLite is C turned into Go. Its memory is not Go's, so the race detector sees nothing in it that a test could get
    # wrong, and makes it five times as slow. The driver around it is looked at. The others calculate with what they are
    # given, without goroutines that share anything of ours: pictures and passwords.
    for module in modernc.org/{sqlite/lib,libc,memory} image/... compress/flate golang.org/x/{image/...,crypto/argon2,crypto/blake2b}; do
      flags+=("-gcflags=$module=-race=false")
    done
    # At its end a program waits a second for reports of races in what still runs. The tests have ended by then.
    export GORACE="atexit_sleep_ms=100 ${GORACE:-}"
    ;;
  esac
done
# The longest first: what is left at the end should not be one package that cannot use both processors.
[ $have_packages = yes ] || set -- "$@" ./relay ./cmd/bridge ./dav ./...
go build -o "$TMPDIR/gotest" ./internal/testenv/gotest
go run ./internal/testenv/withpostgres \
  "$TMPDIR/gotest" -results "${BRIDGE_RESULTS:-/dev/null}" -group unit -- "${flags[@]}" -shuffle=on -timeout 15m "$@"
