// SPDX-License-Identifier: GPL-3.0-or-later
// route_trial.c - report and heartbeat: calls of a worker while it works

#include <math.h>

#include "route.h"
#include "trial.h"
#include "wire.h"

// ---- report -----------------------------------------------------------------

struct reporting {
    struct command command;
    struct call *call;
    struct report report;
};

static int apply_report(struct command *command, struct live *live,
                        struct store *store, struct error *err)
{
    return trial_report(live, store, &((struct reporting *)command)->report,
                        err);
}

static void done_report(struct command *command, const struct live *live)
{
    struct reporting *reporting = (struct reporting *)command;
    const struct report *report = &reporting->report;
    struct text text;
    (void)live;
    text_init(&text, &reporting->call->request->arena);
    text_print(&text, "{\"should_prune\":%s,\"reason\":",
               report->should_prune ? "true" : "false");
    text_string(&text, *report->reason ? report->reason : NULL);
    text_add(&text, ",\"lease_expires\":");
    text_time(&text, report->lease_ms);
    text_char(&text, '}');
    route_finish(reporting->call, command, &text);
}

static int read_report(const json_t *body, struct report *report,
                       struct error *err)
{
    static const char *const known[] = {"step", "value", NULL};
    struct fields fields;
    if (fields_open(&fields, body, "", known, err))
        return -1;
    for (const char *const *name = known; *name; name++)
        if (!fields_get(&fields, *name))
            return fields_fail(&fields, ERROR_INVALID, *name, "is required");
    report->step = fields_int(&fields, "step", 0, INT64_C(1) << 53, 0);
    report->value = fields_value(&fields, "value", NAN);
    return err->code ? -1 : 0;
}

enum route_outcome route_trial_report(struct call *call, struct error *err)
{
    struct reporting *reporting =
        arena_zeros(&call->request->arena, 1, sizeof *reporting);
    reporting->command.apply = apply_report;
    reporting->command.done = done_report;
    reporting->call = route_keep(call);
    reporting->report.user_id = call->principal.user_id;
    enum route_outcome found = route_trial_in_path(
        call, &reporting->command, &reporting->report.number, err);
    if (found != ROUTE_DONE)
        return found;
    json_t *body = route_body(call, err);
    bool good = body && read_report(body, &reporting->report, err) == 0;
    json_decref(body);
    if (!good)
        return ROUTE_FAILED;
    route_submit(call, &reporting->command);
    return ROUTE_LATER;
}

// ---- heartbeat --------------------------------------------------------------

struct beating {
    struct command command;
    struct call *call;
    struct heartbeat heartbeat;
};

static int apply_heartbeat(struct command *command, struct live *live,
                           struct store *store, struct error *err)
{
    return trial_heartbeat(live, store, &((struct beating *)command)->heartbeat,
                           err);
}

static void done_heartbeat(struct command *command, const struct live *live)
{
    struct beating *beating = (struct beating *)command;
    const struct heartbeat *heartbeat = &beating->heartbeat;
    struct text text;
    (void)live;
    text_init(&text, &beating->call->request->arena);
    text_print(&text, "{\"continue\":%s,\"reason\":",
               heartbeat->go_on ? "true" : "false");
    text_string(&text, heartbeat->reason);
    text_add(&text, ",\"lease_expires\":");
    text_time(&text, heartbeat->lease_ms);
    text_char(&text, '}');
    route_finish(beating->call, command, &text);
}

enum route_outcome route_trial_heartbeat(struct call *call, struct error *err)
{
    static const char *const known[] = {NULL};
    struct beating *beating =
        arena_zeros(&call->request->arena, 1, sizeof *beating);
    beating->command.apply = apply_heartbeat;
    beating->command.done = done_heartbeat;
    beating->call = route_keep(call);
    enum route_outcome found = route_trial_in_path(
        call, &beating->command, &beating->heartbeat.number, err);
    if (found != ROUTE_DONE)
        return found;
    json_t *body = route_body(call, err);
    struct fields fields;
    bool good = body && fields_open(&fields, body, "", known, err) == 0;
    json_decref(body);
    if (!good)
        return ROUTE_FAILED;
    route_submit(call, &beating->command);
    return ROUTE_LATER;
}
