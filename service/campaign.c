// SPDX-License-Identifier: GPL-3.0-or-later
// campaign.c - many studies from one template

#include "campaign.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth.h"
#include "clock.h"
#include "kind.h"
#include "store_copy.h"
#include "study.h"

static const char *identity_of(const char *name, struct arena *arena)
{
    return arena_print(arena, "name:%s", name);
}

// ---- what is there already --------------------------------------------------

// Finds the campaign of a name. Returns 1 when there is none.
static int find_name(struct store *store, int64_t owner_id, const char *name,
                     struct arena *arena, struct campaign_row *row,
                     struct error *err)
{
    struct error fault = {0};
    if (store_campaign_find_identity(store, owner_id, identity_of(name, arena),
                                     arena, row, &fault) == 0)
        return 0;
    return fault.code == ERROR_NOT_FOUND
               ? 1
               : error_set(err, fault.code, "%s", fault.message);
}

static int refuse_name(const char *name, struct error *err)
{
    return error_set(err, ERROR_CONFLICT,
                     "name \"%.100s\" is another campaign, with another "
                     "template or other segments",
                     name);
}

static int find_new(struct store *store, struct campaign_wanted *wanted,
                    struct arena *arena, struct error *err)
{
    struct campaign_row row;
    int result =
        find_name(store, wanted->owner_id, wanted->name, arena, &row, err);
    for (size_t i = 0; i < wanted->n; i++)
        wanted->missing[i] = i;
    wanted->n_missing = wanted->n;
    if (result)
        return result;
    if (memcmp(row.request_key, wanted->request_key, sizeof row.request_key) !=
        0)
        return refuse_name(wanted->name, err);
    wanted->id = row.id;
    return 0;
}

// A segment that is wanted.
struct listed {
    const char *name;
    size_t i; // its place among those that are
};

struct comparing {
    const struct campaign_wanted *wanted;
    struct listed *sorted; // [n] by name
    bool *there;           // [n]
    size_t n_all;          // in the campaign
};

