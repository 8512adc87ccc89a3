// SPDX-License-Identifier: GPL-3.0-or-later
// scan.h - the runs of a grid study: what is done, and what is still to do
//
// A grid study has points, and each of them is run once per replica. The points
// of a cartesian grid are the cells of its space, numbered as in grid.h; those
// of a list are the trials that users brought, numbered in that order. A run is
// known by one number, which its trials carry:
//
//   run = point x GRID_MAX_REPLICAS + replica, with replica 1..; 0: none
//
// What a run is follows from its trials alone, so it is the same on every
// instance and after a restart:
//   complete  one of them told a result, be it late
//   running, queued  one of them is, and none told a result
//   lost, erred  the latest was lost or failed, and has attempts left
//   failed    the latest was lost or failed, and was the last attempt
//   dropped   the latest was taken back by a user, or withdrawn
//   fresh     there is none
// So a point is handed out again only when nobody has it, and a run has at most
// one trial that is open.

#ifndef CUMAE_SCAN_H
#define CUMAE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../optimizers/grid.h"
#include "ahead.h"
#include "definition.h"
#include "numbers.h"

enum {
    SCAN_MAX_RUNS = 1000000,      // of a study
    SCAN_MAX_RESTRICTED = 100000, // cells of a space with constraints
};

enum run_state {
    RUN_NONE, // of a cell that the constraints forbid
    RUN_FRESH,
    RUN_LOST,
    RUN_ERRED,
    RUN_DROPPED,
    RUN_QUEUED,
    RUN_RUNNING,
    RUN_COMPLETE,
    RUN_FAILED,
    RUN_STATES
};

struct scan_run {
    int32_t first, latest; // trials, -1: none
    enum run_state state;
};

struct scan {
    struct arena arena; // owns the grid
    struct grid grid;   // of a cartesian one
    bool cartesian;
    size_t n_points; // with the cells that are forbidden
    size_t replicas;
    struct scan_run *runs; // [n_points x replicas]
    size_t capacity;
    size_t count[RUN_STATES];     // runs
    size_t attempts;              // trials of them that were handed out
    struct numbers points;        // of a list, by the key of their ids
    size_t fresh_from;            // in the order of hand-outs: none before it
    size_t lost_from, erred_from; // in `runs`: none in that state before it
};

struct ask;
struct live;
struct study_progress;

// ERROR_INVALID when the space is not one whose cells can be listed, or has too
// many.
int scan_check(const struct space *space, int64_t replicas, struct error *err);

// May a grid study become `after`? The points of a cartesian one are what they
// are; a list may widen its space, and replicas may be added to both.
int scan_check_change(const struct scan *scan, const struct definition *before,
                      const struct definition *after, struct error *err);

// The runs of a study without trials; NULL unless it is a grid study.
struct scan *scan_new(const struct definition *definition);
void scan_free(struct scan *scan);

// The runs of the live study anew, as its definition has changed.
void scan_rebuild(struct live *live);

// ---- trials -----------------------------------------------------------------

// A trial was appended; `live->trials[number].run` says which run it is of.
void scan_enter(struct live *live, size_t number);
// The state of a trial has changed, or whether it is withdrawn.
void scan_touch(struct live *live, size_t number);

// Has the scan such a run, or is it that of the next point of a list?
bool scan_holds(const struct scan *scan, int64_t run);

// Where a run is in scan->runs, and which run is there.
size_t scan_place(const struct scan *scan, int64_t run);
int64_t scan_run_at(const struct scan *scan, size_t place);

// The replica of a run, from 1; 0 for none.
int64_t scan_replica(int64_t run);

// The first trial of the point that a run is of, -1 when there is none: it
// knows what the user said of a point of a list.
int64_t scan_origin(const struct scan *scan, int64_t run);

// What an id is found by in scan->points, never 0.
uint64_t scan_key(const char *id);

// May a list get n more points?
bool scan_has_room(const struct scan *scan, size_t n);

// The run of a new point of a list.
int64_t scan_append(const struct scan *scan);

// The run of a trial that comes with a result: the first of its point that has
// none and is nobody's; 0 without one, as off the grid or beyond the limit.
// `key` is that of the id of the point, 0: it is known by its coordinates
// alone.
int64_t scan_arrive(const struct live *live, const double *point, uint64_t key);

// The trial of the same run that is queued or running, or -1.
int64_t scan_twin(const struct live *live, size_t number);

// Has the run of this trial a result?
bool scan_is_complete(const struct live *live, size_t number);

// ---- what is handed out -----------------------------------------------------

// Is this trial lost or failed, and to be tried again?
bool scan_may_retry(const struct live *live, size_t number);

// A trial that is to be tried again: one that was lost, else one that failed;
// -1 when there is none.
int64_t scan_find_retry(const struct live *live);

// Comes this trial, which is to be tried again, after what was never tried?
// Those that failed do, so that whatever made them fail may pass meanwhile, and
// a machine that fails everything does not use up all attempts of a point.
bool scan_defers(const struct live *live, size_t number);

// The next run that was never tried (see struct kind).
int scan_choose(struct live *live, struct ask *ask, struct arena *arena,
                struct ahead_item *item, struct error *err);

// Is all of a grid study done (see struct kind)?
const char *scan_done(const struct live *live, char *detail);

// Is all of a cartesian grid done, as far as it is going to be? Of a list more
// points may come.
bool scan_is_done(const struct scan *scan);

// Runs that are neither complete nor failed.
size_t scan_missing(const struct scan *scan);

// All runs, without those of forbidden cells.
size_t scan_runs(const struct scan *scan);

// Writes what belongs to the study's row; nothing without a scan.
void scan_show(const struct scan *scan, struct study_progress *progress);

#endif
