// SPDX-License-Identifier: GPL-3.0-or-later
// copy_plan.c - which trials to copy, and whether they fit

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../optimizers/memory.h"
#include "copy_private.h"
#include "kind.h"
#include "store_copy.h"
#include "translate.h"
#include "wire_definition.h"

void copy_done(struct copy *copy)
{
    free(copy->numbers);
    copy->numbers = NULL;
    copy->n = copy->capacity = 0;
}

unsigned copy_states_results(void)
{
    return 1u << TRIAL_COMPLETE | 1u << TRIAL_PRUNED | 1u << TRIAL_INFEASIBLE;
}

unsigned copy_states_ended(void)
{
    return copy_states_results() | 1u << TRIAL_FAILED;
}

// ---- what to copy -----------------------------------------------------------

static int check_objectives(const struct copy *copy,
                            const struct definition *source,
                            const struct definition *target, struct error *err)
{
    if (source->n_objectives != target->n_objectives)
        return error_set(err, ERROR_INVALID,
                         "study %.64s has %zu objectives, not %zu as this one",
                         copy->source_key, source->n_objectives,
                         target->n_objectives);
    for (size_t i = 0; i < target->n_objectives; i++) {
        const struct objective *a = &source->objectives[i];
        const struct objective *b = &target->objectives[i];
        if (strcmp(a->name, b->name) == 0 && a->maximize == b->maximize)
            continue;
        return error_set(err, ERROR_INVALID,
                         "study %.64s is to %s %.60s, this one to %s %.60s",
                         copy->source_key,
                         a->maximize ? "maximize" : "minimize", a->name,
                         b->maximize ? "maximize" : "minimize", b->name);
    }
    return 0;
}

// What a worker told of data and toys is not a part of its trial.
static int check_kinds(const struct definition *source,
                       const struct definition *target, struct error *err)
{
    const struct kind *from = kind_of(source), *to = kind_of(target);
    if (!from->ordered && !to->ordered)
        return 0;
    return error_set(err, ERROR_INVALID,
                     "trials must be \"none\": those of a study of kind %s are "
                     "not copied",
                     from->ordered ? from->name : to->name);
}

static int check_constraints(const struct copy *copy,
                             const struct definition *source,
                             const struct definition *target, struct error *err)
{
    size_t k = target->n_outcome_constraints;
    if (source->n_outcome_constraints != k)
        return error_set(err, ERROR_INVALID,
                         "study %.64s has %zu outcome constraints, not %zu as "
                         "this one",
                         copy->source_key, source->n_outcome_constraints, k);
    for (size_t i = 0; i < k; i++) {
        const char *a = source->outcome_constraints[i].name;
        const char *b = target->outcome_constraints[i].name;
        if (strcmp(a, b) != 0)
            return error_set(err, ERROR_INVALID,
                             "study %.64s has the outcome constraint %.60s "
                             "where this one has %.60s",
                             copy->source_key, a, b);
    }
    return 0;
}

struct planning {
    struct copy *copy;
    const struct definition *source, *target;
    double *point; // [d of the target]
};

static int visit_choice(void *context, const struct trial_row *row,
                        struct error *err)
{
    struct planning *planning = context;
    struct copy *copy = planning->copy;
    struct error misfit = {0};
    if (row->n_point != planning->source->space.n ||
        translate_point(&planning->source->space, row->point,
                        &planning->target->space, planning->point, &misfit)) {
        copy->n_unfit++;
        if (copy->skip_unfit)
            return 0;
        return error_set(err, ERROR_INVALID,
                         "trial %" PRId64 " of study %.64s does not fit: %s",
                         row->number, copy->source_key, misfit.message);
    }
    if (copy->n == COPY_MAX_TRIALS)
        return error_set(err, ERROR_INVALID,
                         "trials must be at most %d, study %.64s has more that "
                         "match",
                         COPY_MAX_TRIALS, copy->source_key);
    if (copy->n == copy->capacity) {
        copy->capacity = copy->n ? 2 * copy->n : 256;
        copy->numbers =
            memory_resize(copy->numbers, copy->capacity, sizeof *copy->numbers);
    }
    copy->numbers[copy->n++] = row->number;
    return 0;
}

struct definition *copy_read_source(struct store *store,
                                    const struct copy *copy,
                                    struct arena *arena, struct error *err)
{
    struct study_row row;
    return store_study_get(store, copy->source_id, arena, &row, err)
               ? NULL
               : wire_definition_load(row.definition, err);
}

int copy_plan(struct store *store, struct copy *copy,
              const struct definition *target, struct error *err)
{
    struct arena arena;
    int result = -1;
    arena_init(&arena);
    struct definition *source = copy_read_source(store, copy, &arena, err);
    struct planning planning = {copy, source, target,
                                arena_doubles(&arena, target->space.n)};
    if (source && !check_kinds(source, target, err) &&
        !check_objectives(copy, source, target, err) &&
        !check_constraints(copy, source, target, err)) {
        copy->filter.study_id = copy->source_id;
        result = store_trial_choose(store, &copy->filter, copy->first,
                                    copy->last, visit_choice, &planning, err);
    }
    definition_free(source);
    arena_done(&arena);
    return result;
}
