// SPDX-License-Identifier: GPL-3.0-or-later
// route_ask.c - POST /ask and POST /studies/{id}/ask

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "route_asking.h"
#include "wire.h"
#include "wire_definition.h"
#include "wire_share.h"
#include "wire_trial.h"

enum route_outcome route_trial_ask(struct call *call, struct error *err)
{
    static const char *const known[] = {"n", "worker", "lease_s", "max_seconds",
                                        NULL};
    struct asking *asking = route_asking_new(call, route_asking_answer);
    struct directory_entry entry;
    enum route_outcome found = route_study(call, call->args[0], &entry, err);
    if (found != ROUTE_DONE)
        return found;
    asking->command.study_id = entry.study_id;
    if (route_asking_read(asking, known, err) == 0)
        return route_asking_submit(asking);
    json_decref(asking->body);
    return ROUTE_FAILED;
}

// ---- find or create, and ask ------------------------------------------------

static int describe(struct asking *asking, struct error *err)
{
    struct call *call = asking->call;
    struct definition *definition = wire_definition_read(
        json_object_get(asking->body, "study"), "study", err);
    if (!definition)
        return -1;
    asking->wanted = (struct study_wanted){
        .definition = definition,
        .strict = true,
        .identity = study_identity(definition, &call->request->arena)};
    auth_random(asking->key, STUDY_KEY_CHARS);
    return 0;
}

enum route_outcome route_trial_find_and_ask(struct call *call,
                                            struct error *err)
{
    static const char *const known[] = {"study",   "n",           "worker",
                                        "lease_s", "max_seconds", NULL};
    struct asking *asking = route_asking_new(call, route_asking_answer);
    int failed = route_asking_read(asking, known, err);
    const json_t *study = json_object_get(asking->body, "study");
    if (!failed && !json_is_object(study))
        failed = error_set(err, study ? ERROR_MALFORMED : ERROR_INVALID,
                           "study must be an object, not %s",
                           study ? wire_type(study) : "absent");
    if (failed) {
        json_decref(asking->body);
        return ROUTE_FAILED;
    }
    if (wire_sharing_take((json_t *)(uintptr_t)study, "study", &asking->sharing,
                          &call->request->arena, err)) {
        json_decref(asking->body);
        return ROUTE_FAILED;
    }
    // Where points of a contour may lie can take long to find out.
    if (!call->store && json_object_get(study, "contour")) {
        json_decref(asking->body);
        return ROUTE_AGAIN;
    }
    // The same description, whatever the order of its members.
    char *text = json_dumps(study, JSON_COMPACT | JSON_SORT_KEYS);
    if (!text)
        abort();
    enum route_outcome outcome = route_asking_find(asking, text, describe, err);
    free(text);
    return outcome;
}
