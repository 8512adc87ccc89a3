#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# layers.sh - dependencies point one way, and the optimizers are pure
#
#   layers.sh LIBOPTIMIZERS.A [ROOT]
#
# Prints each offence against the rules below, and fails if there is one. ROOT is
# the tree to look at: the repository, unless a test brings its own.
set -u
export LC_ALL=C
archive=$(realpath "$1") || exit 1
cd "${2:-$(dirname "$0")/..}" || exit 1
offences=$(mktemp) || exit 1
trap 'rm -f "$offences"' EXIT

# Offends with every line of its input: "rule: line".
offend() {
    while IFS= read -r line; do printf '%s: %s\n' "$1" "$line"; done >> \
        "$offences"
}

# Prints FILE:LINE:#include of every file among $@ that exists.
includes() {
    local files=()
    for file in "$@"; do [ -f "$file" ] && files+=("$file"); done
    [ ${#files[@]} -eq 0 ] ||
        grep -HnE '^[[:space:]]*#[[:space:]]*include' "${files[@]}"
}

# ---- liboptimizers.a needs nothing but memory, strings and maths -------------

memory='malloc|calloc|realloc|free|abort|qsort|__assert_fail'
string='mem(cpy|move|set|cmp|chr)|str(len|cmp|ncmp|chr|str)|v?snprintf'
maths='(ceil|floor|rint|nearbyint|round|trunc|fabs|fmin|fmax|fmod|hypot|cbrt)'
maths+='|(sqrt|pow|exp|exp2|expm1|log|log2|log10|log1p|ldexp|frexp|nextafter)'
maths+='|(sin|cos|tan|asin|acos|atan|atan2|sinh|cosh|tanh|erf|erfc|l?gamma_r)'
algebra='(gsl|cblas|LAPACKE)_[a-zA-Z0-9_]+'
compiler='__[a-z]+_chk|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_'
compiler+='|__(asan|ubsan|tsan)_[a-zA-Z0-9_]+|__cpu_(model|indicator_init)'
allowed="^($memory|$string|$maths|$algebra|$compiler)$"
forbidden_gsl='^gsl_(rng_env_setup|.*_f(printf|scanf|write|read))$'

symbols=$(nm -P "$archive" 2> /dev/null) || exit 1
defined=$(awk '$2 ~ /^[A-TV-Zi]$/ { print $1 }' <<< "$symbols" | sort -u)
undefined=$(awk '$2 == "U" { print $1 }' <<< "$symbols" | sort -u)
[ -n "$defined" ] || echo "$archive" | offend "no symbols at all"
comm -23 <(echo "$undefined") <(echo "$defined") | grep -vE "$allowed" |
    offend "liboptimizers.a must not need"
grep -E "$forbidden_gsl" <<< "$undefined" |
    offend "liboptimizers.a must not need"
# Sanitizers bring data of their own.
grep -qE '^__(asan|tsan)_' <<< "$undefined" ||
    size -A "$archive" | awk '/ex / { of = $1 }
        $1 ~ /^\.(data|bss|tdata|tbss)$/ && $2 > 0 { print of, $1 }' |
    offend "liboptimizers.a must not have variables that outlive a call"

# ---- who includes what -------------------------------------------------------

libc='assert|ctype|errno|float|inttypes|limits|math|stdalign|stdarg|stdbool'
libc+='|stddef|stdint|stdio|stdlib|string'
includes optimizers/*.[ch] |
    grep -vE "<($libc)\.h>|<gsl/[a-z_]+\.h>|<(cblas|lapacke)\.h>|\"[^/\"]+\"" |
    offend "optimizers include only their own headers, libc, GSL and BLAS"
includes optimizers/*.[ch] | grep -E '"[^/"]+"' | while IFS= read -r line; do
    name=${line#*\"}
    [ -f "optimizers/${name%\"*}" ] || echo "$line"
done | offend "optimizers include only their own headers"
for kind in sampler pruner; do
    includes optimizers/"$kind"_*.[ch] | grep -E "\"${kind}_[^\"]*\"" |
        offend "a $kind never includes another one"
done

# only HEADER-PATTERN FILE-PATTERN: nobody else in the service includes these.
only() {
    includes service/*.[ch] optimizers/*.[ch] | grep -E "<($1)>" |
        grep -vE "^service/($2):" |
        offend "<$1> belongs to service/($2)"
}
only 'microhttpd\.h' 'http[a-z_]*\.[ch]'
only 'gnutls/.*\.h' 'http[a-z_]*\.[ch]'
only 'libpq-fe\.h' 'pgpipeline\.h'
only 'sqlite3\.h' 'db_sqlite\.c'
only 'jansson\.h' '(wire|route)[a-z_]*\.[ch]'
only '(jwt|openssl/.*)\.h' '(auth|oidc)[a-z_]*\.[ch]'
only 'curl/.*\.h' '((auth|oidc)[a-z_]*\.[ch]|outbound\.c)'

ours=$(ls optimizers service 2> /dev/null | grep '\.h$' |
    sed 's/\./\\./' | paste -sd '|')
while IFS= read -r file; do
    includes "$file" |
        grep -E "\"(($ours)|[^\"]*(optimizers|service)/[^\"]*)\"" |
        offend "nothing in client/ includes the service or the optimizers"
done < <(find client -name '*.[ch]' 2> /dev/null)

# ---- SQL stays in sql/, the store and the drivers ----------------------------

for file in service/*.[ch]; do
    case $file in service/store* | service/db*) continue ;; esac
    [ -f "$file" ] && grep -HnE '"[^"]*\b(SELECT|INSERT) ' "$file"
done | offend "no SQL outside store and db"

cat "$offences"
[ ! -s "$offences" ]