static int by_name(const void *a, const void *b)
{
    const struct listed *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static bool same_number(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static int compare(void *context, const struct segment_row *row,
                   struct error *err)
{
    struct comparing *comparing = context;
    const struct campaign_wanted *wanted = comparing->wanted;
    const struct listed key = {.name = row->name};
    const struct listed *found =
        bsearch(&key, comparing->sorted, wanted->n, sizeof key, by_name);
    comparing->n_all++;
    if (!found)
        return 0;
    const struct campaign_segment *segment = &wanted->segments[found->i];
    if (!same_number(segment->x, row->x) ||
        strcmp(segment->overrides, row->overrides) != 0)
        return error_set(err, ERROR_CONFLICT,
                         "name \"%.100s\" is another segment, with another x "
                         "or other overrides",
                         row->name);
    comparing->there[found->i] = true;
    return 0;
}

// Finds out which segments the campaign has not. Returns 1 when some.
static int find_added(struct store *store, struct campaign_wanted *wanted,
                      struct arena *arena, struct error *err)
{
    struct comparing comparing = {
        .wanted = wanted,
        .sorted = arena_zeros(arena, wanted->n, sizeof *comparing.sorted),
        .there = arena_zeros(arena, wanted->n, sizeof *comparing.there)};
    for (size_t i = 0; i < wanted->n; i++)
        comparing.sorted[i] = (struct listed){wanted->segments[i].name, i};
    qsort(comparing.sorted, wanted->n, sizeof *comparing.sorted, by_name);
    if (store_segment_overrides(store, wanted->into_id, compare, &comparing,
                                err))
        return -1;
    wanted->n_missing = 0;
    for (size_t i = 0; i < wanted->n; i++)
        if (!comparing.there[i])
            wanted->missing[wanted->n_missing++] = i;
    if (comparing.n_all + wanted->n_missing > CAMPAIGN_MAX_SEGMENTS)
        return error_set(err, ERROR_INVALID,
                         "segments must be at most %d in all: there are %zu, "
                         "and %zu more are wanted",
                         CAMPAIGN_MAX_SEGMENTS, comparing.n_all,
                         wanted->n_missing);
    wanted->id = wanted->n_missing ? 0 : wanted->into_id;
    return wanted->n_missing > 0;
}

static int find(struct store *store, struct campaign_wanted *wanted,
                struct error *err)
{
    struct arena arena;
    arena_init(&arena);
    wanted->id = 0;
    int result = wanted->into_id ? find_added(store, wanted, &arena, err)
                                 : find_new(store, wanted, &arena, err);
    arena_done(&arena);
    return result;
}

// ---- building ---------------------------------------------------------------

int campaign_begin(struct store *store, struct campaign_wanted *wanted,
                   struct error *err)
{
    char identity[80];
    int found = find(store, wanted, err);
    if (found != 1)
        return found;
    if (quota_take_studies(wanted->quota, wanted->n_missing, err))
        return -1;
    snprintf(identity, sizeof identity, "building:%.64s", wanted->key);
    int64_t now = clock_wall_ms();
    struct campaign_row row = {.key = wanted->key,
                               .owner_id = wanted->owner_id,
                               .identity = identity,
                               .name = wanted->name,
                               .template_ = wanted->template_,
                               .axis = wanted->axis,
                               .notes = wanted->notes,
                               .created_ms = now,
                               .building_ms = now};
    memcpy(row.request_key, wanted->request_key, sizeof row.request_key);
    wanted->built = wanted->next = 0;
    if (store_campaign_add(store, &row, err))
        return -1;
    wanted->building_id = row.id;
    return 0;
}

static int make_study(struct store *store, struct campaign_wanted *wanted,
                      size_t place, struct error *err)
{
    char key[STUDY_KEY_CHARS + 1], identity[80];
    size_t i = wanted->missing[place];
    const struct campaign_segment *segment = &wanted->segments[i];
    struct definition *definition = wanted->define(wanted, i, err);
    if (!definition)
        return -1;
    auth_random(key, STUDY_KEY_CHARS);
    snprintf(identity, sizeof identity, "building:%s", key);
    struct study_wanted study = {.owner_id = wanted->owner_id,
                                 .key = key,
                                 .identity = identity,
                                 .definition = definition,
                                 .principal = wanted->principal,
                                 .quota = wanted->quota,
                                 .hidden = true};
    int result = study_find_or_create(store, &study, err);
    const struct segment_row row = {.campaign_id = wanted->building_id,
                                    .position = (int64_t)place,
                                    .name = segment->name,
                                    .kind = kind_of(definition)->name,
                                    .x = segment->x,
                                    .overrides = segment->overrides,
                                    .study_id = study.id};
    definition_free(definition);
    return result ? -1 : store_segment_add(store, &row, err);
}

// Goes on, unless it was given up.
static int go_on(struct store *store, const struct campaign_wanted *wanted,
                 struct error *err)
{
    struct error fault = {0};
    if (store_campaign_build(store, wanted->building_id, clock_wall_ms(),
                             &fault) == 0)
        return 0;
    return fault.code == ERROR_NOT_FOUND
               ? error_set(err, ERROR_CONFLICT,
                           "the campaign took too long and was given up")
               : error_set(err, fault.code, "%s", fault.message);
}

int campaign_build(struct store *store, struct campaign_wanted *wanted,
                   struct error *err)
{
    int64_t end_us = clock_thread_us() + CAMPAIGN_STEP_US;
    size_t last = wanted->built + CAMPAIGN_STEP;
    if (go_on(store, wanted, err))
        return -1;
    wanted->next = wanted->built;
    while (wanted->next < wanted->n_missing && wanted->next < last &&
           (wanted->next == wanted->built || clock_thread_us() < end_us))
        if (make_study(store, wanted, wanted->next++, err))
            return -1;
    return 0;
}

// ---- publishing -------------------------------------------------------------

static int check_names(struct store *store, int64_t building_id,
                       struct error *err)
{
    struct arena arena;
    const char *name;
    arena_init(&arena);
    int result = store_campaign_taken(store, building_id, &arena, &name, err);
    if (result == 0 && name)
        result = error_set(err, ERROR_CONFLICT,
                           "name \"%.200s\" is a study already", name);
    arena_done(&arena);
    return result;
}

// Gives the segments to the campaign that is there, which is locked.
static int join(struct store *store, const struct campaign_wanted *wanted,
                struct error *err)
{
    return store_campaign_join(store, wanted->building_id, wanted->into_id,
                               err) ||
                   store_campaign_delete(store, wanted->building_id, err)
               ? -1
               : 0;
}

static int name_it(struct store *store, const struct campaign_wanted *wanted,
                   struct error *err)
{
    struct arena arena;
    arena_init(&arena);
    int result = store_campaign_publish(store, wanted->building_id,
                                        identity_of(wanted->name, &arena), err);
    arena_done(&arena);
    return result;
}

int campaign_publish(struct store *store, struct campaign_wanted *wanted,
                     struct error *err)
{
    wanted->made = false;
    if (go_on(store, wanted, err) ||
        (wanted->into_id && store_campaign_lock(store, wanted->into_id, err)))
        return -1;
    int found = find(store, wanted, err);
    if (found != 1)
        return found;
    if (wanted->n_missing != wanted->built)
        return error_set(err, ERROR_CONFLICT,
                         "another call added some of the segments meanwhile");
    if (check_names(store, wanted->building_id, err) ||
        store_campaign_publish_studies(store, wanted->building_id, err))
        return -1;
    wanted->id = wanted->into_id ? wanted->into_id : wanted->building_id;
    wanted->made = true;
    return wanted->into_id ? join(store, wanted, err)
                           : name_it(store, wanted, err);
}

// ---- afterwards -------------------------------------------------------------

int campaign_change(struct store *store, const struct campaign_row *row,
                    const char *name, const char *notes, struct error *err)
{
    struct arena arena;
    struct campaign_row other, after = *row;
    int result = 0;
    arena_init(&arena);
    after.name = name ? name : row->name;
    if (notes)
        after.notes = *notes ? notes : NULL;
    after.identity = identity_of(after.name, &arena);
    int found =
        find_name(store, row->owner_id, after.name, &arena, &other, err);
    if (found < 0 || (found == 0 && other.id != row->id))
        result = found < 0 ? -1 : refuse_name(after.name, err);
    if (result == 0)
        result = store_campaign_change(store, &after, err);
    arena_done(&arena);
    return result;
}

static int count_segment(void *context, const struct segment_row *row,
                         struct error *err)
{
    (void)row, (void)err;
    ++*(size_t *)context;
    return 0;
}

int campaign_delete(struct store *store, int64_t id, struct error *err)
{
    size_t n = 0;
    if (store_campaign_lock(store, id, err) ||
        store_segment_list(store, id, -1, 1, count_segment, &n, err))
        return -1;
    if (n)
        return error_set(err, ERROR_CONFLICT,
                         "the campaign has studies: delete them first, or say "
                         "studies=1");
    return store_campaign_delete(store, id, err);
}

struct ids {
    int64_t id[CAMPAIGN_STEP];
    size_t n;
};

static int keep_id(void *context, const struct segment_row *row,
                   struct error *err)
{
    struct ids *ids = context;
    (void)err;
    ids->id[ids->n++] = row->study_id;
    return 0;
}

int campaign_dismantle(struct store *store, int64_t id, bool *gone,
                       struct error *err)
{
    struct ids ids = {.n = 0};
    bool abandoned;
    *gone = false;
    if (store_campaign_abandon(store, id, &abandoned, err))
        return -1;
    *gone = !abandoned;
    if (!abandoned)
        return 0;
    if (store_segment_list(store, id, -1, CAMPAIGN_STEP, keep_id, &ids, err))
        return -1;
    for (size_t i = 0; i < ids.n; i++)
        if (store_study_delete(store, ids.id[i], err))
            return -1;
    *gone = ids.n < CAMPAIGN_STEP;
    return *gone ? store_campaign_delete(store, id, err) : 0;
}
