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
  # Four tests of a package at a time: many wait, for a server or for a pause to pass.
  "$TMPDIR/gotest" -results "${BRIDGE_RESULTS:-/dev/null}" -group unit -- -shuffle=on -parallel 4 -timeout 15m "$@"
}
everything() {
  # What calculates in one goroutine with what it is given has nothing to race for; where its results are shared, tests of those
  # who share them look at it. The longest first: what is left at the end should not be one package that cannot use both processors.
  local one='/(pim(/.*)?|dav/davxml|exchange/series|relay/rule|internal/(lint|config)|bench(/.*)?)$' failed=0
  mapfile -t alone < <(go list ./... | grep -E "$one")
  mapfile -t others < <(go list ./... | grep -vE "$one|/relay$|/crm/(creatio|tryton)$")
  run "$@" ./cmd/bridge ./crm/tryton ./dav "${others[@]}" || failed=1
  # The relay and the driver with most kinds of sites have as many tests as all others. The race detector looks at what works side
  # by side there, with one database, one site, and fewer steps of state machines; without it all of them run.
  BRIDGE_TEST_DATABASE=sqlite run -short "$@" ./relay ./crm/creatio \
    -run 'Machine|Kill|Job|Gate|Poll|AtOnce|Back|Prior|Wait|Watch|Stop|Lease|Queue|Race|During|Fault|Progress|Files|Late|Conformance|Session' || failed=1
  CGO_ENABLED=0 run -vet=off ./relay ./crm/creatio "${alone[@]}" || failed=1
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
