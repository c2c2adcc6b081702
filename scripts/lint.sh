#!/bin/bash
# Looks at the code without running it: gofmt, go vet, staticcheck, each with the end-to-end tests too.
set -u
cd "$(dirname "$0")/.."
status=0
unformatted=$(gofmt -l .) || status=1
if [ -n "$unformatted" ]; then
  echo "lint: not formatted by gofmt:"
  echo "$unformatted"
  status=1
fi
go vet ./... || status=1
go vet -tags e2e ./e2e/... || status=1
go tool staticcheck ./... || status=1
go tool staticcheck -tags e2e ./e2e/... || status=1
exit $status
