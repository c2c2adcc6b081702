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
  # who share them look at it.
  local one='/(pim(/.*)?|dav/davxml|exchange/series|relay/rule|internal/(lint|config)|admin/(api|words)|bench(/.*)?)$'
  # These have more tests than all others together, and the race detector makes them five times as slow. It looks at the tests in
  # which things happen at once, with one database and one site; without it all of them run. The longest come first: what is
  # left at the end should not be one package that cannot use both processors.
  local big=(./relay ./cmd/bridge ./crm/creatio ./exchange/dav ./dav ./store ./store/storetest ./exchange/ews ./exchange/graph) failed=0
  local among='/(relay|cmd/bridge|crm/(creatio|tryton)|exchange/(dav|ews|graph)|dav|store(/storetest)?)$'
  mapfile -t alone < <(go list ./... | grep -E "$one")
  mapfile -t others < <(go list ./... | grep -vE "$one|$among")
  run "$@" "${others[@]}" || failed=1
  BRIDGE_TEST_DATABASE=sqlite run -short "$@" "${big[@]}" \
    -run 'Job|Gate|Poll|AtOnce|Wait|Watch|Stop|Lease|Queue|Race|Fair|Progress|Conformance|Session|Concurr|Slow|Stalled|Turn|Stream|Together|Serve|Notif|Hub|Share|Process|Two' || failed=1
  # Three packages at a time: cmd/bridge and crm/tryton wait for servers most of their time.
  CGO_ENABLED=0 run -vet=off -p 3 ./crm/tryton "${big[@]}" "${alone[@]}" || failed=1
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
