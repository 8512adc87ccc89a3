// SPDX-License-Identifier: GPL-3.0-or-later
// limit_terms.h - what a study of kind limit is to find out, and on what terms
//
// A limit study needs no columns of its own for what it hands out: an order is
// the point of a trial, in a space that follows from the terms:
//   POI    the signal strength, from 0 to far beyond `high`
//   want   obs: the test statistic of the data; sb, b: toys of signal plus
//          background, of background alone
//   ntoys  how many, for toys alone
// So leases, retries, restarts and several instances work as they do for all
// trials.
//
// Told test statistics are larger the less they look like signal; where `left`
// says otherwise, their sign is changed when they come.

#ifndef CUMAE_LIMIT_TERMS_H
#define CUMAE_LIMIT_TERMS_H

#include <stdbool.h>

#include "../optimizers/limit_study.h"
#include "../optimizers/space.h"

enum {
    LIMIT_MAX_VALUES = 50000,    // test statistics in a tell
    LIMIT_MAX_TOYS = 1000000000, // of a study
    LIMIT_MAX_POINTS = 200,      // signal strengths of a study
    LIMIT_MAX_CONTEXT = 65536,   // bytes of JSON
    LIMIT_MAX_FAILED = 1000000,  // toys without a value, in a tell
    LIMIT_MAX_BINS = 1000,       // of a histogram
};

#define LIMIT_MAX_MU    1e12 // signal strengths that people write
#define LIMIT_TOLERANCE 0.01 // by which a statistic may be below 0

// What a worker is sent for; the choices of `want`.
enum limit_errand_kind { LIMIT_ERRAND_DATA, LIMIT_ERRAND_SB, LIMIT_ERRAND_B };

struct limit_errand {
    enum limit_errand_kind kind;
    double mu;
    uint64_t ntoys; // 0 for data
};

// The test statistics by name. The first two have known asymptotic laws; all
// but the last three are not negative.
enum limit_statistic {
    LIMIT_Q,
    LIMIT_QTILDE,
    LIMIT_T,
    LIMIT_LEP,
    LIMIT_TEV,
    LIMIT_OTHER,
    LIMIT_STATISTICS
};

struct limit_terms {
    struct limit_plan plan; // plan.points is owned; seconds are not set
    char *poi;              // its name
    enum limit_statistic statistic;
    bool left;   // small values are unlike the signal
    bool hybrid; // nuisance parameters of toys are drawn from a prior
    bool prefit; // the expectation does not look at the data
    double cl;   // 1 - plan.alpha, as it was given
    double max_failure_fraction; // of toys, before it is pointed out
    char *context;               // JSON for all workers, or NULL
};

// The names, in the order of their enums; LIMIT_CURVES of limit_study.h.
extern const char *const limit_statistic_names[LIMIT_STATISTICS];
extern const char *const limit_curve_names[LIMIT_CURVES];
extern const char *const limit_errand_names[3];

void limit_terms_free(struct limit_terms *terms);

// How told statistics are read.
struct limit_toys_rule limit_terms_rule(const struct limit_terms *terms);

// Fills an empty space. ERROR_INVALID where the name of the signal strength is
// none.
int limit_terms_space(const struct limit_terms *terms, struct space *space,
                      struct error *err);

// The point of an order, point[3], and back.
void limit_errand_write(const struct limit_errand *errand, double *point);
struct limit_errand limit_errand_read(const double *point);

#endif
