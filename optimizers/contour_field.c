// SPDX-License-Identifier: GPL-3.0-or-later
// contour_field.c - what the points that were told say about all others

#include "contour_field.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "normal.h"

enum { BLOCK = 256 }; // places predicted at once, which bounds memory

static const double least_noise = 1e-10;

// Of the labels of valid and invalid points: they are not in doubt, but the
// border between them is.
static const double label_noise = 1e-4;

static const enum matern_distance numbers[CONTOUR_MAX_FEATURES]; // all NUMBER

// What one process learns from: values of a curve, or labels.
struct lesson {
    struct gp_data data;
    double *y, *variance;
};

static struct lesson lesson_for(size_t n, size_t d, struct arena *arena)
{
    struct lesson lesson = {
        .data = {.points = gp_points(n, d, numbers, arena),
                 .least_noise = least_noise},
        .y = arena_doubles(arena, n + 1),
        .variance = arena_doubles(arena, n + 1),
    };
    lesson.data.y = lesson.y;
    lesson.data.variance = lesson.variance;
    return lesson;
}

static void lesson_add(struct lesson *lesson, const double *x, double y,
                       double variance)
{
    size_t i = lesson->data.points.n;
    lesson->y[i] = y;
    lesson->variance[i] = variance;
    gp_points_add(&lesson->data.points, x);
}

static bool learn(struct gp *gp, const struct lesson *lesson,
                  struct arena *arena)
{
    double theta[CONTOUR_MAX_FEATURES + 2];
    gp_learn(&lesson->data, arena, theta);
    return gp_condition(gp, &lesson->data, theta, lesson->data.points.n, arena);
}

static bool tells(const struct contour_result *result, size_t curve)
{
    return result->value && isfinite(result->value[curve].y);
}

static void remember(struct contour_field *field, const double *x, size_t d)
{
    memcpy(field->place + field->n_places++ * d, x, d * sizeof *x);
}

// ---- fit --------------------------------------------------------------------

// Brings the values to mean 0 and variance 1.
static void standardise(struct contour_curve *curve, struct lesson *lesson)
{
    size_t n = lesson->data.points.n;
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        sum += lesson->y[i];
    curve->mean = sum / (double)n;
    for (size_t i = 0; i < n; i++)
        squares += pow(lesson->y[i] - curve->mean, 2);
    curve->scale = sqrt(squares / (double)n);
    if (!(curve->scale > 1e-6))
        curve->scale = 1;
    for (size_t i = 0; i < n; i++) {
        lesson->y[i] = (lesson->y[i] - curve->mean) / curve->scale;
        lesson->variance[i] /= curve->scale * curve->scale;
    }
}

static void fit_curve(struct contour_curve *curve, size_t c,
                      const struct contour_domain *domain,
                      const struct contour_result *results, size_t n,
                      struct arena *arena)
{
    double x[CONTOUR_MAX_FEATURES];
    struct lesson lesson = lesson_for(n, domain->d, arena);
    for (size_t i = 0; i < n; i++)
        if (tells(&results[i], c) &&
            contour_domain_place(domain, results[i].point, x))
            lesson_add(&lesson, x, results[i].value[c].y,
                       results[i].value[c].variance);
    if (lesson.data.points.n == 0)
        return;
    standardise(curve, &lesson);
    curve->known = learn(&curve->gp, &lesson, arena);
}

static void fit_doubt(struct contour_field *field,
                      const struct contour_domain *domain,
                      const struct contour_result *results, size_t n,
                      struct arena *arena)
{
    double x[CONTOUR_MAX_FEATURES];
    struct lesson lesson = lesson_for(n, domain->d, arena);
    for (size_t i = 0; i < n; i++) {
        if (!contour_domain_place(domain, results[i].point, x))
            continue;
        remember(field, x, domain->d);
        lesson_add(&lesson, x, results[i].value ? -1 : 1, label_noise);
        field->doubted |= !results[i].value;
    }
    if (field->doubted)
        field->doubted = learn(&field->doubt, &lesson, arena);
}

