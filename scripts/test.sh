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
  # SQLite is C turned into Go. Its memory is not Go's, so the race detector sees nothing in it that a test could get
  # wrong, and makes it five times as slow. The driver around it is looked at.
  -race) flags+=(-gcflags=modernc.org/sqlite/lib=-race=false -gcflags=modernc.org/libc=-race=false) ;;
  esac
done
[ $have_packages = yes ] || set -- "$@" ./...
go build -o "$TMPDIR/gotest" ./internal/testenv/gotest
go run ./internal/testenv/withpostgres \
  "$TMPDIR/gotest" -results "${BRIDGE_RESULTS:-/dev/null}" -group unit -- "${flags[@]}" -shuffle=on -timeout 15m "$@"
