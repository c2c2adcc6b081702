#!/bin/bash
# Looks at the code, the end-to-end tests included, without running it: gofmt, go vet, staticcheck.
set -u
cd "$(dirname "$0")/.."
status=0
unformatted=$(gofmt -l .) || status=1
if [ -n "$unformatted" ]; then
  echo "lint: not formatted by gofmt:"
  echo "$unformatted"
  status=1
fi
# The tag only adds files, so one pass sees everything.
go vet -tags e2e ./... || status=1
go tool staticcheck -tags e2e ./... || status=1
exit $status
