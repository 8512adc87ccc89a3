// SPDX-License-Identifier: GPL-3.0-or-later
// wire_token.h - the JSON of tokens, and the words in it

#ifndef CUMAE_WIRE_TOKEN_H
#define CUMAE_WIRE_TOKEN_H

#include "store_account.h"
#include "text.h"
#include "wire.h"

// Appends the key "scopes" with the names of these scopes.
void wire_scopes(struct text *text, unsigned scopes);

// Appends the members of a token, without braces and without its secret.
void wire_token(struct text *text, const struct token_row *row);

// Reads the member `expires` as token_expiry does; `standard` when it is
// absent, 0 when that is NULL.
int64_t wire_token_expiry(const struct fields *fields, const char *standard);

#endif
