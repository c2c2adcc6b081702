#!/bin/bash
# Runs one other server from Debian packages on 127.0.0.1, for as long as its standard input is open.
#
#   peers.sh install              installs the packages that are missing (root on Debian; a peer that cannot be had is left out later)
#   peers.sh run NAME DIR P Q R   NAME is radicale, xandikos, davical, sogo or cyrus; DIR an empty folder that other users may enter;
#                                 P the HTTP port, Q and R two more (database, cache, IMAP)
#
# "run" prints one line, "ready" or the reason why not, then waits for the end of its input, which the kernel sees to even after
# kill -9 of who started it, ends the processes it started, by their ids, and removes DIR. The one account is ann with the password secret.
# Settings are those of the packages, but for folders, ports, users and what keeps a test away from the rest of the machine.
set -u
packages=(
  radicale
  xandikos
  davical libapache2-mod-php php-pgsql php-xml php-curl postgresql libdbd-pg-perl libyaml-perl
  sogo memcached
  cyrus-caldav cyrus-imapd sasl2-bin
  curl git python3
)
USER_NAME=ann PASSWORD=secret
started=() # ids of process group leaders, in the order of their start

missing() {
  local package
  for package in "${packages[@]}"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
  done
}

install_all() {
  command -v apt-get >/dev/null || { echo "not a Debian system"; return 1; }
  mapfile -t wanted < <(missing)
  [ ${#wanted[@]} != 0 ] || return 0
  [ "$(id -u)" = 0 ] || { echo "not root, so not installed: ${wanted[*]}"; return 1; }
  export DEBIAN_FRONTEND=noninteractive
  # Nothing is to be started by being installed: neither a cluster nor a server.
  local cluster=/etc/postgresql-common/createcluster.d/bench-peers.conf policy=
  mkdir -p "${cluster%/*}" && echo "create_main_cluster = false" >"$cluster"
  [ -e /usr/sbin/policy-rc.d ] || { policy=/usr/sbin/policy-rc.d; printf '#!/bin/sh\nexit 101\n' >$policy; chmod +x $policy; }
  local apt=(apt-get -qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300)
  "${apt[@]}" update && "${apt[@]}" install -y --no-install-recommends "${wanted[@]}" >/dev/null
  for package in $(missing); do "${apt[@]}" install -y --no-install-recommends "$package" >/dev/null; done
  rm -f "$cluster" ${policy:+"$policy"}
  mapfile -t wanted < <(missing)
  [ ${#wanted[@]} = 0 ] || { echo "could not be installed: ${wanted[*]}"; return 1; }
} >&2

# spawn starts a command in a process group of its own, its output kept in DIR/NAME.log.
spawn() { # name, command...
  local log=$DIR/$1.log
  shift
  setsid "$@" >"$log" 2>&1 </dev/null &
  started+=($!)
}

stop_all() {
  local i pid
  for ((i = ${#started[@]} - 1; i >= 0; i--)); do
    pid=${started[i]}
    kill -TERM -- "-$pid" 2>/dev/null
    for _ in {1..50}; do
      kill -0 -- "-$pid" 2>/dev/null || break
      sleep 0.1
    done
    kill -KILL -- "-$pid" 2>/dev/null
  done
  cd / && rm -rf -- "$DIR"
}

fail() {
  echo "$*"
  exit 1
}

need() { # programs
  local p
  for p in "$@"; do command -v "$p" >/dev/null || fail "$p is not installed"; done
}

# answers waits until a port of this machine gives any HTTP answer.
answers() { # port, log
  for _ in {1..150}; do
    curl -s -o /dev/null -m 5 "http://127.0.0.1:$1/" && return
    sleep 0.2
  done
  fail "does not answer: $(tail -n 3 "$DIR/$2.log" | tr '\n' ' ')"
}

dav() { curl -s -o /dev/null -m 60 -u "$USER_NAME:$PASSWORD" "$@"; } # method and headers, URL

# cluster makes a PostgreSQL with the settings of the package: it syncs each commit to the disk.
cluster() {
  local bin
  bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -n 1)
  [ -n "$bin" ] || fail "postgresql is not installed"
  mkdir -p "$DIR/pg" && chown postgres "$DIR/pg"
  as_postgres "$bin/initdb" -D "$DIR/pg/data" -A trust -U postgres -E UTF8 --locale=C.UTF-8 >"$DIR/initdb.log" 2>&1 || fail "initdb: $(tail -n 1 "$DIR/initdb.log")"
  spawn postgres runuser -u postgres -- "$bin/postgres" -D "$DIR/pg/data" -p "$Q" -k "$DIR/pg" -c listen_addresses=127.0.0.1
  for _ in {1..100}; do
    as_postgres "$bin/pg_isready" -q && return
    sleep 0.1
  done
  fail "PostgreSQL does not answer"
}

as_postgres() { (cd "$DIR" && runuser -u postgres -- env PGHOST=127.0.0.1 PGPORT="$Q" PGUSER=postgres "$@"); }

radicale() {
  need radicale
  echo "$USER_NAME:$PASSWORD" >users
  cat >config <<CONF
[server]
hosts = 127.0.0.1:$P
[auth]
type = htpasswd
htpasswd_filename = $DIR/users
htpasswd_encryption = plain
[storage]
filesystem_folder = $DIR/data
CONF
  spawn server radicale -C "$DIR/config"
  answers "$P" server
  dav -X PROPFIND -H 'Depth: 0' "http://127.0.0.1:$P/$USER_NAME/" # makes the principal
}

xandikos() {
  need xandikos
  mkdir data
  spawn server xandikos -d "$DIR/data" -l 127.0.0.1 -p "$P" --autocreate --defaults --current-user-principal "/$USER_NAME/"
  answers "$P" server
}

davical() {
  need apache2 php
  [ -e /usr/share/davical/dba/create-database.sh ] || fail "davical is not installed"
  cluster
  as_postgres /usr/share/davical/dba/create-database.sh davical admin >db.log 2>&1
  as_postgres psql -q davical >>db.log 2>&1 <<SQL || fail "the account was not made"
WITH u AS (INSERT INTO usr (user_no, active, username, password, fullname, email, date_format_type, locale)
  VALUES (nextval('usr_user_no_seq'), true, '$USER_NAME', '**$PASSWORD', 'Ann Example', 'ann@example.org', 'E', 'en') RETURNING user_no)
INSERT INTO principal (type_id, user_no, displayname, default_privileges) SELECT 1, user_no, 'Ann Example', 0::bit(24) FROM u;
SQL
  cp -rL /usr/share/davical/htdocs /usr/share/davical/inc . 2>/dev/null # some links lead nowhere
  printf '<?php\n$c->pg_connect[] = "host=127.0.0.1 port=%s dbname=davical user=davical_app";\n$c->admin_email = "admin@example.org";\n$c->readonly_webdav_collections = false;\n' "$Q" >config.php
  sed -i "s#/etc/davical/config.php#$DIR/config.php#" htdocs/always.php
  local modules=/usr/lib/apache2/modules php
  php=$(ls $modules/libphp*.so | tail -n 1)
  cat >apache.conf <<CONF
ServerRoot $DIR
ServerName 127.0.0.1
Listen 127.0.0.1:$P
PidFile $DIR/apache.pid
DefaultRuntimeDir $DIR
Mutex file:$DIR
ErrorLog $DIR/apache-error.log
User www-data
Group www-data
LoadModule mpm_prefork_module $modules/mod_mpm_prefork.so
LoadModule authz_core_module $modules/mod_authz_core.so
LoadModule mime_module $modules/mod_mime.so
LoadModule dir_module $modules/mod_dir.so
LoadModule php_module $php
TypesConfig /dev/null
MaxKeepAliveRequests 0
KeepAliveTimeout 60
DocumentRoot $DIR/htdocs
<Directory $DIR/htdocs>
  Require all granted
  AcceptPathInfo On
</Directory>
<FilesMatch "\.php$">
  SetHandler application/x-httpd-php
</FilesMatch>
php_value include_path $DIR/inc:/usr/share/awl/inc:/usr/share/php
php_value memory_limit 1G
php_value max_execution_time 120
php_value default_charset utf-8
php_value error_reporting 22517
php_flag display_errors off
CONF
  spawn apache apache2 -f "$DIR/apache.conf" -DFOREGROUND
  answers "$P" apache
}

sogo() {
  need sogod memcached
  cluster
  as_postgres psql -q postgres >db.log 2>&1 <<SQL || fail "the account was not made"
CREATE DATABASE sogo;
\c sogo
CREATE TABLE people (c_uid text PRIMARY KEY, c_name text, c_password text, c_cn text, mail text);
INSERT INTO people VALUES ('$USER_NAME', '$USER_NAME', '$PASSWORD', 'Ann Example', 'ann@example.org');
SQL
  spawn memcached runuser -u sogo -- memcached -l 127.0.0.1 -p "$R" -U 0
  mkdir run spool && chown sogo run spool
  local url=postgresql://postgres@127.0.0.1:$Q/sogo
  # Arguments go before the package's own file.
  spawn server runuser -u sogo -- env HOME="$DIR/run" sogod -WONoDetach YES -WOPort "127.0.0.1:$P" -WOWorkersCount 3 -WOPidFile "$DIR/run/pid" -WOLogFile - \
    -SOGoProfileURL "$url/sogo_user_profile" -OCSFolderInfoURL "$url/sogo_folder_info" -OCSSessionsFolderURL "$url/sogo_sessions_folder" \
    -OCSEMailAlarmsFolderURL "$url/sogo_alarms_folder" -SOGoMemcachedHost "127.0.0.1:$R" -SOGoMailSpoolPath "$DIR/spool" \
    -SOGoAppointmentSendEMailNotifications NO -SOGoTimeZone UTC -SOGoMaximumSyncInterval 1 -SOGoMaximumSyncResponseSize 0 -SxVMemLimit 1024 \
    -SOGoUserSources "({type = sql; id = people; viewURL = \"$url/people\"; canAuthenticate = YES; isAddressBook = NO; userPasswordAlgorithm = plain;})"
  answers "$P" server
  dav -X PROPFIND -H 'Depth: 1' "http://127.0.0.1:$P/SOGo/dav/$USER_NAME/Calendar/" # makes the calendar and the address book
  dav -X PROPFIND -H 'Depth: 1' "http://127.0.0.1:$P/SOGo/dav/$USER_NAME/Contacts/"
}

cyrus() {
  need cyrmaster saslpasswd2 python3
  mkdir var spool run
  cat >imapd.conf <<CONF
configdirectory: $DIR/var
defaultpartition: default
partition-default: $DIR/spool
proc_path: $DIR/run/proc
mboxname_lockpath: $DIR/run/lock
idlesocket: $DIR/run/idle
notifysocket: $DIR/run/notify
lmtpsocket: $DIR/run/lmtp
admins: cyrus
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: $DIR/sasldb2
allowplaintext: yes
httpmodules: caldav carddav
virtdomains: off
unixhierarchysep: yes
altnamespace: yes
calendar_user_address_set: example.org
CONF
  cat >cyrus.conf <<CONF
START { recover cmd="ctl_cyrusdb -C $DIR/imapd.conf -r" }
SERVICES {
  http cmd="httpd -C $DIR/imapd.conf" listen="127.0.0.1:$P" prefork=2
  imap cmd="imapd -C $DIR/imapd.conf" listen="127.0.0.1:$Q" prefork=0
}
EVENTS { checkpoint cmd="ctl_cyrusdb -C $DIR/imapd.conf -c" period=600 }
CONF
  local u
  for u in cyrus "$USER_NAME"; do echo "$PASSWORD" | saslpasswd2 -c -p -f sasldb2 -u "$(hostname)" "$u"; done
  chown -R cyrus:mail .
  spawn server cyrmaster -C "$DIR/imapd.conf" -M "$DIR/cyrus.conf" -p "$DIR/master.pid"
  answers "$P" server
  python3 - "$Q" "$USER_NAME" "$PASSWORD" <<'PY' || fail "the account was not made"
import imaplib, sys
m = imaplib.IMAP4("127.0.0.1", int(sys.argv[1]))
m.login("cyrus", sys.argv[3])
m.create("user/" + sys.argv[2])
PY
  dav -X PROPFIND -H 'Depth: 1' "http://127.0.0.1:$P/dav/calendars/user/$USER_NAME/" # makes the homes
  dav -X PROPFIND -H 'Depth: 1' "http://127.0.0.1:$P/dav/addressbooks/user/$USER_NAME/"
}

case ${1-} in
install) install_all ;;
run)
  case ${2-} in radicale | xandikos | davical | sogo | cyrus) ;; *) fail "no peer is called ${2-}" ;; esac
  DIR=$3 P=$4 Q=$5 R=$6
  trap '' HUP INT # an interrupt ends who started this; what follows is done then
  trap stop_all EXIT
  trap 'exit 1' TERM
  [ "$(id -u)" = 0 ] || fail "not root: servers are run as the users of their packages"
  chmod 755 "$DIR" && cd "$DIR" || fail "no folder"
  need curl setsid runuser
  "$2"
  echo ready
  cat >/dev/null
  ;;
*) fail "usage: peers.sh install | run NAME DIR PORT PORT PORT" ;;
esac
