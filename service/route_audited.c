// SPDX-License-Identifier: GPL-3.0-or-later
// route_audited.c - what people change leaves a line in the audit log

#include "route_audited.h"

#include <inttypes.h>

#include "wire_detail.h"

int route_audited(const struct call *call, struct store *store,
                  const struct audited *what, struct error *err)
{
    struct audit_row row = route_audit(call, what->action);
    row.study_id = what->study_id;
    row.object = what->object;
    row.before = what->before;
    row.after = what->after;
    return store_audit_add(store, &row, err);
}

int route_audited_new(const struct call *call, struct store *store,
                      const struct study_wanted *wanted, struct error *err)
{
    struct arena arena;
    struct text after;
    if (!wanted->created)
        return 0;
    arena_init(&arena);
    text_init(&after, &arena);
    text_char(&after, '{');
    text_key_string(&after, "name", wanted->definition->name);
    text_char(&after, '}');
    struct audited what = {.action = "study.create",
                           .study_id = wanted->id,
                           .object = wanted->found_key,
                           .after = after.data};
    int result = route_audited(call, store, &what, err);
    arena_done(&arena);
    return result;
}

static int record(const struct call *call, const struct audited_trial *trial,
                  const struct trial_row *before, struct live *live,
                  struct store *store, struct arena *arena, struct error *err)
{
    struct trial_row after;
    struct audited what = {.action = trial->action, .study_id = live->id};
    char *was, *is;
    if (store_trial_get(store, live->id, trial->number, arena, &after, err))
        return -1;
    bool differs =
        wire_detail_both(live->definition, before, &after, arena, &was, &is);
    if (!differs && before->withdrawn == after.withdrawn)
        return 0;
    what.object = arena_print(arena, "%" PRId64, trial->number);
    what.before = was;
    what.after = is;
    return route_audited(call, store, &what, err);
}

int route_audited_trial(const struct call *call,
                        const struct audited_trial *trial, struct live *live,
                        struct store *store, struct error *err)
{
    struct arena arena;
    struct trial_row before;
    struct error fault = {0};
    arena_init(&arena);
    int there = store_trial_get(store, live->id, trial->number, &arena, &before,
                                &fault);
    int result = there && fault.code != ERROR_NOT_FOUND
                     ? error_set(err, fault.code, "%s", fault.message)
                     : trial->apply(trial->command, live, store, err);
    if (result == 0 && there == 0)
        result = record(call, trial, &before, live, store, &arena, err);
    arena_done(&arena);
    return result;
}
