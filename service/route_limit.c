// SPDX-License-Identifier: GPL-3.0-or-later
// route_limit.c - what the toys of a limit study say
//
// Asked of the live study, which has counted them, by a command that changes
// nothing.

#include <math.h>

#include "kind.h"
#include "route.h"
#include "wire_limit.h"

struct looking {
    struct command command;
    struct call *call;
    double mu; // of a histogram; NaN: the whole study
    int64_t bins;
    size_t site; // that mu belongs to
};

static int find_site(struct looking *looking, const struct live *live,
                     struct error *err)
{
    const struct live_limit *limit = live->limit;
    live_limit_sync(live);
    for (looking->site = 0; looking->site < limit->n; looking->site++) {
        double mu = limit->sites[looking->site].mu;
        if (fabs(mu - looking->mu) <= 1e-12 * fabs(mu))
            return 0;
    }
    return error_set(err, ERROR_NOT_FOUND,
                     "mu %.17g is not a point of this study", looking->mu);
}

static int apply(struct command *command, struct live *live,
                 struct store *store, struct error *err)
{
    struct looking *looking = (struct looking *)command;
    (void)store;
    if (!live->limit)
        return error_set(err, ERROR_INVALID,
                         "the study is of kind %s, not limit",
                         kind_of(live->definition)->name);
    if (!isnan(looking->mu))
        return find_site(looking, live, err);
    live_limit_look(live);
    return 0;
}

static void done(struct command *command, const struct live *live)
{
    const struct looking *looking = (const struct looking *)command;
    struct text text;
    text_init(&text, &looking->call->request->arena);
    if (!command->error.code && isnan(looking->mu))
        wire_limit_answer(&text, live);
    else if (!command->error.code)
        wire_limit_histogram(&text, &live->limit->sites[looking->site],
                             (size_t)looking->bins);
    route_finish(looking->call, command, &text);
}

static enum route_outcome look(struct call *call, double mu, int64_t bins,
                               struct error *err)
{
    struct directory_entry entry;
    enum route_outcome found = route_study(call, call->args[0], &entry, err);
    if (found != ROUTE_DONE)
        return found;
    struct looking *looking =
        arena_zeros(&call->request->arena, 1, sizeof *looking);
    looking->command.study_id = entry.study_id;
    looking->command.apply = apply;
    looking->command.done = done;
    looking->call = route_keep(call);
    looking->mu = mu;
    looking->bins = bins;
    route_submit(call, &looking->command);
    return ROUTE_LATER;
}

enum route_outcome route_limit_get(struct call *call, struct error *err)
{
    static const char *const known[] = {NULL};
    return route_query_known(call, known, err) ? ROUTE_FAILED
                                               : look(call, NAN, 0, err);
}

enum route_outcome route_limit_toys(struct call *call, struct error *err)
{
    static const char *const known[] = {"mu", "bins", NULL};
    double mu;
    int64_t bins;
    if (route_query_known(call, known, err) ||
        route_query_real(call, "mu", &mu, err) ||
        route_query_int(call, "bins", 1, LIMIT_MAX_BINS, 50, &bins, err))
        return ROUTE_FAILED;
    if (isnan(mu)) {
        error_set(err, ERROR_INVALID, "mu is required");
        return ROUTE_FAILED;
    }
    return look(call, mu, bins, err);
}
