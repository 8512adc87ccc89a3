// SPDX-License-Identifier: GPL-3.0-or-later
// wire_columns.c - columns of numbers, as JSON or as bytes

#include "wire_columns.h"

#include <endian.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

static void write_labels(struct text *text, const struct columns *columns)
{
    text_key(text, "labels");
    text_char(text, '{');
    for (size_t i = 0; i < columns->n_columns; i++) {
        const char *label = columns_label(columns, i, 0);
        if (!label)
            continue;
        text_key(text, columns->columns[i].name);
        text_char(text, '[');
        for (size_t k = 0; label; label = columns_label(columns, i, ++k)) {
            text_next(text);
            if (columns_labels_are_json(columns, i))
                text_json(text, label);
            else
                text_string(text, label);
        }
        text_char(text, ']');
    }
    text_char(text, '}');
}

// Appends the object without its closing brace.
static void open_head(struct text *text, const struct columns *columns,
                      const struct columns_head *head)
{
    text_char(text, '{');
    text_key_string(text, "study_id", head->study_key);
    text_key_int(text, "revision", head->revision);
    text_key_int(text, "rows", (int64_t)columns->n);
    text_key(text, "next");
    if (head->next < 0)
        text_add(text, "null");
    else
        text_print(text, "\"%" PRId64 "\"", head->next);
    text_key(text, "columns");
    text_char(text, '[');
    for (size_t i = 0; i < columns->n_columns; i++) {
        text_next(text);
        text_string(text, columns->columns[i].name);
    }
    text_char(text, ']');
    write_labels(text, columns);
}

static void write_cell(struct text *text, double value)
{
    text_next(text);
    if (fabs(value) < 1e15 && value == floor(value))
        text_int(text, (int64_t)value);
    else
        text_real(text, value);
}

void wire_columns_json(struct text *text, const struct columns *columns,
                       const struct columns_head *head)
{
    open_head(text, columns, head);
    text_key(text, "data");
    text_char(text, '{');
    for (size_t i = 0; i < columns->n_columns; i++) {
        text_key(text, columns->columns[i].name);
        text_char(text, '[');
        for (size_t row = 0; row < columns->n; row++)
            write_cell(text, columns->columns[i].cells[row]);
        text_char(text, ']');
    }
    text_add(text, "}}");
}

void wire_columns_bytes(struct text *text, const struct columns *columns,
                        const struct columns_head *head)
{
    struct text object;
    text_init(&object, text->arena);
    open_head(&object, columns, head);
    text_char(&object, '}');
    while ((8 + object.n) % 8 != 0)
        text_char(&object, ' ');
    uint32_t length = htole32((uint32_t)object.n);
    text_bytes(text, "CUMC", 4);
    text_bytes(text, (const char *)&length, sizeof length);
    text_bytes(text, object.data, object.n);
    for (size_t i = 0; i < columns->n_columns; i++)
        for (size_t row = 0; row < columns->n; row++) {
            uint64_t bits;
            memcpy(&bits, &columns->columns[i].cells[row], sizeof bits);
            bits = htole64(bits);
            text_bytes(text, (const char *)&bits, sizeof bits);
        }
}
