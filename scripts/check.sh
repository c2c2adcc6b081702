#!/bin/bash
# Runs every check there is, goes on after a failure, and says at the end what ran, what failed and what was skipped.
# Needs Go and git; the rest is installed when root (deps.sh).
set -u
cd "$(dirname "$0")/.."
export CGO_ENABLED=1 # the race detector needs it
BRIDGE_RESULTS=$(mktemp)
gotest=$(mktemp)
export BRIDGE_RESULTS
trap 'rm -f "$BRIDGE_RESULTS" "$gotest"' EXIT
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
step unit scripts/test.sh -race
step fuzz scripts/fuzz.sh
step e2e scripts/e2e.sh

echo "== summary after $SECONDS s"
go build -o "$gotest" ./internal/testenv/gotest && "$gotest" -results "$BRIDGE_RESULTS" -summary unit,fuzz,e2e || failed+=(summary)
if [ ${#failed[@]} != 0 ]; then
  echo "check: FAILED: ${failed[*]}"
  exit 1
fi
echo "check: passed"
