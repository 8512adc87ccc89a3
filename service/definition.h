// SPDX-License-Identifier: GPL-3.0-or-later
// definition.h - what a study is: its space, its goal and its rules
//
// The parsed form of the JSON text that the store keeps (wire_definition.h
// reads and writes it). A definition is immutable; a changed study gets a new
// one.
//
// Notation: m objectives, k outcome constraints, c columns of the history's
// constraints: one for each bound.

#ifndef CUMAE_DEFINITION_H
#define CUMAE_DEFINITION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "../optimizers/pruner.h"
#include "../optimizers/sampler.h"

enum {
    STUDY_MAX_NAME = 200, // bytes
    STUDY_MAX_TAGS = 50,
    STUDY_MAX_TAG = 100,     // bytes
    STUDY_MAX_NOTES = 65536, // bytes
    STUDY_MAX_OBJECTIVES = 8,
    STUDY_MAX_OUTCOME_CONSTRAINTS = 16,
    STUDY_MAX_WARM_START = 10,
    STUDY_MAX_LIMIT = 1000000000, // of a budget, and of the cost of a trial
    STUDY_MAX_POINTS = 10000,     // of an iteration
    GRID_MAX_REPLICAS = 1000,     // of a point
};

// A limit that is not set is 0; target is NaN.
struct budget {
    int64_t max_trials;  // points handed out in all, retries not counted
    int64_t max_running; // at the same time
    int64_t max_failed;  // failed trials after which no more is handed out
    int64_t patience;    // results without a new best
    int64_t deadline_ms; // wall time
    double target;       // in the user's sign: as good as this is enough
    double max_cost;     // of all trials, in the user's unit
};

// Trials are handed out in batches. The next one begins when `trigger_fraction`
// of the latest one has ended.
struct iteration {
    int64_t points; // of a batch; 0: there are no batches
    double trigger_fraction;
};

struct objective {
    char *name;
    bool maximize;
};

// What is measured beside the values, and the bounds that it must keep.
struct outcome_constraint {
    char *name;
    double lower, upper; // NaN: no such bound
};

// kind.h says what sets them apart.
enum study_kind {
    STUDY_HPO,
    STUDY_GRID,
    STUDY_LIMIT,
    STUDY_CONTOUR,
    STUDY_KINDS
};

// Of a study of kind grid.
struct grid_plan {
    bool cartesian;   // its points are the cells of the space; else a list
    int64_t replicas; // 1..GRID_MAX_REPLICAS
};
struct limit_terms;

struct definition {
    char *name;
    enum study_kind kind;
    struct grid_plan grid;
    struct limit_terms *limit; // of kind limit, else NULL (limit_terms.h)
    struct objective objectives[STUDY_MAX_OBJECTIVES];
    size_t n_objectives; // m
    struct outcome_constraint
        outcome_constraints[STUDY_MAX_OUTCOME_CONSTRAINTS];
    size_t n_outcome_constraints; // k
    struct space space;
    const struct sampler *sampler;
    double sampler_options[OPTION_MAX];
    uint64_t seed; // below 2^53, so that JSON keeps it
    const struct pruner *pruner;
    double pruner_options[OPTION_MAX];
    struct budget budget;
    struct iteration iteration;
    int64_t lease_s; // how long a trial is its worker's without a call
    int64_t max_attempts;
    char *warm_start[STUDY_MAX_WARM_START]; // keys of studies to learn from
    size_t n_warm_start;
    char *constants;    // JSON object text, or NULL
    char *tags;         // JSON array text, or NULL
    char *notes;        // Markdown, or NULL
    bool hopaas;        // made by the Hopaas face
    char *origin;       // digest of the text it was created with, or NULL
    atomic_int sharers; // users beside the first one
};

// Another user of the definition, who will free it, too.
struct definition *definition_keep(struct definition *definition);

// Frees it when nobody uses it any more; NULL is fine.
void definition_free(struct definition *definition);

// The user's value of a minimised one and back: its own inverse, NaN stays.
double definition_sign(const struct definition *definition, size_t objective,
                       double value);

// c, the number of bounds.
size_t definition_n_bounds(const struct definition *definition);

#endif
