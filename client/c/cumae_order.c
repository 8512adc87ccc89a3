// SPDX-License-Identifier: MIT
// cumae_order.c - orders on top of trials

#include "cumae_order.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "cumae_trial.h"

static const json_t *member(const struct cumae_trial *trial, const char *name)
{
    return json_object_get(trial->json, name);
}

static const char *text(const struct cumae_trial *trial, const char *name)
{
    const char *found = json_string_value(member(trial, name));
    return found ? found : "";
}

int cumae_order(const struct cumae_trial *trial, struct cumae_order *order,
                struct cumae_error *err)
{
    bool data = strcmp(text(trial, "want"), "obs") == 0;
    const char *hypothesis = text(trial, "hypothesis");
    bool signal = strcmp(hypothesis, "sb") == 0;
    const json_t *n_toys = member(trial, "ntoys");
    const json_t *mu = member(trial, "mu");
    if (!json_is_number(mu) || !(data || json_is_integer(n_toys)) ||
        !(data || signal || strcmp(hypothesis, "b") == 0))
        return cumae_fault(err, CUMAE_INVALID, 0,
                           "trial %lld orders neither data nor toys",
                           (long long)cumae_trial_number(trial));
    *order = (struct cumae_order){
        .want = data     ? CUMAE_WANT_DATA
                : signal ? CUMAE_WANT_SIGNAL
                         : CUMAE_WANT_BACKGROUND,
        .mu = json_number_value(mu),
        .n_toys = (size_t)json_integer_value(n_toys),
        .seed = (uint32_t)json_integer_value(member(trial, "seed")),
        .n_mu = json_array_size(member(trial, "mu_eval")),
        .context = trial->context,
    };
    return 0;
}

double cumae_order_mu(const struct cumae_trial *trial, size_t i)
{
    const json_t *mu = json_array_get(member(trial, "mu_eval"), i);
    return json_is_number(mu) ? json_number_value(mu) : NAN;
}

// ---- telling ----------------------------------------------------------------

// Tells an object, which is taken over, under a name, and the seconds it took.
static int tell(struct cumae_trial *trial, const char *name, json_t *object,
                struct cumae_error *err)
{
    json_t *json = json_pack("{s:o,s:f}", name, object, "wall_s",
                             cumae_now() - trial->begun);
    char *body = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    return cumae_trial_tell(trial, body, err);
}

int cumae_tell_data(struct cumae_trial *trial, const struct cumae_data *data,
                    struct cumae_error *err)
{
    if (!isfinite(data->q))
        return cumae_fail(trial, "q of the data is not finite", err);
    json_t *context =
        data->context ? json_loads(data->context, JSON_DECODE_ANY, NULL) : NULL;
    if (data->context && !context)
        return cumae_fault(err, CUMAE_INVALID, 0, "context is no JSON");
    // What is not finite has no JSON, and is left out.
    json_t *object = json_pack("{s:f,s:o*,s:o*,s:o*}", "q", data->q, "q_asimov",
                               json_real(data->q_asimov), "muhat",
                               json_real(data->muhat), "context", context);
    return tell(trial, "obs", object, err);
}

// Byte k of an array of doubles as IEEE 754 has them, the least significant
// byte of each first; beyond the end 0.
static unsigned byte(const double *numbers, size_t n, size_t k)
{
    uint64_t bits;
    if (k / 8 >= n)
        return 0;
    memcpy(&bits, &numbers[k / 8], sizeof bits);
    return (unsigned)(bits >> (8 * (k % 8))) & 255;
}

// Doubles in base64 (RFC 4648); the caller frees it. NULL without memory.
static char *base64(const double *numbers, size_t n)
{
    enum { PAD = 64 };
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789+/=";
    size_t bytes = 8 * n;
    char *encoded = malloc(4 * ((bytes + 2) / 3) + 1);
    char *end = encoded;
    if (!encoded)
        return NULL;
    for (size_t k = 0; k < bytes; k += 3) {
        unsigned three = byte(numbers, n, k) << 16 |
                         byte(numbers, n, k + 1) << 8 | byte(numbers, n, k + 2);
        *end++ = digits[three >> 18];
        *end++ = digits[three >> 12 & 63];
        *end++ = digits[k + 1 < bytes ? three >> 6 & 63 : PAD];
        *end++ = digits[k + 2 < bytes ? three & 63 : PAD];
    }
    *end = '\0';
    return encoded;
}

int cumae_tell_toys(struct cumae_trial *trial, const struct cumae_toys *toys,
                    struct cumae_error *err)
{
    size_t width = toys->n_mu > 0 ? toys->n_mu : 1;
    if (toys->n > CUMAE_MAX_TOLD / width)
        return cumae_fault(err, CUMAE_INVALID, 0,
                           "one tell has up to %d values, not %zu x %zu",
                           CUMAE_MAX_TOLD, toys->n, width);
    json_t *shape = json_pack("[I]", (json_int_t)toys->n);
    if (toys->n_mu > 0)
        json_array_append_new(shape, json_integer((json_int_t)toys->n_mu));
    char *encoded = base64(toys->q, toys->n * width);
    json_t *object = json_pack("{s:s,s:o,s:I}", "q_b64", encoded, "shape",
                               shape, "n_failed", (json_int_t)toys->n_failed);
    free(encoded);
    return tell(trial, "toys", object, err);
}
