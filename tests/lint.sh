#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# lint.sh - formatters and static analysers; fails on any finding
#
#   tests/lint.sh [FILE...]   all files of the repository by default
set -u
cd "$(dirname "$0")/.." || exit 1
[ $# -gt 0 ] || mapfile -t files < <(git ls-files -co --exclude-standard)
[ $# -eq 0 ] || files=("$@")

# select EXPRESSION: the files whose names match.
select_files() {
    printf '%s\n' "${files[@]}" | grep -E "$1" | while IFS= read -r file; do
        [ ! -f "$file" ] || echo "$file"
    done
}
mapfile -t c_files < <(select_files '\.[ch]$')
mapfile -t sources < <(select_files '\.c$')
mapfile -t python_files < <(select_files '\.py$')
mapfile -t scripts < <(select_files '(\.sh|\.sbatch|^\.ci/run)$')
failures=0

# check NAME COMMAND...: run it unless it has no files to look at.
check() {
    local name=$1
    shift
    echo "== $name"
    "$@" || {
        failures=$((failures + 1))
        echo "== $name found something"
    }
}

# clang-tidy sees the flags of the Makefile, less those that only gcc knows.
tidy() {
    local flags build=build/release
    flags="-std=c17 -D_GNU_SOURCE -Ioptimizers -Iservice -I$build/gen"
    flags="$flags $(pkg-config --cflags libmicrohttpd gnutls jansson libpq sqlite3 \
        libcrypto libcurl zlib check)"
    make --no-print-directory -s "$build/gen/queries.h" || return 1
    # shellcheck disable=SC2086
    # One file a time: in the second and later ones, clang-tidy 14 takes each
    # va_list for uninitialized.
    printf '%s\0' "${sources[@]}" | xargs -0 -n 1 -P "$(nproc)" \
        sh -c 'flags=$1; shift; clang-tidy --quiet "$@" -- $flags' sh "$flags"
}

# Across files, cppcheck takes an address that is passed on to be written
# through for a value that is read (ctuuninitvar), and does not know that a
# command is given a study unless it says otherwise (ctunullpointer).
cppcheck_all() {
    cppcheck --quiet --std=c17 --language=c --error-exitcode=1 --inline-suppr \
        --enable=warning,performance,portability -Ioptimizers -Iservice \
        -D_GNU_SOURCE --suppress=missingIncludeSystem \
        --suppress=unknownMacro --suppress=ctuuninitvar \
        --suppress=ctunullpointer "${sources[@]}"
}

# Every script with the shell that its first line names.
shells() {
    local script found=0
    for script in "${scripts[@]}"; do
        case $(head -n 1 "$script") in
        *bash) bash -n "$script" || found=1 ;;
        *) sh -n "$script" || found=1 ;;
        esac
    done
    return $found
}

licences() {
    local missing
    missing=$(printf '%s\0' "${c_files[@]}" "${python_files[@]}" \
        "${scripts[@]}" | xargs -0 grep -L SPDX-License-Identifier)
    [ -z "$missing" ] || { echo "without a licence: $missing"; return 1; }
}

[ ${#c_files[@]} -eq 0 ] || check clang-format \
    clang-format --dry-run -Werror "${c_files[@]}"
[ ${#sources[@]} -eq 0 ] || check clang-tidy tidy
[ ${#sources[@]} -eq 0 ] || check cppcheck cppcheck_all
[ ${#python_files[@]} -eq 0 ] || check compileall \
    python3 -m compileall -q "${python_files[@]}"
[ ${#scripts[@]} -eq 0 ] || check "sh -n" shells
check licences licences

echo "$failures of the checks found something"
[ "$failures" -eq 0 ]
