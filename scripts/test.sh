#!/bin/bash
# Runs the unit tests of all packages, or of those given, with one throw-away PostgreSQL cluster for all of them.
# Arguments go to "go test", such as -race ./store/...
set -eu
cd "$(dirname "$0")/.."
have_packages=no
for argument in "$@"; do
  case $argument in ./*) have_packages=yes ;; esac
done
[ $have_packages = yes ] || set -- "$@" ./...
go build -o "${TMPDIR:-/tmp}/bridge-gotest.$$" ./internal/testenv/gotest
trap 'rm -f "${TMPDIR:-/tmp}/bridge-gotest.$$"' EXIT
go run ./internal/testenv/withpostgres \
  "${TMPDIR:-/tmp}/bridge-gotest.$$" -results "${BRIDGE_RESULTS:-/dev/null}" -group unit -- -shuffle=on -timeout 15m "$@"
