#!/bin/bash
# Looks up what the program is built of in a database of known vulnerabilities, and fails when it holds code of one.
# GOVULNDB names the database: https://vuln.go.dev, or a copy as file:///... Without it nothing is asked, as tests reach
# no other machine.
set -eu
cd "$(dirname "$0")/.."
if [ -z "${GOVULNDB:-}" ]; then
  echo "vulnerabilities: SKIPPED: GOVULNDB names no database, such as https://vuln.go.dev"
  exit 0
fi
. scripts/scratch.sh
go build -o "$TMPDIR/bridge" ./cmd/bridge
go run golang.org/x/vuln/cmd/govulncheck@v1.9.0 -db "$GOVULNDB" -mode=binary "$TMPDIR/bridge"
