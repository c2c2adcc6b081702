#!/bin/bash
# Runs the end-to-end tests with real client programs. Arguments go to "go test", such as -run TestServe.
set -eu
cd "$(dirname "$0")/.."
. scripts/scratch.sh
go build -o "$TMPDIR/gotest" ./internal/testenv/gotest
# Six at a time: the clients wait more than they work.
"$TMPDIR/gotest" -results "${BRIDGE_RESULTS:-/dev/null}" -group e2e -- \
  -tags e2e -count=1 -parallel 6 -timeout 20m "$@" ./e2e
