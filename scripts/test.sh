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
go build -o "$TMPDIR/gotest" ./internal/testenv/gotest
# Packages, with one cluster and a place in the summary.
run() {
  "$TMPDIR/gotest" -results "${BRIDGE_RESULTS:-/dev/null}" -group unit -- -shuffle=on -timeout 15m "$@"
}
everything() {
  # The longest first: what is left at the end should not be one package that cannot use both processors.
  mapfile -t others < <(go list ./... | grep -v '/relay$')
  local failed=0
  run "$@" ./cmd/bridge ./dav "${others[@]}" || failed=1
  # The relay has more tests than all others, nearly all of them on both databases. Who shares what in memory does not depend
  # on the database, so that the race detector looks at it with one.
  BRIDGE_TEST_DATABASE=sqlite run "$@" ./relay || failed=1
  CGO_ENABLED=0 BRIDGE_TEST_DATABASE=postgres run -vet=off ./relay || failed=1
  return $failed
}
if [ $have_packages = yes ]; then
  set -- run "${flags[@]}" "$@"
else
  set -- everything "${flags[@]}" "$@"
fi
export TMPDIR
export -f run everything
go run ./internal/testenv/withpostgres bash -c '"$@"' bash "$@"
