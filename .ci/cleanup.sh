# Sourced by scripts that start a server: however they end, the process `pid`, if any, is stopped and waited for, and the
# directory `work` is removed.
pid=
cleanup() {
    trap '' INT TERM
    if [ -n "$pid" ] && kill -TERM "$pid" 2>/dev/null; then
        wait "$pid" 2>/dev/null || true
    fi
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
