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
out=$(mktemp) results=$(mktemp)
trap 'rm -f "${TMPDIR:-/tmp}/bridge-gotest.$$" "$out" "$results"' EXIT
status=0

fuzz() { # package, target
  : > "$results"
  "${TMPDIR:-/tmp}/bridge-gotest.$$" -results "$results" -group fuzz -- \
    -run '^$' -fuzz "^$2\$" -fuzztime "${each}s" -timeout 5m "$1" </dev/null > "$out" 2>&1
}

while read -r package name; do
  passed=yes
  if ! fuzz "$package" "$name"; then
    passed=no
    # On a busy machine the go command can miss its own end of the time and call that a failure. There is no input to
    # look at then; the target gets a second try.
    if grep -q 'context deadline exceeded' "$out" && ! grep -q 'Failing input written' "$out"; then
      echo "fuzz: $name ran past its time, once more"
      if fuzz "$package" "$name"; then passed=yes; fi
    fi
  fi
  cat "$out"
  cat "$results" >> "${BRIDGE_RESULTS:-/dev/null}"
  [ $passed = yes ] || status=1
done <<<"$targets"
exit $status
