// SPDX-License-Identifier: GPL-3.0-or-later
// store_audit.h - what people changed, as the store keeps it
//
// A line is written in the transaction of the change that it tells of, so there
// is neither without the other. It never holds a secret. What workers do to
// trials is not here: trials and events tell that.

#ifndef CUMAE_STORE_AUDIT_H
#define CUMAE_STORE_AUDIT_H

#include "store.h"

struct audit_row {
    int64_t at_ms;
    int64_t user_id, token_id; // 0: the command line
    const char *address, *request_id;
    const char *action;         // noun.verb: "study.delete", "token.revoke"
    int64_t study_id;           // 0: none
    const char *object;         // which one: an id or a name, or NULL
    const char *before, *after; // JSON, or NULL
};

int store_audit_add(struct store *store, const struct audit_row *row,
                    struct error *err);

#endif
