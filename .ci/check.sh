#!/usr/bin/env bash
# Everything that can be said about the code without running it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

step() {
    echo "== $*"
    "$@"
}

# An optional cargo tool: used where it is installed, never a reason to fail where it is not.
tool() {
    if cargo "$1" --version >/dev/null 2>&1; then
        step cargo "$@"
    else
        echo "== cargo $1: not installed, skipped"
    fi
}

step cargo fmt --check
step cargo clippy --locked --quiet --all-targets -- -D warnings
# No target of `cargo test`, hence none of `--all-targets`.
step cargo clippy --locked --quiet --test browser -- -D warnings
step .ci/forbidden-sql.sh
step .ci/with-database.sh .ci/sqlx-data.sh --check
step .ci/nginx-check.sh
tool deny check bans licenses sources
# Advisories come from a repository of their own, which not every machine reaches.
if git ls-remote --quiet --exit-code https://github.com/RustSec/advisory-db HEAD >/dev/null 2>&1; then
    tool deny check advisories
else
    echo "== cargo deny check advisories: the advisory database is out of reach, skipped"
fi
echo "All checks passed."
