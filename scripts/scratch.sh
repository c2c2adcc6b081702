# To be sourced by the scripts that run tests: makes a directory for all their temporary files, names it in TMPDIR, and
# removes it at the end of the outermost script.
#
# It lies in memory where there is plenty. Every commit of the program waits for the disk, as it should, and tests make
# hundreds of databases that nobody needs after a power cut: on a disk they wait longer than they work.
if [ -z "${BRIDGE_SCRATCH:-}" ]; then
  scratch_base=${TMPDIR:-/tmp}
  scratch_free() { df --output=avail -k "$1" 2>/dev/null | tail -n 1 || true; }
  scratch_memory=$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo 2>/dev/null || true)
  if [ -w /dev/shm ] && [ "$(stat -f -c %T /dev/shm)" = tmpfs ] &&
    [ "$(scratch_free /dev/shm)" -ge 4000000 ] && [ "${scratch_memory:-0}" -ge 8000000 ]; then
    scratch_base=/dev/shm
  fi
  BRIDGE_SCRATCH=$(mktemp -d "$scratch_base/bridge-tests.XXXXXX")
  # Programs are run from there, and PostgreSQL as another user: not where that is forbidden.
  printf '#!/bin/sh\n' >"$BRIDGE_SCRATCH/try" && chmod 755 "$BRIDGE_SCRATCH/try"
  if ! "$BRIDGE_SCRATCH/try" 2>/dev/null; then
    rm -rf "$BRIDGE_SCRATCH"
    BRIDGE_SCRATCH=$(mktemp -d "${TMPDIR:-/tmp}/bridge-tests.XXXXXX")
  fi
  chmod 711 "$BRIDGE_SCRATCH"
  export BRIDGE_SCRATCH TMPDIR=$BRIDGE_SCRATCH
  # A server that is still being stopped may write once more.
  trap 'rm -rf "$BRIDGE_SCRATCH" 2>/dev/null || { sleep 2; rm -rf "$BRIDGE_SCRATCH"; } || true' EXIT
fi
