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
step cargo clippy --quiet --all-targets -- -D warnings
step .ci/forbidden-sql.sh
step .ci/with-database.sh .ci/sqlx-data.sh --check
tool deny --all-features check advisories bans licenses sources
tool audit --quiet
echo "All checks passed."
