#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# postgres.sh - a private PostgreSQL cluster for tests
#
#   postgres.sh start DIR     make and start it, print its URL
#   postgres.sh stop DIR      stop it and remove it
#   postgres.sh restart DIR   stop it if it runs, start it on the same port
#   postgres.sh kill9 DIR     kill -9 the server and all its processes
#
# DIR only remembers where the cluster is: PostgreSQL refuses to run as root,
# so as root it runs as another user, in a folder of its own that this user can
# reach, below /tmp or CUMAE_POSTGRES_HOME. Writes are as durable as in
# production (fsync, synchronous_commit).
set -eu

usage() {
    sed -n 's/^#   //p' "$0" >&2
    exit 2
}
[ $# = 2 ] || usage
dir=$2

bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$bin" ] || bin=$(dirname "$(command -v pg_ctl)")

if [ "$(id -u)" = 0 ]; then
    user=postgres
    id "$user" >/dev/null 2>&1 || user=nobody
    as() { runuser -u "$user" -- "$@"; }
else
    as() { "$@"; }
fi

# A port that was free a moment ago, chosen by the kernel.
free_port() {
    python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

launch() {
    as "$bin/pg_ctl" -D "$home/data" -l "$home/log" -w -t 60 \
        -o "-p $(cat "$dir/port") -k $home" start >/dev/null 2>&1 </dev/null
}

start() {
    mkdir -p "$dir"
    home=$(as mktemp -d "${CUMAE_POSTGRES_HOME:-/tmp}/cumae-postgres-XXXXXX")
    echo "$home" >"$dir/home"
    as "$bin/initdb" -D "$home/data" -U cumae -A trust -E UTF8 --locale=C \
        --no-sync --no-instructions >/dev/null
    as sh -c 'cat >>"$1"' sh "$home/data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
max_connections = 50
shared_buffers = 64MB
CONF
    # Somebody may take the port between the choice and the start.
    for attempt in 1 2 3 4 5; do
        free_port >"$dir/port"
        if launch; then
            echo "postgresql://cumae@127.0.0.1:$(cat "$dir/port")/postgres"
            return
        fi
    done
    cat "$home/log" >&2
    rm -rf "$home"
    exit 1
}

running() {
    as "$bin/pg_ctl" -D "$home/data" status >/dev/null 2>&1
}

halt() {
    if running; then
        as "$bin/pg_ctl" -D "$home/data" -m fast -w stop >/dev/null
    fi
}

# All processes are dead when this returns, if not yet collected by their
# parent: PostgreSQL takes such a zombie for a running server, hence the end of
# its lock files.
kill9() {
    server=$(as head -n 1 "$home/data/postmaster.pid")
    processes="$server $(ps -o pid= --ppid "$server" | tr '\n' ' ')"
    kill -9 $processes 2>/dev/null || :
    for process in $processes; do
        while kill -0 "$process" 2>/dev/null &&
            ! grep -q '^State:.*Z' "/proc/$process/status" 2>/dev/null; do
            sleep 0.02
        done
    done
    as rm -f "$home/data/postmaster.pid" "$home"/.s.PGSQL.*
}

case $1 in
start) start ;;
stop | restart | kill9)
    home=$(cat "$dir/home")
    case $1 in
    stop)
        halt
        rm -rf "$home" "$dir/home" "$dir/port"
        ;;
    restart)
        halt
        launch || {
            cat "$home/log" >&2
            exit 1
        }
        ;;
    kill9) kill9 ;;
    esac
    ;;
*) usage ;;
esac
