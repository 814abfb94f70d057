#!/usr/bin/env bash
# Reads the API description and asks a running server everything that it says, and much that it forbids: as nobody, as
# an author and as an administrator. Fails on any answer that is not described, and when too few operations succeed.
#
#   .ci/schemathesis.sh            with target/debug/staka, built beforehand, and a database of its own
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=4.32.5
# Seconds for each of the three callers, two of whom ask side by side.
budget=${SCHEMATHESIS_SECONDS:-60}
venv=$PWD/target/schemathesis-$version
binary=${STAKA_BINARY:-$PWD/target/debug/staka}

if [ ! -x "$venv/bin/schemathesis" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet "schemathesis==$version"
fi

work=$(mktemp -d)
. .ci/cleanup.sh

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
(
    cd "$work"
    exec env -u DATABASE_URL PORT="$port" RATE_LIMIT_ENABLED=false DEMO_MODE=true STAKA_VAR_DIR="$work/var" UPLOADS_DIR="$work/uploads" \
        "$binary" dev >"$work/server.log" 2>&1
) &
pid=$!

base=http://localhost:$port

# Asks as one caller. One thread: Python 3.11 loses count of its recursion in several.
ask() {
    (
        cd "$work"
        SCHEMATHESIS_HOOKS=hooks SEEN="$work/seen" VALUES="$work/$1.json" TARIF=$(cat "$work/tarif") PYTHONPATH=$OLDPWD/.ci/schemathesis \
            "$venv/bin/schemathesis" --config-file "$work/$1.toml" run "$base/openapi.json" --url "$base" \
            --phases examples,coverage,fuzzing --max-time "$budget" --max-examples 20 --continue-on-failure \
            --warnings off --no-color
    ) >"$work/$1.log" 2>&1 || touch "$work/failed"
    echo "== schemathesis as $1"
    cat "$work/$1.log"
}

for caller in nobody author admin; do
    python3 .ci/schemathesis/prepare.py "$base" "$caller" "$work" || { tail -n 30 "$work/server.log" >&2; exit 1; }
done
ask nobody &
nobody=$!
ask author
wait "$nobody"
# Who empties the mailbox comes last, and may ask the most.
budget=$((2 * budget)) ask admin
python3 .ci/schemathesis/succeeded.py "$base" "$work/seen" || touch "$work/failed"
[ ! -e "$work/failed" ]
