#!/usr/bin/env bash
# Runs a command with a throwaway MySQL server, whose URL is in TEST_DATABASE_URL: everywhere else the tests run on
# what is installed, which on Debian is MariaDB.
#
#   .ci/mysql-server.sh cargo test
#
# Takes the mysqld of the PATH when it is MySQL's own. Otherwise, on Debian and as root, it puts Debian unstable's
# into a directory of its own (a minute and 600 MB, once). Where neither is possible it says so and succeeds.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

root=${MYSQL_ROOT:-/var/tmp/staka-mysql}

skip() {
    echo "mysql-server: $*, skipped"
    exit 0
}

is_mysql() {
    "$@" --no-defaults --version 2>/dev/null | grep -qi mysql && ! "$@" --no-defaults --version | grep -qi mariadb
}

fetch() {
    [ -x "$root/usr/sbin/mysqld" ] && return
    [ "$(id -u)" -eq 0 ] && command -v debootstrap >/dev/null || skip "no MySQL here, and none can be fetched"
    local mirror
    mirror=$(sed -n 's/^URIs: *\([^ ]*\).*/\1/p' /etc/apt/sources.list.d/debian.sources 2>/dev/null | head -n 1)
    debootstrap --variant=minbase --include=mysql-server-core sid "$root.new" "${mirror:-http://deb.debian.org/debian}" \
        >"$root.log" 2>&1 || { tail -n 5 "$root.log" >&2; rm -rf "$root.new"; skip "MySQL could not be fetched"; }
    rm -rf "$root"
    mv "$root.new" "$root"
}

# How the server is called, and its directory as it sees it itself.
if PATH=$PATH:/usr/sbin is_mysql mysqld; then
    server=(env "PATH=$PATH:/usr/sbin" mysqld)
    work=$(mktemp -d /tmp/staka-mysql.XXXXXX)
    inside=$work
else
    fetch
    server=(chroot "$root" mysqld)
    work=$(mktemp -d "$root/tmp/staka-mysql.XXXXXX")
    inside=${work#"$root"}
fi
as_user=()
[ "$(id -u)" -ne 0 ] || as_user=(--user=root)

. .ci/cleanup.sh

fail() {
    tail -n 20 "$work/log" >&2
    echo "mysql-server: $*" >&2
    exit 1
}

# Mysqld refuses to start with temporary files of others in its way.
mkdir "$work/tmp"
echo "CREATE USER 'staka'@'%' IDENTIFIED BY 'staka'; GRANT ALL ON *.* TO 'staka'@'%' WITH GRANT OPTION;" >"$work/init.sql"
"${server[@]}" --no-defaults --initialize-insecure "${as_user[@]}" --datadir="$inside/data" --init-file="$inside/init.sql" \
    >"$work/log" 2>&1 || fail "the data directory could not be initialised"

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"${server[@]}" --no-defaults "${as_user[@]}" --datadir="$inside/data" --port="$port" --bind-address=127.0.0.1 --mysqlx=0 \
    --socket="$inside/s.sock" --pid-file="$inside/pid" --tmpdir="$inside/tmp" --secure-file-priv= --max-connections=500 \
    --skip-log-bin --innodb-flush-log-at-trx-commit=0 --innodb-doublewrite=0 >"$work/log" 2>&1 &
pid=$!
for _ in $(seq 600); do
    grep -q 'ready for connections.*port: [1-9]' "$work/log" && break
    kill -0 "$pid" 2>/dev/null || fail "the server did not start"
    sleep 0.1
done
grep -q 'ready for connections.*port: [1-9]' "$work/log" || fail "the server does not answer"
echo "mysql-server: $(sed -n 's/.*mysqld (mysqld \([^)]*\)).*/\1/p' "$work/log" | head -n 1) on port $port"

export TEST_DATABASE_URL="mysql://staka:staka@127.0.0.1:$port/staka"
status=0
"$@" || status=$?
exit "$status"
