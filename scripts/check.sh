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

# What runs beside another step says what it has to say when that one has ended.
beside() { # name, command...
  local name=$1
  shift
  "$@" >"$TMPDIR/$name.out" 2>&1 &
  running=$!
  trap 'kill $running 2>/dev/null; exit 130' INT TERM
}
ended() { # name
  local code=0
  wait $running || code=$?
  cat "$TMPDIR/$1.out"
  return $code
}

# Looking at the code needs Go alone.
beside deps scripts/deps.sh
step lint scripts/lint.sh
step deps ended deps
step vulnerabilities scripts/vulns.sh
# The race detector needs C. Of a C driver for SQLite only that it compiles is asked: it is linked and never used. What
# "go test" asks of "go vet", lint has asked.
step unit env CGO_ENABLED=1 CGO_CFLAGS=-O0 scripts/test.sh -race -vet=off
# The clients of the end-to-end tests wait more than they work. What they leave of the processors, fuzzing takes: of a third
# of the packages, by the commit, so that all have their turn. What fuzzing starts from is tested as all else is, each time.
FUZZTURN=${FUZZTURN-$((0x$(git rev-parse --short=7 HEAD 2>/dev/null || echo 0) % 3))/3}
export FUZZTURN
beside fuzz nice -n 19 scripts/fuzz.sh
step e2e scripts/e2e.sh
step fuzz ended fuzz

echo "== summary after $SECONDS s"
go build -o "$TMPDIR/gotest" ./internal/testenv/gotest &&
  "$TMPDIR/gotest" -results "$BRIDGE_RESULTS" -summary unit,fuzz,e2e || failed+=(summary)
if [ ${#failed[@]} != 0 ]; then
  echo "check: FAILED: ${failed[*]}"
  exit 1
fi
echo "check: passed"
