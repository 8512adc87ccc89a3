// SPDX-License-Identifier: GPL-3.0-or-later
// live_limit.c - what a live limit study knows of data and toys

#include "live_limit.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../optimizers/memory.h"

enum { CONTEXTS = 8 }; // of the data of a site, kept in memory

// ---- sites ------------------------------------------------------------------

static void init_toys(struct live_limit_site *site)
{
    limit_toys_init(&site->sb);
    limit_toys_init(&site->b);
}

static void free_toys(struct live_limit_site *site)
{
    limit_toys_done(&site->sb);
    limit_toys_done(&site->b);
    free(site->shared);
    site->shared = NULL;
}

static void free_data(struct live_limit_site *site)
{
    for (size_t i = 0; i < site->n_data; i++) {
        free(site->data[i].place);
        free(site->data[i].context);
    }
    free(site->data);
    site->data = NULL;
    site->n_data = 0;
    site->source = NULL;
    site->observed = site->inconsistent = site->recount = false;
}

static size_t find(const struct live_limit *limit, double mu)
{
    size_t i = 0;
    while (i < limit->n && limit->sites[i].mu != mu)
        i++;
    return i;
}

static size_t find_or_add(struct live_limit *limit, double mu, size_t number)
{
    size_t i = find(limit, mu);
    if (i < limit->n)
        return i;
    assert(limit->n < UINT16_MAX);
    if (limit->n == limit->capacity) {
        limit->capacity = limit->capacity ? 2 * limit->capacity : 16;
        limit->sites =
            memory_resize(limit->sites, limit->capacity, sizeof *limit->sites);
        limit->summaries = memory_resize(limit->summaries, limit->capacity,
                                         sizeof *limit->summaries);
    }
    limit->sites[limit->n] =
        (struct live_limit_site){.mu = mu, .first = number};
    init_toys(&limit->sites[limit->n]);
    limit->looked = false;
    return limit->n++;
}

void live_limit_sync(const struct live *live)
{
    struct live_limit *limit = live->limit;
    const struct history *history = &live->history;
    if (history->n > limit->room) {
        limit->room = 2 * history->n;
        limit->site_of =
            memory_resize(limit->site_of, limit->room, sizeof *limit->site_of);
    }
    for (; limit->n_known < history->n; limit->n_known++) {
        double mu = *history_point(history, limit->n_known);
        limit->site_of[limit->n_known] =
            (uint16_t)find_or_add(limit, mu, limit->n_known);
    }
}

struct live_limit_site *live_limit_site_of(const struct live *live,
                                           size_t number)
{
    live_limit_sync(live);
    return &live->limit->sites[live->limit->site_of[number]];
}

size_t live_limit_points(const struct live *live, size_t number,
                         size_t sites[LIMIT_MAX_POINTS])
{
    const struct live_limit *limit = live->limit;
    struct limit_errand errand =
        limit_errand_read(history_point(&live->history, number));
    size_t n = 0, most = 1;
    live_limit_sync(live);
    sites[n++] = limit->site_of[number];
    if (live->definition->limit->plan.shared && errand.kind == LIMIT_ERRAND_B)
        most = LIMIT_MAX_VALUES / errand.ntoys;
    for (size_t i = 0; i < limit->n && n < most && n < LIMIT_MAX_POINTS; i++)
        if (i != sites[0] && limit->sites[i].first <= number)
            sites[n++] = i;
    return n;
}

// ---- places -----------------------------------------------------------------

