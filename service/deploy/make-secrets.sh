#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# make-secrets.sh - passwords of the database and a certificate to try things out
#
# Usage: make-secrets.sh [HOST [FOLDER]]
#   HOST    the name in the certificate (localhost)
#   FOLDER  where they go (secrets, next to this file)
# What exists is kept. The certificate is self-signed: browsers and clients
# will complain until you put a real one in its place.
set -eu

host=${1:-localhost}
folder=${2:-$(dirname "$0")/secrets}

# Containers read the files as other users, so the folder keeps others out.
mkdir -p "$folder/tls"
chmod 700 "$folder"

# One of the role that owns the schema, one of that which serves.
for name in database_password service_password; do
    if [ ! -e "$folder/$name" ]; then
        openssl rand -hex 24 > "$folder/$name"
        chmod 444 "$folder/$name"
        echo "made $folder/$name"
    fi
done

if [ ! -e "$folder/tls/tls.key" ]; then
    case $host in
    *[!0-9.]*) name="DNS:$host" ;;
    *) name="IP:$host" ;;
    esac
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc \
        -days 365 -subj "/CN=$host" -addext "subjectAltName=$name" \
        -keyout "$folder/tls/tls.key" -out "$folder/tls/tls.crt" 2> /dev/null
    echo "made $folder/tls/tls.crt for $host, valid for a year"
fi
