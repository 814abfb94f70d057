#!/usr/bin/env bash
# Installs what building, running and testing need and this machine lacks: a MariaDB or MySQL server with its
# client (programs only, no service is started), pdftotext and friends, a C compiler, make, pkg-config, Python's venv.
# Debian and Ubuntu, Fedora, macOS with Homebrew. Without anything missing it does nothing and needs no network.
# With CI set, also what only the checks of .ci/run use: nginx, openssl, curl, debootstrap, Chromium; with WITH_CHROMIUM set,
# Chromium alone.
set -euo pipefail

has() {
    local name
    for name in "$@"; do
        PATH=$PATH:/usr/sbin:/usr/local/sbin:/usr/libexec command -v "$name" >/dev/null 2>&1 && return 0
    done
    return 1
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif has sudo; then
        sudo "$@"
    else
        echo "install-deps: run as root: $*" >&2
        return 1
    fi
}

# One line per missing tool: <Debian package> <Fedora package> <Homebrew formula>, a dash where the system has it.
missing() {
    has mariadbd mysqld || echo "mariadb-server-core mariadb-server mariadb"
    has mariadb mysql || echo "mariadb-client-core mariadb mariadb"
    has pdftotext || echo "poppler-utils poppler-utils poppler"
    has make || echo "make make -"
    has cc gcc || echo "gcc gcc -"
    has cc gcc || echo "libc6-dev glibc-devel -"
    has pkg-config || echo "pkg-config pkgconf-pkg-config pkgconf"
    python3 -c 'import ensurepip, venv' >/dev/null 2>&1 || echo "python3-venv python3 python"
    [ -z "${CI:-}" ] || missing_for_ci
    [ -z "${CI:-}${WITH_CHROMIUM:-}" ] || has chromium chromium-browser google-chrome chrome || [ -d /Applications/Chromium.app ] ||
        echo "chromium chromium chromium"
}

missing_for_ci() {
    has nginx || echo "nginx-light nginx nginx"
    has openssl || echo "openssl openssl openssl"
    has curl || echo "curl curl curl"
    # Debian has MariaDB alone: .ci/mysql-server.sh fetches MySQL into a directory of its own.
    mysql_is_here || has debootstrap || echo "debootstrap - -"
}

mysql_is_here() {
    has mysqld && ! PATH=$PATH:/usr/sbin mysqld --no-defaults --version 2>/dev/null | grep -qi mariadb
}

column() {
    missing | awk -v n="$1" '$n != "-" { print $n }' | sort -u
}

# Debian starts a service for some packages; a private server must stay the only one we run.
install_debian() {
    export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
    as_root apt-get update -q
    as_root apt-get install -q -y --no-install-recommends "$@"
}

if [ -z "$(missing)" ]; then
    exit 0
elif has apt-get; then
    mapfile -t packages < <(column 1)
    install_debian "${packages[@]}"
elif has dnf; then
    mapfile -t packages < <(column 2)
    as_root dnf install -y "${packages[@]}"
elif has brew; then
    column 3 | xargs brew install
else
    echo "install-deps: no apt-get, dnf or brew here. Please install: $(column 1 | tr '\n' ' ')" >&2
    exit 1
fi

if [ -n "$(missing)" ]; then
    echo "install-deps: still missing after the installation: $(column 1 | tr '\n' ' ')" >&2
    exit 1
fi
