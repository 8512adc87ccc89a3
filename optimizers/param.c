// SPDX-License-Identifier: GPL-3.0-or-later
// param.c - one parameter: its values and their place in [0, 1]

#include "param.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

static const double largest_int = 0x1p53; // doubles count exactly up to here

// ---- the definition ---------------------------------------------------------

static int check_bounds(const struct param *p, struct error *err)
{
    if (!isfinite(p->low) || !isfinite(p->high))
        return error_set(err, ERROR_INVALID,
                         "'%.60s': low and high must be finite numbers",
                         p->name);
    if (p->low > p->high)
        return error_set(err, ERROR_INVALID,
                         "'%.60s': low must not be above high, not %.15g > "
                         "%.15g",
                         p->name, p->low, p->high);
    if (p->log && p->low <= 0)
        return error_set(err, ERROR_INVALID,
                         "'%.60s': low must be above 0 with log, not %.15g",
                         p->name, p->low);
    return 0;
}

static int check_step(const struct param *p, double range, struct error *err)
{
    if (!isfinite(p->step) || p->step < 0)
        return error_set(err, ERROR_INVALID,
                         "'%.60s': step must be 0 or more, not %g", p->name,
                         p->step);
    // forgives the rounding of a high that is low + step
    double rounding = 2 * DBL_EPSILON * fmax(fabs(p->low), fabs(p->high));
    if (range > 0 && p->step > range + rounding)
        return error_set(err, ERROR_INVALID,
                         "'%.60s': step must be at most high - low, not %.15g "
                         "> %.15g",
                         p->name, p->step, range);
    if (p->log && p->step != (p->kind == PARAM_INT))
        return error_set(err, ERROR_INVALID,
                         "'%.60s': step and log exclude each other", p->name);
    return 0;
}

static int normalize_float(struct param *p, struct error *err)
{
    double range = p->high - p->low;
    if (check_bounds(p, err) || check_step(p, range, err))
        return -1;
    if (p->step == 0 || range == 0)
        return 0;
    double largest = fmax(fabs(p->low), fabs(p->high));
    if (!isfinite(range) || largest > 0x1p48 * p->step)
        return error_set(err, ERROR_INVALID,
                         "'%.60s': step must be at least 2^-48 of the bounds, "
                         "not %g",
                         p->name, p->step);
    // 0.3 is three steps of 0.1, though 0.3 / 0.1 < 3 in doubles.
    double steps = range / p->step;
    double rounding = 2 * DBL_EPSILON * largest / p->step;
    if (fabs(steps - rint(steps)) > rounding)
        p->high = p->low + floor(steps) * p->step;
    return 0;
}

static bool is_int(double value)
{
    return fabs(value) <= largest_int && value == floor(value);
}

