#!/bin/sh
# SPDX-License-Identifier: MIT
# curl.sh - one trial with nothing but curl; needs CUMAE_URL and CUMAE_TOKEN
set -eu
say() {
    curl -fsS -H "Authorization: Bearer $CUMAE_TOKEN" "$@"
    echo
}
post() {
    say -H 'Content-Type: application/json' --data "$2" "$CUMAE_URL/api/v1$1"
}

trial=$(post /ask '{"study": {"name": "from the shell",
    "objectives": [{"name": "loss", "direction": "minimize"}],
    "space": {"x": {"type": "float", "low": -1, "high": 1}}}}')
echo "asked: $trial"
study=$(echo "$trial" | sed 's/.*"study_id": *"\([^"]*\)".*/\1/')
number=$(echo "$trial" | sed 's/.*"number": *\([0-9]*\).*/\1/')
x=$(echo "$trial" | sed 's/.*"x": *\([-0-9.eE+]*\).*/\1/')

loss=$(awk "BEGIN { print ($x - 0.3) ^ 2 }")
printf 'told:  '
post "/studies/$study/trials/$number/tell" "{\"value\": $loss}"
printf 'best:  '
say "$CUMAE_URL/api/v1/studies/$study/best"
