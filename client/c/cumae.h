// SPDX-License-Identifier: MIT
// cumae.h - ask a Cumae service what to try, and tell it how it went
//
//     struct cumae_error err = {0};
//     struct cumae *service = cumae_open(NULL, NULL, &err);
//     struct cumae_study *study = cumae_study(service, definition, &err);
//     struct cumae_trial *trial;
//     while ((trial = cumae_ask(study, &err))) {
//         double x = cumae_trial_double(trial, "x", &err);
//         cumae_tell(trial, (x - 1) * (x - 1), &err);
//         cumae_trial_free(trial);
//     }
//
// Calls wait for the service and try again, with growing random pauses, while
// it cannot be reached or asks to come back later: see cumae_patience. Every
// call may be repeated safely; the library does so itself, and an ask that was
// interrupted hands out the same trial again.
//
// Errors: functions that can fail take a `struct cumae_error *` last (NULL:
// not interested). It is filled on failure and left alone on success, so it
// can be looked at once after several calls.
//
// Threads: one thread at a time may use a service, its studies and its trials;
// several services are independent. The first cumae_open of a program must
// happen while no other thread uses libcurl, unless libcurl was built to be
// initialised from any thread (7.84 and later on most systems).

#ifndef CUMAE_CLIENT_H
#define CUMAE_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum cumae_code {
    CUMAE_OK,
    CUMAE_ENDED,        // no more trials: the normal end of a worker
    CUMAE_INVALID,      // an argument or definition that makes no sense
    CUMAE_UNAUTHORIZED, // no valid token, or one that does not reach this far
    CUMAE_NOT_FOUND,    // no such study, trial or parameter
    CUMAE_CONFLICT,     // contradicts what the service has stored
    CUMAE_UNREACHABLE,  // no usable answer until patience ran out
    CUMAE_PROTOCOL,     // an answer that makes no sense, or says so itself
    CUMAE_MEMORY
};

struct cumae_error {
    enum cumae_code code;
    int status;        // the HTTP status behind it, 0: none
    char message[256]; // one line for people
};

struct cumae;
struct cumae_study;
struct cumae_trial;

// ---- the service ------------------------------------------------------------

// Prepares to talk to the service at `url` (http:// or https://) with an API
// token; NULL: the environment variables CUMAE_URL and CUMAE_TOKEN. Nothing is
// sent yet. Returns NULL on failure; the caller closes it.
struct cumae *cumae_open(const char *url, const char *token,
                         struct cumae_error *err);

// Sets for how many seconds one call goes on trying, counted from its start
// (at first 300). 0: one attempt. It also bounds how long cumae_ask waits for
// a study that is paused.
void cumae_patience(struct cumae *service, double seconds);

// Closes the connection. Its studies and trials must have been freed.
void cumae_close(struct cumae *service);

// ---- studies ----------------------------------------------------------------

// Finds or creates the study of this definition, a JSON object such as
//     {"name": "sphere",
//      "objectives": [{"name": "loss", "direction": "minimize"}],
//      "space": {"x": {"type": "float", "low": -5, "high": 5}}}
// Any number of workers may do so at once. CUMAE_CONFLICT: there is a study of
// that name with another definition. The caller frees it.
struct cumae_study *cumae_study(struct cumae *service, const char *definition,
                                struct cumae_error *err);

// The study's id in the service; lives as long as the study.
const char *cumae_study_id(const struct cumae_study *study);

// Frees the study here; in the service it lives on. NULL is allowed.
void cumae_study_free(struct cumae_study *study);

// ---- trials -----------------------------------------------------------------

// Asks for a trial. Waits while the study is paused or has enough running
// trials. NULL with CUMAE_ENDED: the study hands out no more, and the message
// says why. The trial must be told, pruned or failed before its lease runs
// out (reports and heartbeats renew it), else the service gives it to another
// worker. The caller frees it, before the service is closed.
struct cumae_trial *cumae_ask(struct cumae_study *study,
                              struct cumae_error *err);

// The same for a job that ends in max_seconds (above 0): gets no trial that is
// expected to last longer, but CUMAE_ENDED.
struct cumae_trial *cumae_ask_within(struct cumae_study *study,
                                     double max_seconds,
                                     struct cumae_error *err);

int64_t cumae_trial_number(const struct cumae_trial *trial);

// The number of the trial whose point this one tries again, because its worker
// fell silent or handed it back; -1: none.
int64_t cumae_trial_retry_of(const struct cumae_trial *trial);

// Whether the trial has this parameter; conditional ones may be absent.
bool cumae_trial_has(const struct cumae_trial *trial, const char *name);

// The value of a parameter. cumae_trial_double also takes an int. Where the
// parameter is absent (CUMAE_NOT_FOUND) or of another type (CUMAE_INVALID)
// they return NaN, 0, false and NULL. The text lives as long as the trial.
double cumae_trial_double(const struct cumae_trial *trial, const char *name,
                          struct cumae_error *err);
int64_t cumae_trial_int(const struct cumae_trial *trial, const char *name,
                        struct cumae_error *err);
bool cumae_trial_bool(const struct cumae_trial *trial, const char *name,
                      struct cumae_error *err);
const char *cumae_trial_text(const struct cumae_trial *trial, const char *name,
                             struct cumae_error *err);

// All parameters as a JSON object; lives as long as the trial.
const char *cumae_trial_params(const struct cumae_trial *trial);

// Reports an intermediate value at a step and renews the lease. Returns 1 when
// the trial should stop (then call cumae_prune), 0 to go on, -1 on failure.
int cumae_report(struct cumae_trial *trial, int64_t step, double value,
                 struct cumae_error *err);

// Renews the lease between reports. Returns 1 to go on, 0 when the service
// wants no more of this trial, -1 on failure.
int cumae_heartbeat(struct cumae_trial *trial, struct cumae_error *err);

// Ends the trial: with its value (NaN or infinite: the service records a
// failure), as pruned with the last reported value, or as failed for a reason
// (NULL: none given). Each returns 0, or -1 on failure; CUMAE_CONFLICT: the
// trial has ended otherwise before.
int cumae_tell(struct cumae_trial *trial, double value,
               struct cumae_error *err);
// The same with more to say: the n_values values of a study with several
// objectives, and what was measured for its outcome constraints (n_constraints
// numbers in their order; 0: the study has none). Beyond a bound the trial is
// infeasible. `uncertainty` is the standard error of a single value; NaN: not
// known.
struct cumae_result {
    const double *values;
    size_t n_values;
    const double *constraints;
    size_t n_constraints;
    double uncertainty;
};
int cumae_tell_result(struct cumae_trial *trial,
                      const struct cumae_result *result,
                      struct cumae_error *err);
int cumae_prune(struct cumae_trial *trial, struct cumae_error *err);
int cumae_fail(struct cumae_trial *trial, const char *reason,
               struct cumae_error *err);

// Hands the trial back when the job is about to be ended, by a signal say: the
// next ask of any worker gets the same point, at no cost to the trial's
// attempts. reason (NULL: none given) is for people; meta (NULL: none) is a
// JSON object that is kept with the trial, such as {"checkpoint":
// "/scratch/7"}. Returns 1 when the point is tried again, 0 when it is not (the
// trial has ended already, or the study has), -1 on failure.
int cumae_trial_release(struct cumae_trial *trial, const char *reason,
                        const char *meta, struct cumae_error *err);

// Frees the trial here; tells the service nothing. NULL is allowed.
void cumae_trial_free(struct cumae_trial *trial);

#ifdef __cplusplus
}
#endif

#endif
