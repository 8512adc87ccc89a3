// SPDX-License-Identifier: GPL-3.0-or-later
// sampler.c - the registry of algorithms that propose

#include "sampler.h"

#include <string.h>

#include "repair.h"
#include "restriction.h"
#include "rng.h"
#include "tried.h"

#define SAMPLER(name) extern const struct sampler sampler_##name;
#include "samplers.def"
#undef SAMPLER

#define SAMPLER(name) &sampler_##name,
const struct sampler *const samplers[] = {
#include "samplers.def"
};
#undef SAMPLER

const size_t n_samplers = sizeof samplers / sizeof samplers[0];

const struct sampler *sampler_find(const char *name)
{
    for (size_t i = 0; i < n_samplers; i++)
        if (strcmp(samplers[i]->name, name) == 0)
            return samplers[i];
    return NULL;
}

// Moves a point that is forbidden to where it is not, to an untried one if
// there is one.
static int bring_in(const struct sampler_task *task, uint64_t number,
                    struct arena *arena, struct suggestion *out,
                    struct error *err)
{
    const struct history *history = task->history;
    struct rng rng = rng_at(~task->seed, number); // not the sampler's own
    double *other = arena_doubles(arena, task->space->n);
    bool found = repair_near(task->space, &rng, arena, out->point);
    bool is_new = found && !tried(history, number, out->point);
    if (!is_new && tried_random_other(history, number, &rng, arena, other)) {
        memcpy(out->point, other, task->space->n * sizeof *other);
        found = true;
    }
    if (!found)
        return error_set(err, ERROR_EXHAUSTED,
                         "no point was found that meets all constraints");
    out->why = arena_print(arena, "%.300s%smoved to where constraints are met",
                           out->why ? out->why : "", out->why ? "; " : "");
    return 0;
}

int sampler_ask(const struct sampler *sampler, const struct sampler_task *task,
                const struct model *model, uint64_t number, struct arena *arena,
                struct suggestion *out, struct error *err)
{
    out->why = NULL;
    if (sampler->suggest(task, model, number, arena, out, err))
        return -1;
    return restriction_allows(task->space, out->point)
               ? 0
               : bring_in(task, number, arena, out, err);
}

int sampler_suggest(const struct sampler *sampler,
                    const struct sampler_task *task, uint64_t number,
                    struct arena *arena, struct suggestion *out,
                    struct error *err)
{
    if (!sampler->fit_length)
        return sampler_ask(sampler, task, NULL, number, arena, out, err);
    size_t n = sampler->fit_length(task, task->history->n_ended);
    struct model *model = sampler->fit(task, n, NULL);
    int status = sampler_ask(sampler, task, model, number, arena, out, err);
    sampler->model_free(model);
    return status;
}
