#!/usr/bin/env bash
# Runs a command with a throwaway database server: an empty database `staka`, all of migrations/ applied,
# DATABASE_URL exported. The server, its data and its socket are gone when the command ends.
#
#   .ci/with-database.sh cargo check
#
# Works as root and as an ordinary user, any number of times side by side. Never touches the system's server.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

fail() {
    echo "with-database: $*" >&2
    exit 1
}

# Prints the first of the named programs that exists, on the PATH or where servers hide from ordinary users.
find_program() {
    local name dir
    for name in "$@"; do
        for dir in ${PATH//:/ } /usr/sbin /usr/local/sbin /usr/libexec /usr/local/bin /usr/local/mysql/bin \
            /opt/homebrew/bin /opt/homebrew/opt/mariadb/bin /opt/homebrew/opt/mysql/bin; do
            if [ -x "$dir/$name" ]; then
                echo "$dir/$name"
                return 0
            fi
        done
    done
    return 1
}

[ $# -gt 0 ] || fail "usage: $0 COMMAND [ARGUMENT...]"
server=$(find_program mariadbd mysqld) || fail "no mariadbd or mysqld found: run .ci/install-deps.sh"
client=$(find_program mariadb mysql) || fail "no mariadb or mysql client found: run .ci/install-deps.sh"

as_user=()
[ "$(id -u)" -ne 0 ] || as_user=(--user=root)

# Memory when there is some: nothing here needs to survive. Both paths stay far below the 107 bytes of a socket path.
base=/tmp
[ ! -w /dev/shm ] || base=/dev/shm
work=$(mktemp -d "$base/staka-db.XXXXXX")
socket=$work/s.sock
log=$work/server.log
. "$root/.ci/cleanup.sh"

# A server that starts removes the temporary tables of the others in the same place: each has its own.
initialise() {
    local install
    export TMPDIR=$work
    if "$server" --no-defaults --version | grep -qi mariadb; then
        install=$(find_program mariadb-install-db mysql_install_db) || fail "no mariadb-install-db beside $server"
        "$install" --no-defaults --datadir="$work/data" --auth-root-authentication-method=normal \
            --skip-test-db --skip-name-resolve ${as_user[@]+"${as_user[@]}"}
    else
        "$server" --no-defaults --initialize-insecure --datadir="$work/data" ${as_user[@]+"${as_user[@]}"}
    fi
}

# The kernel stops the server when this script is killed without a chance to clean up.
leash=()
! setpriv --pdeathsig TERM true 2>/dev/null || leash=(setpriv --pdeathsig TERM)

start() {
    ${leash[@]+"${leash[@]}"} "$server" --no-defaults ${as_user[@]+"${as_user[@]}"} --datadir="$work/data" --socket="$socket" \
        --pid-file="$work/server.pid" --tmpdir="$work" --skip-networking --skip-log-bin --performance-schema=OFF \
        --innodb-buffer-pool-size=32M --innodb-flush-log-at-trx-commit=0 --innodb-doublewrite=0 \
        --character-set-server=utf8mb4 --collation-server=utf8mb4_unicode_ci >>"$log" 2>&1 &
    pid=$!
}

sql() {
    "$client" --no-defaults --protocol=socket --socket="$socket" --user=root --default-character-set=utf8mb4 "$@"
}

wait_until_ready() {
    local _
    for _ in $(seq 600); do
        sql --execute='SELECT 1' >/dev/null 2>&1 && return 0
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.05
    done
    tail -n 30 "$log" >&2
    fail "the server did not start; its last lines are above"
}

if ! (initialise) >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    fail "the data directory could not be initialised; the last lines are above"
fi
start
wait_until_ready
sql --execute='CREATE DATABASE staka CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci'
for file in "$root"/migrations/*.sql; do
    [ -e "$file" ] || continue
    sql staka <"$file" || fail "$file was refused"
done

export DATABASE_URL="mysql://root@localhost/staka?socket=$socket"
export SQLX_OFFLINE=false
status=0
"$@" || status=$?
exit "$status"
