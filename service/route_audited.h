// SPDX-License-Identifier: GPL-3.0-or-later
// route_audited.h - what people change leaves a line in the audit log
//
// A handler writes the line in the transaction of the change, from its apply.
// A call that changed nothing, such as a repeat, leaves none.

#ifndef CUMAE_ROUTE_AUDITED_H
#define CUMAE_ROUTE_AUDITED_H

#include "route.h"
#include "study.h"

struct audited {
    const char *action;         // noun.verb
    int64_t study_id;           // 0: none
    const char *object;         // which one; NULL: see study_id
    const char *before, *after; // JSON, or NULL
};

int route_audited(const struct call *call, struct store *store,
                  const struct audited *what, struct error *err);

// Writes that a study was made, if it was.
int route_audited_new(const struct call *call, struct store *store,
                      const struct study_wanted *wanted, struct error *err);

// Applies a change of a trial by a person, and writes what it changed: the
// fields that differ. Safe on several threads for one call.
struct audited_trial {
    const char *action;
    int64_t number;
    int (*apply)(struct command *command, struct live *live,
                 struct store *store, struct error *err);
    struct command *command;
};
int route_audited_trial(const struct call *call,
                        const struct audited_trial *trial, struct live *live,
                        struct store *store, struct error *err);

#endif
