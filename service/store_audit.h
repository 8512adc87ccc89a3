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

struct audit_line {
    int64_t id;
    struct audit_row row;
    const char *user;      // name, or NULL
    const char *study_key; // NULL: of none, or of one that is gone
};

struct audit_filter {
    int64_t before_id;  // 0: from the newest; else only ids below
    int64_t user_id;    // 0: any
    int64_t study_id;   // 0: any
    const char *object; // which one, or NULL
    const char *action; // noun.verb, or a noun; or NULL
    int64_t since_ms;   // inclusive
    int64_t until_ms;   // exclusive; 0: none
    int limit;
};

// Newest first.
int store_audit_list(struct store *store, const struct audit_filter *filter,
                     int (*visit)(void *context, const struct audit_line *line,
                                  struct error *err),
                     void *context, struct error *err);

enum { AUDIT_TRIM_STEP = 1000 };

// Removes of the AUDIT_TRIM_STEP oldest lines those from before before_ms, and
// says how many.
int store_audit_trim(struct store *store, int64_t before_ms, int64_t *n,
                     struct error *err);

#endif
