// SPDX-License-Identifier: GPL-3.0-or-later
// warm.c - what a new study learns from others

#include "warm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../optimizers/memory.h"
#include "store_study.h"
#include "text.h"
#include "translate.h"
#include "wire_definition.h"

// ---- the best results of a study --------------------------------------------

struct found {
    double *point;  // [d of the source]
    double *values; // [m] minimised
    double rank;    // the sum of its ranks in each objective, 0 the best
    size_t order;   // in which it was found
};

struct finding {
    const struct definition *source;
    struct arena *arena;
    struct found *found;
    size_t n, capacity;
};

static int visit_result(void *context, const struct prior_row *row,
                        struct error *err)
{
    struct finding *finding = context;
    const struct definition *source = finding->source;
    size_t d = source->space.n, m = source->n_objectives;
    (void)err;
    if (row->n_point != d || row->n_values != m)
        return 0;
    if (finding->n == finding->capacity) {
        finding->capacity = finding->capacity ? 2 * finding->capacity : 64;
        finding->found = memory_resize(finding->found, finding->capacity,
                                       sizeof *finding->found);
    }
    struct found *found = &finding->found[finding->n];
    *found = (struct found){.point = arena_doubles(finding->arena, d),
                            .values = arena_doubles(finding->arena, m),
                            .order = finding->n++};
    if (d)
        memcpy(found->point, row->point, d * sizeof *found->point);
    for (size_t i = 0; i < m; i++)
        found->values[i] = definition_sign(source, i, row->values[i]);
    return 0;
}

