#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# embed.sh - the pages as an assembler file, so that they live in the binary
#
# Usage: embed.sh FOLDER FILE... > assets.S
#
# Each FILE is put in as it is and, when it is text, gzipped too. The table
# asset_table (struct asset, see asset.c) has the path relative to FOLDER, the
# bytes and an entity tag made of the file's SHA-256.
set -eu

folder=$1
shift

cat << 'END'
// Made by service/embed.sh; do not edit.
    .section .note.GNU-stack,"",%progbits
    .section .rodata
END

n=0
for file; do
    case $file in
    *.html | *.css | *.js | *.mjs | *.json | *.svg | *.txt | *.map | *.md)
        # -n: no name and time, so that builds are reproducible
        packed=$(gzip -9nc "$file" | od -An -v -tu1 |
            sed 's/^ *//; s/  */,/g; s/^/    .byte /')
        ;;
    *) packed= ;;
    esac
    tag=$(sha256sum "$file" | cut -c 1-32)
    cat << END
    .balign 16
data_$n:
    .incbin "$file"
end_$n:
    .byte 0
    .balign 16
gzip_$n:
$packed
gzip_end_$n:
path_$n:
    .asciz "${file#"$folder"/}"
tag_$n:
    .asciz "$tag"
END
    n=$((n + 1))
done

cat << 'END'
    .section .data.rel.ro,"aw"
    .balign 8
    .globl asset_table
asset_table:
END
i=0
while [ "$i" -lt "$n" ]; do
    echo "    .8byte path_$i, tag_$i, data_$i, end_$i - data_$i"
    echo "    .8byte gzip_$i, gzip_end_$i - gzip_$i"
    i=$((i + 1))
done
cat << END
    .globl asset_count
asset_count:
    .8byte $n
END
