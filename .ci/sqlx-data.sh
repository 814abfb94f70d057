#!/usr/bin/env bash
# Writes .sqlx, what the compiler must know of the database to check our queries without one.
#
#   .ci/with-database.sh .ci/sqlx-data.sh           replace .sqlx
#   .ci/with-database.sh .ci/sqlx-data.sh --check   only say whether .sqlx is what it should be
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT

# The compiler does not know that a macro reads the database, so every crate root must look changed.
touch src/lib.rs src/main.rs
[ ! -e tests/api/main.rs ] || touch tests/api/main.rs
SQLX_OFFLINE_DIR=$fresh cargo check --locked --quiet --all-targets

if [ "${1:-}" = --check ]; then
    mkdir -p .sqlx
    if ! diff --recursive --brief .sqlx "$fresh"; then
        echo ".sqlx is out of date: run \`make sqlx\` and commit the result." >&2
        exit 1
    fi
    exit 0
fi

# rustc reads .sqlx while others write: replace file by file, then drop what no query needs any more.
mkdir -p .sqlx
find "$fresh" -name '*.json' -exec cp {} .sqlx/ \;
for file in .sqlx/*.json; do
    [ -e "$fresh/${file##*/}" ] || rm -f "$file"
done
echo ".sqlx holds $(find .sqlx -name '*.json' | wc -l) queries."
