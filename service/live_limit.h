// SPDX-License-Identifier: GPL-3.0-or-later
// live_limit.h - what a live limit study knows of data and toys
//
// A signal strength becomes a site when a trial is ordered there, so that the
// sites are a function of the points of the trials. What was told is a cache of
// the rows of store_limit.h and, like the live study itself, touched under the
// lock of the study's row alone. Everything is the same on all instances and
// after a restart, bit by bit: samples do not depend on the order of tells, and
// what does (medians of the latest times, sums of them) follows the revisions.
//
// When the data of a site become known after toys, or are found to be others,
// toys that were merged into coarse cells are counted again from the store.
// When a result is withdrawn, everything is read again.
//
// A site takes 2 x 512 KiB at most, however many toys it has, and there are
// LIMIT_MAX_POINTS of them at most.

#ifndef CUMAE_LIVE_LIMIT_H
#define CUMAE_LIVE_LIMIT_H

#include "limit_terms.h"
#include "live.h"
#include "store_limit.h"

enum {
    LIMIT_MAX_PLACES = 1000, // at which workers are, by name
    LIMIT_TIMES = 63,        // the latest ones, of which medians are taken
};

// The statistic of the data, as one trial told it.
struct live_limit_datum {
    int64_t number;
    double q, q_asimov, muhat;
    char *place, *context; // or NULL
    bool odd;              // it does not agree with the others
};

struct live_limit_site {
    double mu;
    size_t first;            // the trial that was ordered here first
    struct limit_toys sb, b; // watching the data
    uint64_t *shared;        // [LIMIT_MAX_POINTS + 1] toys of background by
                             // the number of points they were evaluated at;
                             // NULL: all at one
    struct live_limit_datum *data;
    size_t n_data;
    bool observed, inconsistent;
    double q;                              // that the data agree on
    const struct live_limit_datum *source; // of q_asimov, muhat and context;
                                           // NULL without data
    bool recount;                          // toys do not watch q yet
    bool fresh;                            // the summary is up to date
    struct limit_summary summary;
};

// Where workers are.
struct live_limit_place {
    char *name; // NULL: they did not say, or there are too many
    uint64_t toys, failed, negative;
    double seconds[2][LIMIT_TIMES]; // per toy: signal and background, of
    size_t n_seconds[2];            // background; how many were told
};

struct live_limit {
    struct live_limit_site *sites; // in the order in which they became known
    size_t n, capacity;
    uint16_t *site_of; // [n_known] of the first trials
    size_t n_known, room;
    struct live_limit_place *places;
    size_t n_places;
    struct live_limit_place all; // all workers; toys that were evaluated at
    uint64_t toys[2], failed, negative; // several points count once here
    double seconds;                     // that were told
    bool stale;                         // a result was withdrawn, or came back
    bool looked;                        // study is up to date
    struct limit_summary *summaries;
    struct limit_study study;
    struct arena arena; // of study
};

struct live_limit *live_limit_new(void);
void live_limit_free(struct live_limit *limit);

// The terms have changed.
void live_limit_forget(struct live *live);

// Reads what was told in revisions above `after`, once the trials are known;
// all of it if something was withdrawn. Does nothing for other kinds.
int live_limit_catch_up(struct live *live, struct store *store, int64_t after,
                        struct error *err);

// Reads everything again.
int live_limit_reload(struct live *live, struct store *store,
                      struct error *err);

// Enters what a trial of the live study just told; the store has it already.
int live_limit_tell_data(struct live *live, struct store *store,
                         const struct limit_data_row *row, struct error *err);
void live_limit_tell_toys(struct live *live, const struct limit_toys_row *row);

// Sees to it that the sites of all trials are known.
void live_limit_sync(const struct live *live);

// The site at which a trial was ordered.
struct live_limit_site *live_limit_site_of(const struct live *live,
                                           size_t number);

// What the told toys say. Kept until something is told.
const struct limit_study *live_limit_look(const struct live *live);

// What is out, for each site; in the arena.
struct limit_running *live_limit_running(const struct live *live,
                                         struct arena *arena);

// Toys that are out, each where it is evaluated.
struct live_limit_out {
    uint64_t *toys[2]; // [n] of signal and background, of background
    uint64_t total;    // each once
};
struct live_limit_out live_limit_out(const struct live *live,
                                     struct arena *arena);

// The sites at which a trial evaluates its toys, its own one first; background
// toys that are shared: at all that were known when it was handed out, as far
// as LIMIT_MAX_VALUES allows. Returns how many; sites[LIMIT_MAX_POINTS].
size_t live_limit_points(const struct live *live, size_t number,
                         size_t sites[LIMIT_MAX_POINTS]);

// The median of the seconds per toy that workers at this place (NULL: any) told
// lately; what all workers told where they told nothing; 0: unknown.
double live_limit_seconds(const struct live *live, const char *place,
                          enum limit_errand_kind kind);

#endif
