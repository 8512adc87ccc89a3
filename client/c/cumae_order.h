// SPDX-License-Identifier: MIT
// cumae_order.h - throw toys for an upper limit
//
// A trial of a limit study is an order: for the test statistic q of the data at
// a signal strength mu, or for that of toys. Larger q means less compatible
// with the signal, and q has the factor 2 of -2 ln lambda.
//
//     struct cumae_order order;
//     while ((trial = cumae_ask(study, &err))) {
//         cumae_order(trial, &order, &err);
//         if (order.want == CUMAE_WANT_DATA)
//             cumae_tell_data(trial, &data, &err);
//         else
//             cumae_tell_toys(trial, &toys, &err);
//         cumae_trial_free(trial);
//     }

#ifndef CUMAE_CLIENT_ORDER_H
#define CUMAE_CLIENT_ORDER_H

#include "cumae.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { CUMAE_MAX_TOLD = 50000 }; // values in one tell

enum cumae_want {
    CUMAE_WANT_DATA,      // q of the data
    CUMAE_WANT_SIGNAL,    // q of toys with a signal of strength mu
    CUMAE_WANT_BACKGROUND // q of toys of the background alone
};

struct cumae_order {
    enum cumae_want want;
    double mu;
    size_t n_toys; // at most so many
    // Of no other order of the study, from 1 to 2^31 - 1. Toys of signal and of
    // background should also begin differently.
    uint32_t seed;
    // How many values of mu each toy is to be evaluated at, see
    // cumae_order_mu; 0: at `mu` only.
    size_t n_mu;
    // JSON: {"study": what the study was given, "mu": what was told with the
    // data at this mu, or null}; NULL: nothing. Lives as long as the trial.
    const char *context;
};

// Reads what a trial orders. Returns 0, or -1: CUMAE_INVALID when it is not one
// of a limit study.
int cumae_order(const struct cumae_trial *trial, struct cumae_order *order,
                struct cumae_error *err);

// The i-th value of mu to evaluate toys at, i < n_mu; NaN: there is none.
double cumae_order_mu(const struct cumae_trial *trial, size_t i);

// What is known of the data at mu. NaN: not known, which of q is a failure.
struct cumae_data {
    double q;
    double q_asimov; // q of the Asimov data without signal
    double muhat;    // the signal strength that the data like best
    // JSON for those who throw toys at this mu, such as the parameters to throw
    // them with; NULL: none
    const char *context;
};

// Each tell returns 0, or -1 as cumae_tell does.
int cumae_tell_data(struct cumae_trial *trial, const struct cumae_data *data,
                    struct cumae_error *err);

// Toys that were thrown. A q that is NaN, infinite or below -0.01 counts as
// failed: tell it as it is.
struct cumae_toys {
    const double *q; // [n], or with n_mu > 0 [n][n_mu]
    size_t n;        // of at most CUMAE_MAX_TOLD values in all
    size_t n_mu;
    size_t n_failed; // toys without any q, as a fit did not converge
};
int cumae_tell_toys(struct cumae_trial *trial, const struct cumae_toys *toys,
                    struct cumae_error *err);

#ifdef __cplusplus
}
#endif

#endif
