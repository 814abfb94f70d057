#!/bin/sh
# Checks invoices with validators that share no code with the server.
# Usage: tests/facturx_check.sh [file.pdf ...]     default: every sample in target/invoice-samples,
# which `cargo test --test api writes_sample_invoices` writes.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
venv=${FACTURX_VENV:-$root/target/facturx-venv}
requirements=$root/tests/facturx_requirements.txt

if ! cmp -s "$requirements" "$venv/installed.txt"; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$requirements"
    cp "$requirements" "$venv/installed.txt"
fi
[ $# -gt 0 ] || set -- "$root"/target/invoice-samples/*.pdf
exec "$venv/bin/python" "$root/tests/facturx_check.py" "$@"
