#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# fuzz.sh - runs fuzz targets, one after the other
#
#   tests/fuzz/fuzz.sh SECONDS TARGET...
#
# Prints a line per target; of one with a finding also what it said, and the
# input that leads there. What reaches new code is kept in build/fuzz/corpus,
# where the next run begins. Fails on any finding.
set -u
cd "$(dirname "$0")/../.." || exit 1
seconds=$1
shift
build=build/fuzz
work=$(mktemp -d -p /dev/shm 2> /dev/null || mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
findings=0

# dictionary TARGET: the option that names its dictionary.
dictionary() {
    case $1 in
    expression) echo "-dict=tests/fuzz/expression.dict" ;;
    hopaas) echo "-dict=tests/fuzz/hopaas.dict" ;;
    json | definition | route | jwt) echo "-dict=tests/fuzz/json.dict" ;;
    esac
}

# last PATTERN: the last number behind a word of libFuzzer.
last() {
    grep -oE "$1 *[0-9]+" "$work/output" | tail -n 1 | grep -oE '[0-9]+$'
}

for target in "$@"; do
    mkdir -p "$build/corpus/$target" "$build/findings"
    # shellcheck disable=SC2046
    OPENBLAS_NUM_THREADS=1 TMPDIR=$work "$build/tests/fuzz/fuzz_$target" \
        "$build/corpus/$target" "tests/fuzz/corpus/$target" \
        $(dictionary "$target") -max_total_time="$seconds" -timeout=60 \
        -print_final_stats=1 -artifact_prefix="$build/findings/$target-" \
        > "$work/output" 2>&1
    status=$?
    printf '%-12s %8s execs/s %6s edges %s\n' "$target" \
        "$(last average_exec_per_sec:)" "$(last cov:)" \
        "$([ $status -eq 0 ] && echo "no finding" || echo "A FINDING")"
    if [ $status -ne 0 ]; then
        findings=$((findings + 1))
        grep -v '^#' "$work/output" | tail -n 60 | sed 's/^/    /'
    fi
done
[ "$findings" -eq 0 ]
