// SPDX-License-Identifier: GPL-3.0-or-later
// wire_columns.h - columns of numbers, as JSON or as bytes
//
// Both begin with the same JSON object:
//
//   {"study_id": "...", "revision": 7, "rows": 2, "next": null,
//    "columns": ["number", "state"], "labels": {"state": ["queued", ...]}}
//
// As JSON it has the member "data", too: the columns by name, null for none. As
// bytes: "CUMC", the length of that object as a little-endian 32-bit number,
// the object, padded with spaces so that 8 + length is a multiple of 8, and
// then the cells column by column as little-endian 64-bit IEEE numbers, NaN for
// none. A typed array can be laid over them where they are.

#ifndef CUMAE_WIRE_COLUMNS_H
#define CUMAE_WIRE_COLUMNS_H

#include "columns.h"
#include "text.h"

struct columns_head {
    const char *study_key;
    int64_t revision; // `since` of the next request
    int64_t next;     // cursor of the next page, -1: there is none
};

void wire_columns_json(struct text *text, const struct columns *columns,
                       const struct columns_head *head);

void wire_columns_bytes(struct text *text, const struct columns *columns,
                        const struct columns_head *head);

#endif