static int by_value(const void *a, const void *b, void *context)
{
    const struct found *x = a, *y = b;
    size_t i = *(const size_t *)context;
    if (x->values[i] != y->values[i])
        return x->values[i] < y->values[i] ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static int by_rank(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

// Sorts the results, the best ones first: by their ranks, summed over the
// objectives.
static void sort(struct finding *finding)
{
    if (!finding->n)
        return;
    for (size_t i = 0; i < finding->source->n_objectives; i++) {
        qsort_r(finding->found, finding->n, sizeof *finding->found, by_value,
                &i);
        for (size_t r = 0; r < finding->n; r++)
            finding->found[r].rank += (double)r;
    }
    qsort(finding->found, finding->n, sizeof *finding->found, by_rank);
}

// ---- gathering --------------------------------------------------------------

struct gathering {
    struct store *store;
    const struct definition *definition; // of the new study
    const struct principal *principal;
    struct arena *arena; // of what is gathered
    struct gathered *gathered;
    size_t source;
};

static void *duplicate(struct arena *arena, const double *numbers, size_t n)
{
    double *copy = arena_doubles(arena, n);
    return n ? memcpy(copy, numbers, n * sizeof *copy) : copy;
}

static void add(struct gathering *gathering, const double *point,
                const double *values)
{
    const struct definition *to = gathering->definition;
    struct gathered *gathered = gathering->gathered;
    struct prior_row *row = &gathered->rows[gathered->n];
    *row = (struct prior_row){
        .position = (int64_t)gathered->n++,
        .source = (int64_t)gathering->source,
        .point = duplicate(gathering->arena, point, to->space.n),
        .n_point = to->space.n,
        .values = duplicate(gathering->arena, values, to->n_objectives),
        .n_values = to->n_objectives};
}

// Adds the best results that fit. Returns how many.
static int add_best(struct gathering *gathering, const struct finding *finding)
{
    const struct space *to = &gathering->definition->space;
    double *point = arena_doubles(finding->arena, to->n);
    int n = 0;
    for (size_t i = 0; i < finding->n && n < WARM_MAX_RESULTS; i++) {
        const struct found *found = &finding->found[i];
        struct error misfit = {0};
        if (translate_point(&finding->source->space, found->point, to, point,
                            &misfit))
            continue;
        add(gathering, point, found->values);
        n++;
    }
    return n;
}

// Finds the study that is named, if the caller may see it.
static struct definition *open_source(const struct gathering *gathering,
                                      struct arena *arena, int64_t *id,
                                      struct error *err)
{
    const char *key = gathering->definition->warm_start[gathering->source];
    struct error fault = {0};
    struct study_row row;
    enum role role;
    if (store_study_find(gathering->store, key, arena, &row, &fault) ||
        access_study(NULL, gathering->store, gathering->principal, row.id,
                     RIGHT_READ, &role, &fault)) {
        if (fault.code == ERROR_NOT_FOUND)
            error_set(err, ERROR_INVALID,
                      "warm_start.studies[%zu]: there is no study %.80s",
                      gathering->source, key);
        else
            error_set(err, fault.code, "%s", fault.message);
        return NULL;
    }
    *id = row.id;
    struct definition *source = wire_definition_load(row.definition, err);
    size_t m = gathering->definition->n_objectives;
    if (!source || source->n_objectives == m)
        return source;
    error_set(err, ERROR_INVALID,
              "warm_start.studies[%zu] must have as many objectives as this "
              "study, %zu, not %zu",
              gathering->source, m, source->n_objectives);
    definition_free(source);
    return NULL;
}

// Gathers from one study. Returns how many results, -1 on error.
static int gather_from(struct gathering *gathering, struct error *err)
{
    struct arena arena;
    struct finding finding = {.arena = &arena};
    int64_t id;
    int n = -1;
    arena_init(&arena);
    struct definition *source = open_source(gathering, &arena, &id, err);
    finding.source = source;
    if (source && store_trial_results(gathering->store, id, visit_result,
                                      &finding, err) == 0) {
        sort(&finding);
        n = add_best(gathering, &finding);
    }
    free(finding.found);
    definition_free(source);
    arena_done(&arena);
    return n;
}

int warm_gather(struct store *store, const struct definition *definition,
                const struct principal *principal, struct arena *arena,
                struct gathered *gathered, struct error *err)
{
    struct gathering gathering = {.store = store,
                                  .definition = definition,
                                  .principal = principal,
                                  .arena = arena,
                                  .gathered = gathered};
    size_t sources = definition->n_warm_start;
    struct text counts;
    *gathered = (struct gathered){0};
    if (!sources)
        return 0;
    gathered->rows =
        arena_zeros(arena, sources * WARM_MAX_RESULTS, sizeof *gathered->rows);
    text_init(&counts, arena);
    text_char(&counts, '[');
    for (; gathering.source < sources; gathering.source++) {
        int n = gather_from(&gathering, err);
        if (n < 0)
            return -1;
        text_next(&counts);
        text_int(&counts, n);
    }
    text_char(&counts, ']');
    gathered->counts = counts.data;
    return 0;
}

int warm_write(struct store *store, int64_t id, const struct gathered *gathered,
               struct error *err)
{
    if (!gathered->counts)
        return 0;
    for (size_t i = 0; i < gathered->n; i++) {
        gathered->rows[i].study_id = id;
        if (store_prior_add(store, &gathered->rows[i], err))
            return -1;
    }
    return store_study_warm_start(store, id, gathered->counts, err);
}

// ---- in memory --------------------------------------------------------------

static int visit_prior(void *context, const struct prior_row *row,
                       struct error *err)
{
    struct warm *warm = context;
    size_t n = warm->prior.n, d = warm->d, m = warm->m;
    if (row->n_point != d || row->n_values != m)
        return error_set(err, ERROR_INTERNAL,
                         "a prior of study %lld does not fit it",
                         (long long)row->study_id);
    if (n == warm->capacity) {
        size_t rows = warm->capacity = n ? 2 * n : 64;
        warm->point = memory_resize(warm->point, rows * d + 1, sizeof(double));
        warm->unit = memory_resize(warm->unit, rows * d + 1, sizeof(double));
        warm->value = memory_resize(warm->value, rows * m, sizeof(double));
        warm->source = memory_resize(warm->source, rows, sizeof(uint32_t));
    }
    if (d)
        memcpy(warm->point + n * d, row->point, d * sizeof(double));
    memcpy(warm->value + n * m, row->values, m * sizeof(double));
    warm->source[n] = (uint32_t)row->source;
    warm->prior.n++;
    return 0;
}

// Encodes the points, and lends the arrays to the samplers.
static void encode(struct warm *warm, const struct space *space)
{
    for (size_t i = 0; i < warm->prior.n; i++)
        space_encode(space, warm->point + i * warm->d,
                     warm->unit + i * warm->d);
    warm->prior.unit = warm->unit;
    warm->prior.value = warm->value;
    warm->prior.source = warm->source;
}

int warm_load(struct store *store, int64_t id,
              const struct definition *definition, struct warm **warm,
              struct error *err)
{
    *warm = NULL;
    if (!definition->n_warm_start)
        return 0;
    struct warm *found = memory_resize(NULL, 1, sizeof *found);
    *found = (struct warm){.d = definition->space.n,
                           .m = definition->n_objectives,
                           .prior.n_sources = definition->n_warm_start};
    int failed = store_prior_list(store, id, visit_prior, found, err);
    if (failed || !found->prior.n) {
        warm_free(found);
        return failed ? -1 : 0;
    }
    encode(found, &definition->space);
    *warm = found;
    return 0;
}

struct warm *warm_keep(struct warm *warm)
{
    if (warm)
        atomic_fetch_add(&warm->sharers, 1);
    return warm;
}

void warm_free(struct warm *warm)
{
    if (!warm || atomic_fetch_sub(&warm->sharers, 1) > 0)
        return;
    free(warm->point);
    free(warm->unit);
    free(warm->value);
    free(warm->source);
    free(warm);
}

static void *copy_of(const void *array, size_t n, size_t size)
{
    void *copy = memory_resize(NULL, n + 1, size);
    return n ? memcpy(copy, array, n * size) : copy;
}

struct warm *warm_encode(const struct warm *warm, const struct space *space)
{
    if (!warm)
        return NULL;
    struct warm *copy = memory_resize(NULL, 1, sizeof *copy);
    size_t n = warm->prior.n, d = warm->d;
    *copy = (struct warm){
        .prior = warm->prior,
        .d = d,
        .m = warm->m,
        .point = copy_of(warm->point, n * d, sizeof *warm->point),
        .unit = copy_of(warm->unit, n * d, sizeof *warm->unit),
        .value = copy_of(warm->value, n * warm->m, sizeof *warm->value),
        .source = copy_of(warm->source, n, sizeof *warm->source)};
    encode(copy, space);
    return copy;
}
