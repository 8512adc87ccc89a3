#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# packages.sh - install the Debian packages that are missing, after saying so
#
# Usage: packages.sh build | test
#   build  what compiling and running cumaed needs
#   test   the same, and what the test suite and the demo need
set -eu

build="gcc make pkg-config libc6-dev libmicrohttpd-dev libgnutls28-dev libjansson-dev libpq-dev
libsqlite3-dev libgsl-dev libopenblas-dev liblapacke-dev libssl-dev
libcurl4-openssl-dev zlib1g-dev"
test="check libjwt-dev postgresql python3 python3-venv chromium nginx-light openssl
curl clang clang-format clang-tidy cppcheck valgrind procps util-linux"
# Whatever node and npm are there will do, from 18 on.
command -v node > /dev/null || test="$test nodejs"
command -v npm > /dev/null || test="$test npm"

case "${1:-build}" in
build) wanted=$build ;;
test) wanted="$build $test" ;;
*)
    echo "usage: packages.sh build | test" >&2
    exit 2
    ;;
esac

if ! command -v dpkg-query > /dev/null; then
    echo "This is not a Debian system; please see to these yourself:" >&2
    echo "$wanted" >&2
    exit 0
fi

missing=""
for package in $wanted; do
    dpkg-query -W -f '${Status}' "$package" 2> /dev/null |
        grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

echo "Installing missing Debian packages:$missing"
as_root=""
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo > /dev/null || {
        echo "Neither root nor sudo: please install them yourself" >&2
        exit 1
    }
    as_root="sudo"
fi
$as_root apt-get update -qq
# The tests start their own database cluster: no system-wide one is wanted.
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
    --no-install-recommends $missing > /dev/null
