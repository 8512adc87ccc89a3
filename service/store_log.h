// SPDX-License-Identifier: GPL-3.0-or-later
// store_log.h - what happens during a study: reports and events
//
// The conventions are those of store.h.

#ifndef CUMAE_STORE_LOG_H
#define CUMAE_STORE_LOG_H

#include "store.h"

// ---- reports --------------------------------------------------------------

struct report_row {
    int64_t study_id, number, step;
    double value; // in the user's sign
    int64_t at_ms;
    int64_t revision;
};

// Inserts or replaces the report of (study_id, number, step).
int store_report_put(struct store *store, const struct report_row *row,
                     struct error *err);
// Reports that changed after `revision` (-1: all), by number, then step.
int store_reports_since(struct store *store, int64_t study_id, int64_t revision,
                        int (*visit)(void *context,
                                     const struct report_row *row,
                                     struct error *err),
                        void *context, struct error *err);
// Reports of the trials first..last (numbers, inclusive), by number and step.
int store_reports_of(struct store *store, int64_t study_id, int64_t first,
                     int64_t last,
                     int (*visit)(void *context, const struct report_row *row,
                                  struct error *err),
                     void *context, struct error *err);

// ---- events ---------------------------------------------------------------

struct event_row {
    int64_t study_id;
    int64_t revision; // the event's sequence number within the study
    const char *kind; // "trial_started", "trial_ended", "study_created" ...
    int64_t number;   // the trial, or -1
    int64_t at_ms;
    int64_t user_id;    // who, 0: the service
    const char *detail; // JSON of what it changed, or NULL

    // Filled in by reading.
    const char *user; // the name of who, or NULL
    int state;        // enum trial_state that the trial has now, or -1
};

// (study_id, revision) is unique. Meant for the hot path: written in bulk.
int store_event_add(struct store *store, const struct event_row *row,
                    struct error *err);

// The first events after a revision, the oldest first.
struct event_page {
    int64_t study_id, after;
    size_t limit;
    struct event_row *events; // [n], in the arena they are read into
    size_t n;
};
int store_event_page(struct store *store, struct event_page *page,
                     struct arena *arena, struct error *err);

#endif