static int normalize_int(struct param *p, struct error *err)
{
    if (p->step == 0)
        p->step = 1;
    if (check_bounds(p, err) || check_step(p, p->high - p->low, err))
        return -1;
    if (!is_int(p->low) || !is_int(p->high) || !is_int(p->step))
        return error_set(err, ERROR_INVALID,
                         "'%.60s': low, high and step must be integers of at "
                         "most 2^53",
                         p->name);
    int64_t low = (int64_t)p->low, step = (int64_t)p->step;
    int64_t steps = ((int64_t)p->high - low) / step;
    p->high = (double)(low + steps * step);
    return 0;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int check_choices(const struct param *p, struct error *err)
{
    char **sorted = memory_copy(p->choices, p->n_choices, sizeof *sorted);
    qsort(sorted, p->n_choices, sizeof *sorted, by_text);
    int status = 0;
    for (size_t i = 1; i < p->n_choices && !status; i++)
        if (strcmp(sorted[i - 1], sorted[i]) == 0)
            status = error_set(err, ERROR_INVALID,
                               "'%.60s': choices must be distinct, not twice "
                               "%.60s",
                               p->name, sorted[i]);
    free(sorted);
    return status;
}

static int check_levels(const struct param *p, struct error *err)
{
    for (size_t i = 0; i < p->n_choices; i++)
        if (!isfinite(p->levels[i]) ||
            (i > 0 && p->levels[i] <= p->levels[i - 1]))
            return error_set(err, ERROR_INVALID,
                             "'%.60s': values must be finite, distinct and "
                             "ascending, not %.15g",
                             p->name, p->levels[i]);
    return 0;
}

static int check_count(const struct param *p, struct error *err)
{
    if (p->n_choices < 1 || p->n_choices > SPACE_MAX_CHOICES)
        return error_set(err, ERROR_INVALID,
                         "'%.60s': number of choices must be between 1 and "
                         "%d, not %zu",
                         p->name, SPACE_MAX_CHOICES, p->n_choices);
    return p->kind == PARAM_CATEGORICAL ? check_choices(p, err)
                                        : check_levels(p, err);
}

int param_normalize(struct param *param, struct error *err)
{
    size_t length = strlen(param->name);
    if (length < 1 || length > SPACE_MAX_NAME)
        return error_set(err, ERROR_INVALID,
                         "a parameter's name must have 1 to %d bytes, not %zu",
                         SPACE_MAX_NAME, length);
    switch (param->kind) {
    case PARAM_FLOAT:
        return normalize_float(param, err);
    case PARAM_INT:
        return normalize_int(param, err);
    case PARAM_CATEGORICAL:
    case PARAM_DISCRETE:
        return check_count(param, err);
    case PARAM_BOOL:
        param->n_choices = 2;
        return 0;
    }
    return error_set(err, ERROR_INVALID, "'%.60s': unknown kind %d",
                     param->name, (int)param->kind);
}

// ---- values -----------------------------------------------------------------

static bool has_choices(const struct param *p)
{
    return p->kind != PARAM_FLOAT && p->kind != PARAM_INT;
}

size_t param_levels(const struct param *param)
{
    if (has_choices(param))
        return param->n_choices;
    if (param->low == param->high)
        return 1;
    if (param->kind == PARAM_INT)
        return (size_t)(((int64_t)param->high - (int64_t)param->low) /
                        (int64_t)param->step) +
               1;
    if (param->step == 0)
        return 0;
    return (size_t)rint((param->high - param->low) / param->step) + 1;
}

// low + i * step, but with the nearest double to the decimal number that a
// reader expects when the step is 1/m: 3/10 is 0.3 where 3 * 0.1 is not.
static double on_step(const struct param *p, double i)
{
    double m = rint(1 / p->step), base = rint(p->low * m);
    if (m > 1 && m < 0x1p30 && m * p->step == 1 && base / m == p->low)
        return (base + i) / m;
    return p->low + i * p->step;
}

double param_value(const struct param *param, size_t i)
{
    if (has_choices(param))
        return (double)i;
    if (i == 0)
        return param->low;
    if (param->kind == PARAM_INT)
        return (double)((int64_t)param->low +
                        (int64_t)i * (int64_t)param->step);
    return i + 1 >= param_levels(param)
               ? param->high
               : fmin(on_step(param, (double)i), param->high);
}

size_t param_nearest(const struct param *param, double coordinate)
{
    if (has_choices(param))
        return (size_t)coordinate;
    if (param->low == param->high)
        return 0;
    if (param->kind == PARAM_INT)
        return (size_t)(((int64_t)coordinate - (int64_t)param->low) /
                        (int64_t)param->step);
    return (size_t)rint((coordinate - param->low) / param->step);
}

int param_check(const struct param *param, double coordinate, struct error *err)
{
    bool index = has_choices(param);
    double low = index ? 0 : param->low;
    double high = index ? (double)param->n_choices - 1 : param->high;
    if (!(coordinate >= low && coordinate <= high))
        return error_set(err, ERROR_INVALID,
                         "'%.60s' must be between %.15g and %.15g, not %.15g",
                         param->name, low, high, coordinate);
    if (param->kind != PARAM_FLOAT && coordinate != floor(coordinate))
        return error_set(err, ERROR_INVALID,
                         "'%.60s' must be an integer, not %.15g", param->name,
                         coordinate);
    if (index || param_levels(param) == 0)
        return 0;
    double level = param_value(param, param_nearest(param, coordinate));
    double rounding = param->kind == PARAM_INT
                          ? 0
                          : 4 * DBL_EPSILON * fmax(fabs(low), fabs(high));
    if (fabs(coordinate - level) > rounding)
        return error_set(err, ERROR_INVALID,
                         "'%.60s' must be %.15g plus a multiple of %.15g, not "
                         "%.15g",
                         param->name, low, param->step, coordinate);
    return 0;
}

// ---- the unit interval ------------------------------------------------------

static double clip(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

// ln(1 + extra / base), also where extra / base overflows.
static double ln_ratio(double extra, double base)
{
    double ratio = extra / base;
    return isfinite(ratio) ? log1p(ratio) : log(extra) - log(base);
}

static double encode_log(const struct param *p, double v)
{
    return ln_ratio(v - p->low, p->low) / ln_ratio(p->high - p->low, p->low);
}

// Counts from the nearer end, in two factors that cannot overflow.
static double decode_log(const struct param *p, double u)
{
    double span = ln_ratio(p->high - p->low, p->low);
    double root = exp(u < 0.5 ? u * span / 2 : (u - 1) * span / 2);
    return (u < 0.5 ? p->low : p->high) * root * root;
}

static double encode_linear(const struct param *p, double v)
{
    double range = p->high - p->low;
    if (isfinite(range))
        return (v - p->low) / range;
    return (v / 2 - p->low / 2) / (p->high / 2 - p->low / 2);
}

// Counts from the nearer end, so that u = 1 is exactly high.
static double decode_linear(const struct param *p, double u)
{
    double range = p->high - p->low;
    if (!isfinite(range))
        return (1 - u) * p->low + u * p->high;
    return u < 0.5 ? p->low + u * range : p->high - (1 - u) * range;
}

static double encode_log_int(const struct param *p, double v)
{
    double edge = p->low - 0.5;
    return log1p((v - p->low + 0.5) / edge) /
           log1p((p->high - p->low + 1) / edge);
}

static double decode_log_int(const struct param *p, double u)
{
    double edge = p->low - 0.5, cells = p->high - p->low + 1;
    double i = floor(edge * expm1(u * log1p(cells / edge)));
    return p->low + clip(i, 0, cells - 1);
}

double param_encode(const struct param *param, double coordinate)
{
    size_t levels = param_levels(param);
    if (levels == 1)
        return 0.5;
    double u;
    if (levels == 0)
        u = param->log ? encode_log(param, coordinate)
                       : encode_linear(param, coordinate);
    else if (param->log && param->kind == PARAM_INT)
        u = encode_log_int(param, coordinate);
    else
        u = ((double)param_nearest(param, coordinate) + 0.5) / (double)levels;
    return clip(u, 0, 1);
}

double param_decode(const struct param *param, double u)
{
    assert(u >= 0 && u <= 1);
    size_t levels = param_levels(param);
    if (levels == 1)
        return param_value(param, 0);
    if (levels == 0)
        return clip(param->log ? decode_log(param, u) : decode_linear(param, u),
                    param->low, param->high);
    if (param->log && param->kind == PARAM_INT)
        return decode_log_int(param, u);
    size_t i = (size_t)floor(u * (double)levels);
    return param_value(param, i < levels ? i : levels - 1);
}
