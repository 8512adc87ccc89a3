// SPDX-License-Identifier: GPL-3.0-or-later
// sampler.c - the registry of algorithms that propose

#include "sampler.h"

#include <string.h>

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

int sampler_suggest(const struct sampler *sampler,
                    const struct sampler_task *task, uint64_t number,
                    struct arena *arena, struct suggestion *out,
                    struct error *err)
{
    out->why = NULL;
    if (!sampler->fit_length)
        return sampler->suggest(task, NULL, number, arena, out, err);
    size_t n = sampler->fit_length(task, task->history->n_ended);
    struct model *model = sampler->fit(task, n, NULL);
    int status = sampler->suggest(task, model, number, arena, out, err);
    sampler->model_free(model);
    return status;
}
