#!/bin/bash
# Runs every fuzz target for a short while, two at a time. FUZZTIME is the seconds for each (1), FUZZTURN the packages whose turn it
# is, such as 0/2 (all). Arguments are folders (.).
set -eu
cd "$(dirname "$0")/.."
. scripts/scratch.sh
go build -o "$TMPDIR/gotest" ./internal/testenv/gotest
"$TMPDIR/gotest" -results "${BRIDGE_RESULTS:-/dev/null}" -group fuzz -fuzz "${FUZZTIME:-1}s" -turn "${FUZZTURN:-}" "$@"
