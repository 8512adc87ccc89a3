// SPDX-License-Identifier: GPL-3.0-or-later
// wire_token.c - the JSON of tokens, and the words in it

#include "wire_token.h"

#include "account.h"
#include "clock.h"
#include "token.h"

void wire_scopes(struct text *text, unsigned scopes)
{
    text_key(text, "scopes");
    text_char(text, '[');
    for (unsigned scope = 1; scope <= SCOPE_ADMIN; scope *= 2) {
        if (!(scopes & scope))
            continue;
        text_next(text);
        text_string(text, scope_name(scope));
    }
    text_char(text, ']');
}

void wire_token(struct text *text, const struct token_row *row)
{
    text_key_int(text, "id", row->id);
    text_key_string(text, "name", row->name);
    text_key_string(text, "prefix", row->prefix);
    wire_scopes(text, row->scopes);
    text_key_string(text, "study_id", row->study_key);
    text_key_string(text, "campaign_id", row->campaign_key);
    text_key_time(text, "created", row->created_ms);
    text_key_time(text, "expires", row->expires_ms);
    text_key_time(text, "revoked", row->revoked_ms);
    text_key_time(text, "last_used", row->used_ms);
    text_key_string(text, "last_address", row->used_address);
    text_key(text, "rotated_from");
    if (row->rotated_from)
        text_int(text, row->rotated_from);
    else
        text_add(text, "null");
}

int64_t wire_token_expiry(const struct fields *fields, const char *standard)
{
    const char *text = fields_text(fields, "expires", 40, standard);
    if (fields->err->code || !text)
        return 0;
    return token_expiry(text, clock_wall_ms(), fields->err);
}