static bool same_name(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static struct live_limit_place *find_place(const struct live_limit *limit,
                                           const char *name)
{
    for (size_t i = 0; i < limit->n_places; i++)
        if (same_name(limit->places[i].name, name))
            return &limit->places[i];
    return NULL;
}

// The place of this name. The last one that there is room for has none.
static struct live_limit_place *place_of(struct live_limit *limit,
                                         const char *name)
{
    struct live_limit_place *place = find_place(limit, name);
    if (!place && limit->n_places >= LIMIT_MAX_PLACES - 1) {
        name = NULL;
        place = find_place(limit, name);
    }
    if (place)
        return place;
    limit->places = memory_resize(limit->places, limit->n_places + 1,
                                  sizeof *limit->places);
    place = &limit->places[limit->n_places++];
    *place = (struct live_limit_place){.name = name ? memory_text(name) : NULL};
    return place;
}

static void note_time(struct live_limit_place *place, bool b, double seconds)
{
    place->seconds[b][place->n_seconds[b]++ % LIMIT_TIMES] = seconds;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median(const struct live_limit_place *place, bool b)
{
    double sorted[LIMIT_TIMES];
    size_t n = place->n_seconds[b];
    n = n < LIMIT_TIMES ? n : LIMIT_TIMES;
    if (n == 0)
        return 0;
    memcpy(sorted, place->seconds[b], n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, ascending);
    return sorted[n / 2];
}

double live_limit_seconds(const struct live *live, const char *place,
                          enum limit_errand_kind kind)
{
    const struct live_limit *limit = live->limit;
    const struct live_limit_place *known =
        place ? find_place(limit, place) : NULL;
    bool b = kind == LIMIT_ERRAND_B;
    double seconds = known ? median(known, b) : 0;
    return seconds > 0 ? seconds : median(&limit->all, b);
}

// ---- data -------------------------------------------------------------------

// Works out what the data of a site are, from all that was told.
static void weigh(const struct live *live, struct live_limit_site *site)
{
    double tie = live->definition->limit->plan.reading.tie_tolerance;
    struct arena arena;
    arena_init(&arena);
    double *q = arena_doubles(&arena, site->n_data);
    bool *odd = arena_zeros(&arena, site->n_data, sizeof *odd);
    for (size_t i = 0; i < site->n_data; i++)
        q[i] = site->data[i].q;
    site->inconsistent =
        limit_site_agree(q, site->n_data, tie, &arena, &site->q, odd) > 0;
    site->observed = true;
    site->fresh = live->limit->looked = false;
    site->source = NULL;
    for (size_t i = 0; i < site->n_data; i++) {
        site->data[i].odd = odd[i];
        if (!site->source && (!odd[i] || site->data[i].q == site->q))
            site->source = &site->data[i];
    }
    if (!site->source)
        site->source = &site->data[0];
    arena_done(&arena);
    double threshold = limit_toys_threshold(site->q, tie);
    if (threshold == site->sb.watched)
        return;
    site->recount = site->sb.cleared > 0 || site->b.cleared > 0;
    if (site->recount)
        return;
    limit_toys_watch(&site->sb, threshold);
    limit_toys_watch(&site->b, threshold);
}

static void enter_data(struct live *live, const struct limit_data_row *row)
{
    struct live_limit_site *site =
        live_limit_site_of(live, (size_t)row->number);
    site->data =
        memory_resize(site->data, site->n_data + 1, sizeof *site->data);
    bool room = site->n_data < CONTEXTS;
    site->data[site->n_data++] = (struct live_limit_datum){
        .number = row->number,
        .q = row->q,
        .q_asimov = row->q_asimov,
        .muhat = row->muhat,
        .place = row->site ? memory_text(row->site) : NULL,
        .context = room && row->context ? memory_text(row->context) : NULL};
    weigh(live, site);
}

// ---- toys -------------------------------------------------------------------

// Adds the toys of a row to its sample.
static void merge(struct live_limit_site *site,
                  const struct limit_toys_row *row)
{
    static const struct limit_toys_rule as_they_are = {0};
    bool b = row->hypothesis == LIMIT_ERRAND_B;
    struct limit_toys *toys = b ? &site->b : &site->sb;
    double *q = memory_copy(row->q, row->n, sizeof *q);
    limit_toys_add(toys, &as_they_are, q, row->n);
    free(q);
    toys->failed += (uint64_t)row->n_failed;
    toys->clipped += (uint64_t)row->n_negative;
    site->fresh = false;
    if (!b || row->points <= 1)
        return;
    if (!site->shared) {
        size_t bytes = (LIMIT_MAX_POINTS + 1) * sizeof *site->shared;
        site->shared = memset(memory_resize(NULL, bytes, 1), 0, bytes);
    }
    if (row->points <= LIMIT_MAX_POINTS)
        site->shared[row->points] += row->n;
}

// Counts a row for the whole study and for the place of its worker.
static void count(struct live_limit *limit, const struct limit_toys_row *row)
{
    struct live_limit_place *place = place_of(limit, row->site);
    bool b = row->hypothesis == LIMIT_ERRAND_B;
    double thrown = (double)row->n + (double)row->n_failed;
    limit->toys[b] += row->n;
    limit->failed += (uint64_t)row->n_failed;
    limit->negative += (uint64_t)row->n_negative;
    place->toys += row->n;
    place->failed += (uint64_t)row->n_failed;
    place->negative += (uint64_t)row->n_negative;
    if (!(row->seconds > 0) || thrown == 0)
        return;
    limit->seconds += row->seconds;
    note_time(place, b, row->seconds / thrown);
    note_time(&limit->all, b, row->seconds / thrown);
}

void live_limit_tell_toys(struct live *live, const struct limit_toys_row *row)
{
    struct live_limit *limit = live->limit;
    live_limit_sync(live);
    size_t i = find(limit, row->mu);
    size_t own = limit->site_of[row->number];
    if (i < limit->n)
        merge(&limit->sites[i], row);
    if (i == own)
        count(limit, row);
    limit->looked = false;
}

static int visit_recounted(void *context, const struct limit_toys_row *row,
                           struct error *err)
{
    (void)err;
    merge(context, row);
    return 0;
}

// Counts the toys of a site up to a revision again, watching its data.
static int recount(const struct live *live, struct store *store,
                   struct live_limit_site *site, int64_t until,
                   struct error *err)
{
    double tie = live->definition->limit->plan.reading.tie_tolerance;
    double threshold = limit_toys_threshold(site->q, tie);
    struct limit_toys_filter filter = {
        .study_id = live->id, .after = -1, .until = until, .mu = site->mu};
    site->recount = false;
    free_toys(site);
    init_toys(site);
    limit_toys_watch(&site->sb, threshold);
    limit_toys_watch(&site->b, threshold);
    return store_limit_toys(store, &filter, visit_recounted, site, err);
}

int live_limit_tell_data(struct live *live, struct store *store,
                         const struct limit_data_row *row, struct error *err)
{
    enter_data(live, row);
    struct live_limit_site *site =
        live_limit_site_of(live, (size_t)row->number);
    return site->recount ? recount(live, store, site, row->revision, err) : 0;
}

// ---- from the store ---------------------------------------------------------

static void forget_told(struct live_limit *limit)
{
    for (size_t i = 0; i < limit->n; i++) {
        free_toys(&limit->sites[i]);
        free_data(&limit->sites[i]);
        limit->sites[i].fresh = false;
    }
    for (size_t i = 0; i < limit->n_places; i++)
        free(limit->places[i].name);
    free(limit->places);
    limit->places = NULL;
    limit->n_places = 0;
    limit->all = (struct live_limit_place){0};
    limit->toys[0] = limit->toys[1] = limit->failed = limit->negative = 0;
    limit->seconds = 0;
    limit->stale = limit->looked = false;
}

static int visit_data(void *context, const struct limit_data_row *row,
                      struct error *err)
{
    struct live *live = context;
    if ((size_t)row->number >= live->history.n)
        return error_set(err, ERROR_INTERNAL,
                         "data for a trial that is not there");
    enter_data(live, row);
    return 0;
}

static int visit_toys(void *context, const struct limit_toys_row *row,
                      struct error *err)
{
    struct live *live = context;
    if ((size_t)row->number >= live->history.n)
        return error_set(err, ERROR_INTERNAL,
                         "toys of a trial that is not there");
    live_limit_tell_toys(live, row);
    return 0;
}

// Data come first, so that toys watch them.
static int read_told(struct live *live, struct store *store, int64_t after,
                     struct error *err)
{
    struct live_limit *limit = live->limit;
    struct limit_toys_filter filter = {
        .study_id = live->id, .after = after, .until = INT64_MAX, .mu = NAN};
    live_limit_sync(live);
    if (store_limit_data(store, live->id, after, visit_data, live, err))
        return -1;
    for (size_t i = 0; i < limit->n; i++)
        if (limit->sites[i].recount &&
            recount(live, store, &limit->sites[i], after, err))
            return -1;
    return store_limit_toys(store, &filter, visit_toys, live, err);
}

int live_limit_reload(struct live *live, struct store *store, struct error *err)
{
    forget_told(live->limit);
    return read_told(live, store, -1, err);
}

int live_limit_catch_up(struct live *live, struct store *store, int64_t after,
                        struct error *err)
{
    if (!live->limit)
        return 0;
    return live->limit->stale ? live_limit_reload(live, store, err)
                              : read_told(live, store, after, err);
}

struct live_limit *live_limit_new(void)
{
    struct live_limit *limit = memory_resize(NULL, 1, sizeof *limit);
    *limit = (struct live_limit){0};
    arena_init(&limit->arena);
    return limit;
}

void live_limit_free(struct live_limit *limit)
{
    if (!limit)
        return;
    forget_told(limit);
    free(limit->sites);
    free(limit->summaries);
    free(limit->site_of);
    arena_done(&limit->arena);
    free(limit);
}

void live_limit_forget(struct live *live)
{
    if (live->limit)
        live->limit->looked = false;
}

// ---- what it says -----------------------------------------------------------

// Over how many points a background toy of the site counts, on average: its
// inverse.
static double share_of(const struct live_limit_site *site)
{
    uint64_t alone = site->b.total;
    double shares = 0;
    if (!site->shared || !alone)
        return 1;
    for (size_t k = 2; k <= LIMIT_MAX_POINTS; k++) {
        shares += (double)site->shared[k] / (double)k;
        alone -= site->shared[k];
    }
    return (shares + (double)alone) / (double)site->b.total;
}

static void summarise(struct live_limit_site *site,
                      const struct limit_reading *reading)
{
    struct arena arena;
    arena_init(&arena);
    const struct live_limit_datum *source = site->source;
    struct limit_told told = {.mu = site->mu,
                              .observed = site->observed,
                              .inconsistent = site->inconsistent,
                              .q = site->observed ? site->q : 0,
                              .q_asimov = source ? source->q_asimov : NAN,
                              .muhat = source ? source->muhat : NAN,
                              .sb = &site->sb,
                              .b = &site->b,
                              .share_b = share_of(site)};
    site->summary = limit_site_look(&told, reading, &arena);
    site->fresh = true;
    arena_done(&arena);
}

const struct limit_study *live_limit_look(const struct live *live)
{
    struct live_limit *limit = live->limit;
    const struct limit_plan *plan = &live->definition->limit->plan;
    live_limit_sync(live);
    if (limit->looked)
        return &limit->study;
    for (size_t i = 0; i < limit->n; i++) {
        if (!limit->sites[i].fresh)
            summarise(&limit->sites[i], &plan->reading);
        limit->summaries[i] = limit->sites[i].summary;
    }
    arena_reset(&limit->arena);
    limit->study =
        limit_study_look(plan, limit->summaries, limit->n, &limit->arena);
    limit->looked = true;
    return &limit->study;
}

struct limit_running *live_limit_running(const struct live *live,
                                         struct arena *arena)
{
    const struct history *history = &live->history;
    live_limit_sync(live);
    struct limit_running *running =
        arena_zeros(arena, live->limit->n + 1, sizeof *running);
    for (size_t i = 0; i < history->count[TRIAL_RUNNING]; i++) {
        size_t number = history->running[i], sites[LIMIT_MAX_POINTS];
        struct limit_errand errand =
            limit_errand_read(history_point(history, number));
        size_t n = live_limit_points(live, number, sites);
        if (errand.kind == LIMIT_ERRAND_DATA)
            running[sites[0]].data = true;
        else if (errand.kind == LIMIT_ERRAND_SB)
            running[sites[0]].sb += (double)errand.ntoys;
        for (size_t k = 0; errand.kind == LIMIT_ERRAND_B && k < n; k++)
            running[sites[k]].b += (double)errand.ntoys / (double)n;
    }
    return running;
}

struct live_limit_out live_limit_out(const struct live *live,
                                     struct arena *arena)
{
    const struct history *history = &live->history;
    struct live_limit_out out = {.total = 0};
    live_limit_sync(live);
    for (int i = 0; i < 2; i++)
        out.toys[i] =
            arena_zeros(arena, live->limit->n + 1, sizeof *out.toys[i]);
    for (size_t i = 0; i < history->count[TRIAL_RUNNING]; i++) {
        size_t number = history->running[i], sites[LIMIT_MAX_POINTS];
        struct limit_errand errand =
            limit_errand_read(history_point(history, number));
        size_t n = live_limit_points(live, number, sites);
        for (size_t k = 0; k < n; k++)
            out.toys[errand.kind == LIMIT_ERRAND_B][sites[k]] += errand.ntoys;
        out.total += errand.ntoys;
    }
    return out;
}