void contour_field_fit(struct contour_field *field,
                       const struct contour_domain *domain, size_t n_curves,
                       const struct contour_result *results, size_t n,
                       struct arena *arena)
{
    assert(n_curves <= CONTOUR_MAX_CURVES);
    *field = (struct contour_field){.n_curves = n_curves, .n_seen = n};
    field->place = arena_doubles(arena, n * domain->d + 1);
    for (size_t c = 0; c < n_curves; c++)
        fit_curve(&field->curve[c], c, domain, results, n, arena);
    fit_doubt(field, domain, results, n, arena);
}

// ---- look -------------------------------------------------------------------

static void append_result(struct contour_field *field,
                          const struct contour_result *result, const double *x)
{
    for (size_t c = 0; c < field->n_curves; c++) {
        struct contour_curve *curve = &field->curve[c];
        if (!curve->known || !tells(result, c))
            continue;
        struct contour_value value = result->value[c];
        gp_append(&curve->gp, x, (value.y - curve->mean) / curve->scale,
                  value.variance / (curve->scale * curve->scale));
    }
    if (field->doubted)
        gp_append(&field->doubt, x, result->value ? -1 : 1, label_noise);
}

static void append_pending(struct contour_field *field, const double *x)
{
    for (size_t c = 0; c < field->n_curves; c++)
        if (field->curve[c].known)
            gp_append(&field->curve[c].gp, x, NAN, 0);
}

struct contour_field contour_field_look(const struct contour_field *field,
                                        const struct contour_domain *domain,
                                        const struct contour_result *results,
                                        size_t n, const double *pending,
                                        size_t m, struct arena *arena)
{
    struct contour_field now = *field;
    double x[CONTOUR_MAX_FEATURES];
    now.place = arena_doubles(arena, (n + m) * domain->d + 1);
    memcpy(now.place, field->place,
           field->n_places * domain->d * sizeof *now.place);
    for (size_t c = 0; c < now.n_curves; c++)
        if (now.curve[c].known)
            now.curve[c].gp = gp_widen(&now.curve[c].gp, n + m, arena);
    if (now.doubted)
        now.doubt = gp_widen(&now.doubt, n, arena);
    for (size_t i = field->n_seen; i < n; i++)
        if (contour_domain_place(domain, results[i].point, x)) {
            append_result(&now, &results[i], x);
            remember(&now, x, domain->d);
        }
    for (size_t i = 0; i < m; i++)
        if (contour_domain_place(domain, pending + i * domain->space->n, x)) {
            append_pending(&now, x);
            remember(&now, x, domain->d);
        }
    for (size_t c = 0; c < now.n_curves; c++)
        if (now.curve[c].known)
            gp_solve(&now.curve[c].gp);
    if (now.doubted)
        gp_solve(&now.doubt);
    now.n_seen = n > field->n_seen ? n : field->n_seen;
    return now;
}

// ---- predictions ------------------------------------------------------------

static void predict(const struct gp *gp, const double *x, size_t m,
                    struct gp_prediction *out)
{
    struct arena scratch;
    arena_init(&scratch);
    for (size_t from = 0; from < m; from += BLOCK) {
        size_t count = m - from < BLOCK ? m - from : BLOCK;
        arena_reset(&scratch);
        gp_predict_many(gp, x + from * gp->points.d, count, &scratch,
                        out + from);
    }
    arena_done(&scratch);
}

void contour_field_predict(const struct contour_field *field, size_t c,
                           const double *x, size_t m, struct gp_prediction *out)
{
    const struct contour_curve *curve = &field->curve[c];
    assert(c < field->n_curves && curve->known);
    predict(&curve->gp, x, m, out);
    for (size_t i = 0; i < m; i++) {
        out[i].mean = curve->mean + curve->scale * out[i].mean;
        out[i].sd *= curve->scale;
    }
}

void contour_field_valid(const struct contour_field *field, const double *x,
                         size_t m, struct arena *arena, double *out)
{
    for (size_t i = 0; i < m; i++)
        out[i] = 1;
    if (!field->doubted)
        return;
    struct gp_prediction *p = arena_alloc(arena, m * sizeof *p);
    predict(&field->doubt, x, m, p);
    for (size_t i = 0; i < m; i++)
        out[i] = normal_cdf(-p[i].mean / p[i].sd);
}
