// SPDX-License-Identifier: GPL-3.0-or-later
// route_building.h - trials on their way into a study, step by step
//
// A command that is done submits itself again until nothing is left (copy.h),
// and others take their turn in between. A study that is new is built unseen,
// and published with the last step.

#ifndef CUMAE_ROUTE_BUILDING_H
#define CUMAE_ROUTE_BUILDING_H

#include "copy.h"
#include "route.h"
#include "store_study.h"

struct building {
    struct command command;
    struct call *call;
    const char *action;  // for the audit log
    struct copy *copies; // [n]
    size_t n, which;
    const struct copied *listed; // [n_listed] trials of a file, instead
    size_t n_listed;
    struct copy_step step;
    size_t n_new, n_there, n_unfit;
    // Of a study that is built:
    struct study_wanted wanted;
    int64_t built_id; // of the study that is built, 0: none
    bool again;       // publishing met another one
    struct study_row row;
    char key[STUDY_KEY_CHARS + 1];
};

// Makes one, with room for n copies, in the arena of the request. `action` is
// for the audit log.
struct building *building_new(struct call *call, size_t n, const char *action);

// May the caller make a study from what may be read?
int building_allowed(const struct principal *principal, struct error *err);

// Finds or builds building->wanted, and answers with the study.
void building_begin(struct building *building);

// ---- for other commands -----------------------------------------------------

// One step, inside the transaction.
int building_step(struct building *building, struct live *live,
                  struct store *store, struct error *err);

// Writes the line of a merge, with the first step that brings something.
int building_record_merge(const struct building *building,
                          const struct live *live, struct store *store,
                          struct error *err);

// Counts what a step has done, and moves on. Returns false at the end.
bool building_move_on(struct building *building);

// Answers with the text or the error of the command, and frees what the heap
// holds.
void building_finish(struct building *building, const struct text *text,
                     int status);

#endif
