#!/bin/bash
# Installs, as root on Debian, the packages that the tests use and that are missing; does nothing otherwise.
#
# Tests whose programs cannot be had skip themselves and say so, so a failure here is a warning. The one exception is the
# C compiler, without which the race detector does not build: "go test -race" will say so.
set -u

packages=(
  gcc libc6-dev                         # the race detector
  postgresql                            # store and relay on PostgreSQL
  tryton-server tryton-modules-party tryton-modules-party-relationship tryton-modules-project
  thunderbird vdirsyncer khal khard cadaver litmus python3-caldav # clients
  evolution-data-server dbus python3-gi # a client, and what it is driven through
  gir1.2-ecal-2.0 gir1.2-ebook-1.2 gir1.2-ebookcontacts-1.2 gir1.2-edataserver-1.2 gir1.2-ical-3.0
  radicale xandikos                     # peers that judge the client scripts; servers for the groupware driver
  chromium                              # uses the pages
  libxml2-utils                         # what is said to and by a simulated Exchange, against its schema
  python3-exchangelib davmail-server    # judges of the simulated Exchange
)

# npm brings hundreds of packages along; one that is there from elsewhere will do.
command -v npm >/dev/null || packages+=(nodejs npm)

missing() {
  local package
  for package in "${packages[@]}"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
  done
}

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  echo "deps: not a Debian system; tests whose programs are not installed will be skipped"
  exit 0
fi
mapfile -t wanted < <(missing)
if [ ${#wanted[@]} = 0 ]; then
  echo "deps: everything is installed"
  exit 0
fi
if [ "$(id -u)" != 0 ]; then
  echo "deps: not root, so not installed: ${wanted[*]}"
  exit 0
fi

export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
# Installing PostgreSQL would make and start a cluster for the whole machine; the tests make their own.
cluster_conf=/etc/postgresql-common/createcluster.d/bridge-tests.conf
cleanup() { rm -f "$log" "$cluster_conf"; }
trap cleanup EXIT
if [[ " ${wanted[*]} " = *" postgresql "* ]]; then
  mkdir -p "${cluster_conf%/*}" && echo "create_main_cluster = false" >"$cluster_conf"
fi

options=(-qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300)
# A machine that lives for one run need not write through to its disk after every file.
[ -z "${CI:-}" ] || options+=(-o DPkg::Options::=--force-unsafe-io)

apt() { apt-get "${options[@]}" "$@" </dev/null >>"$log" 2>&1; }

echo "deps: installing ${wanted[*]}"
for pause in 0 5 20; do
  sleep "$pause"
  apt update && apt install -y --no-install-recommends "${wanted[@]}" && break
done

mapfile -t wanted < <(missing)
if [ ${#wanted[@]} != 0 ]; then # perhaps only some of them cannot be had
  for package in "${wanted[@]}"; do
    apt install -y --no-install-recommends "$package"
  done
  mapfile -t wanted < <(missing)
fi
if [ ${#wanted[@]} != 0 ]; then
  echo "deps: could not be installed: ${wanted[*]}; apt-get said at last:"
  tail -n 15 "$log"
fi
exit 0
