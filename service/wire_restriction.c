// SPDX-License-Identifier: GPL-3.0-or-later
// wire_restriction.c - the JSON of a study's constraints

#include "wire_restriction.h"

static int read_one(const struct fields *study, const json_t *text, size_t i,
                    struct space *space)
{
    struct error fault = {0};
    const char *dot = *study->where ? "." : "";
    if (!json_is_string(text) || wire_odd_number(text))
        return error_set(study->err, ERROR_MALFORMED,
                         "%.80s%sconstraints[%zu] must be a string, not %s",
                         study->where, dot, i, wire_type(text));
    if (restriction_add(space, json_string_value(text), &fault))
        return error_set(study->err, ERROR_INVALID,
                         "%.80s%sconstraints[%zu], %.200s", study->where, dot,
                         i, fault.message);
    return 0;
}

int wire_restrictions_read(const struct fields *study, struct space *space)
{
    const json_t *list = fields_get(study, "constraints"), *text;
    size_t i;
    if (list && !json_is_array(list))
        return fields_fail(study, ERROR_MALFORMED, "constraints",
                           "must be an array, not %s", wire_type(list));
    if (json_array_size(list) > RESTRICTION_MOST)
        return fields_fail(study, ERROR_INVALID, "constraints",
                           "must be at most %d, not %zu", RESTRICTION_MOST,
                           json_array_size(list));
    json_array_foreach(list, i, text)
    {
        if (read_one(study, text, i, space))
            return -1;
    }
    return 0;
}

void wire_restrictions_write(struct text *text, const struct space *space)
{
    const struct restrictions *all = space->restrictions;
    text_key(text, "constraints");
    text_char(text, '[');
    for (size_t i = 0; all && i < all->n; i++) {
        text_next(text);
        text_string(text, all->list[i].text);
    }
    text_char(text, ']');
}
