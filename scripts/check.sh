#!/bin/bash
# Runs every check there is, goes on after a failure, and says at the end what ran, what failed and what was skipped.
# Needs Go and git; the rest is installed when root (deps.sh).
set -u
cd "$(dirname "$0")/.."
. scripts/scratch.sh
# One setting for lint, fuzz and e2e, so that they compile everything once; the program is built without C, too.
export CGO_ENABLED=0
export BRIDGE_RESULTS=$TMPDIR/results
exec </dev/null

failed=()
step() { # name, command...
  local name=$1 start=$SECONDS
  shift
  echo "== $name"
  if "$@"; then
    echo "== $name: $((SECONDS - start)) s"
  else
    echo "== $name: FAILED after $((SECONDS - start)) s"
    failed+=("$name")
  fi
}

step deps scripts/deps.sh
step lint scripts/lint.sh
step vulnerabilities scripts/vulns.sh
# The race detector needs C. Of a C driver for SQLite only that it compiles is asked: it is linked and never used. What
# "go test" asks of "go vet", lint has asked.
step unit env CGO_ENABLED=1 CGO_CFLAGS=-O0 scripts/test.sh -race -vet=off
# The clients of the end-to-end tests wait more than they work. What they leave of the processors, fuzzing takes.
nice -n 19 scripts/fuzz.sh >"$TMPDIR/fuzz.out" 2>&1 &
fuzzing=$!
trap 'kill $fuzzing 2>/dev/null; exit 130' INT TERM
step e2e scripts/e2e.sh
fuzzed() {
  local code=0
  wait $fuzzing || code=$?
  cat "$TMPDIR/fuzz.out"
  return $code
}
step fuzz fuzzed

echo "== summary after $SECONDS s"
go build -o "$TMPDIR/gotest" ./internal/testenv/gotest &&
  "$TMPDIR/gotest" -results "$BRIDGE_RESULTS" -summary unit,fuzz,e2e || failed+=(summary)
if [ ${#failed[@]} != 0 ]; then
  echo "check: FAILED: ${failed[*]}"
  exit 1
fi
echo "check: passed"
