#!/bin/bash
# Runs every fuzz target for a short while. FUZZTIME is the seconds for each (5), FUZZBUDGET those for all (100): with many
# targets each gets less, but two seconds at least. Arguments are folders (.).
set -eu
cd "$(dirname "$0")/.."
[ $# != 0 ] || set -- .

# From the source, because "go test -list" would build every test program once more. Lines: ./folder Name
targets=$(grep -rhoH --include='*_test.go' -E '^func Fuzz[A-Z0-9_][A-Za-z0-9_]*' "$@" |
  sed -E 's#^(\./)?(.*)/[^/]*:func (.*)#./\2 \3#' | sort -u)
count=$(grep -c . <<<"$targets" || true)
[ "$count" != 0 ] || { echo "fuzz: no targets"; exit 0; }
each=$((${FUZZBUDGET:-100} / count))
[ "$each" -le "${FUZZTIME:-5}" ] || each=${FUZZTIME:-5}
[ "$each" -ge 2 ] || each=2
echo "fuzz: $count targets, ${each}s each"

go build -o "${TMPDIR:-/tmp}/bridge-gotest.$$" ./internal/testenv/gotest
trap 'rm -f "${TMPDIR:-/tmp}/bridge-gotest.$$"' EXIT
status=0
while read -r package name; do
  "${TMPDIR:-/tmp}/bridge-gotest.$$" -results "${BRIDGE_RESULTS:-/dev/null}" -group fuzz -- \
    -run '^$' -fuzz "^$name\$" -fuzztime "${each}s" -timeout 5m "$package" </dev/null || status=1
done <<<"$targets"
exit $status
