#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# run.sh - run every test and sum up
#
#   CUMAE_BUILD=build/release tests/run.sh [FOLDER...]
#
# Runs the check binaries under $CUMAE_BUILD/tests, the fuzz targets there on
# their corpora, layers.sh and pytest in its folders, or, with FOLDERs, the
# binaries and pytest in those. Compiled tests and pytest run side by side, since
# the latter mostly waits. Prints a line per suite with its seconds, the output of
# the suites that failed, and at the end "N passed, N failed". Fails if anything
# failed or nothing ran. One PostgreSQL cluster serves all suites.
set -u
cd "$(dirname "$0")/.." || exit 1
CUMAE_BUILD=$(realpath "${CUMAE_BUILD:-build/release}") || exit 1
export CUMAE_BUILD
python=build/venv/bin/python
binary_limit_s=300
pytest_limit_s=3000

work=$(mktemp -d) || exit 1

cleanup() {
    kill $(jobs -p) 2> /dev/null
    [ ! -d "$work/postgres" ] || tests/postgres.sh stop "$work/postgres"
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# The number before a word in a text: number "3 passed, 1 failed" passed
number() {
    local found
    found=$(grep -oE "[0-9]+ $2" <<< "$1" | tail -n 1)
    echo "${found%% *}"
}

# suite NAME LIMIT_S COUNT COMMAND...: run a command; COUNT prints "passed
# failed" from its output. A crash, or an end that the counts do not explain,
# is a failure. What is printed comes in one piece: lanes do not mix.
suite() {
    echo "$(run_suite "$@")"
}

run_suite() {
    local name=$1 limit_s=$2 count=$3 begun=$EPOCHREALTIME
    shift 3
    timeout -k 10 "$limit_s" "$@" > "$output" 2>&1 < /dev/null
    local status=$? good=0 bad=0 seconds
    read -r good bad <<< "$("$count" "$status")"
    [ "$status" -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
    seconds=$(awk "BEGIN { printf \"%.1f\", $EPOCHREALTIME - $begun }")
    printf '%-44s %5d passed %3d failed %7s s\n' \
        "$name" "$good" "$bad" "$seconds"
    if [ "$bad" -gt 0 ]; then
        sed 's/^/    /' "$output"
        echo "    $name ended with status $status"
    fi
    echo "$good $bad" >> "$work/counts"
}

# check says "98%: Checks: 50, Failures: 1, Errors: 0".
count_check() {
    sed -nE 's/^[0-9]+%: Checks: ([0-9]+), Failures: ([0-9]+), Errors: ([0-9]+).*/\1 \2 \3/p' \
        "$output" | awk '{ good += $1 - $2 - $3; bad += $2 + $3 }
            END { print good + 0, bad + (NR == 0) }'
}

# pytest says "1 failed, 20 passed, 2 errors in 3.21s".
count_pytest() {
    local last good bad errors
    last=$(grep -E ' in [0-9.]+s' "$output" | tail -n 1)
    good=$(number "$last" passed)
    bad=$(number "$last" failed)
    errors=$(number "$last" error)
    echo "${good:-0} $((${bad:-0} + ${errors:-0}))"
}

count_script() {
    if [ "$1" -eq 0 ]; then echo "1 0"; else echo "0 1"; fi
}

if [ -z "${CUMAE_TEST_POSTGRES:-}" ]; then
    CUMAE_TEST_POSTGRES=$(tests/postgres.sh start "$work/postgres" | tail -n 1)
    export CUMAE_TEST_POSTGRES
fi

compiled() {
    local output binary name
    output=$(mktemp -p "$work")
    while IFS= read -r binary; do
        suite "${binary#"$CUMAE_BUILD/tests/"}" "$binary_limit_s" count_check \
            "$binary"
    done < <(find "$CUMAE_BUILD/tests" -type f -name 'test_*' -perm -u+x \
        2> /dev/null | sort)
    while IFS= read -r binary; do
        name=${binary##*/fuzz_}
        suite "fuzz/$name" "$binary_limit_s" count_script \
            env TMPDIR="$work" "$binary" "tests/fuzz/corpus/$name"
    done < <(find "$CUMAE_BUILD/tests" -type f -name 'fuzz_*' -perm -u+x \
        2> /dev/null | sort)
    [ $# -gt 0 ] ||
        suite layers 60 count_script tests/layers.sh "$CUMAE_BUILD/liboptimizers.a"
}

scripts() {
    local output folder
    output=$(mktemp -p "$work")
    for folder in "$@"; do
        [ -n "$(find "$folder" -name 'test_*.py' 2> /dev/null)" ] || continue
        suite "$folder" "$pytest_limit_s" count_pytest \
            "$python" -m pytest -q -p no:cacheprovider "$folder"
    done
}

: > "$work/counts"
compiled "$@" &
if [ $# -gt 0 ]; then
    scripts "$@"
else
    scripts tests/service &
    scripts client/python/tests tests/unit tests/e2e tests/web
fi
wait

read -r passed failed < <(awk '{ good += $1; bad += $2 }
    END { print good + 0, bad + 0 }' "$work/counts")
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
