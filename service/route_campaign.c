// SPDX-License-Identifier: GPL-3.0-or-later
// route_campaign.c - campaigns: listed, looked at, renamed

#include "route_campaign.h"

#include <inttypes.h>
#include <string.h>

#include "campaign.h"
#include "route_audited.h"
#include "wire_campaign.h"
#include "wire_trial.h"

// ---- finding ----------------------------------------------------------------

enum route_outcome route_campaign_read(struct call *call, const char *key,
                                       struct campaign_row *row,
                                       struct error *err)
{
    if (!call->store)
        return ROUTE_AGAIN;
    if (store_campaign_find(call->store, key, &call->request->arena, row,
                            err) ||
        access_campaign(call->service->access, call->store, &call->principal,
                        row->id, call->route->right, &call->role, err))
        return ROUTE_FAILED;
    row->role = call->role;
    return ROUTE_DONE;
}

enum route_outcome route_campaign(struct call *call, const char *key,
                                  int64_t *id, struct error *err)
{
    struct campaign_row row = {.id = 0};
    enum route_outcome found = route_campaign_read(call, key, &row, err);
    *id = row.id;
    return found;
}

// ---- the table of segments --------------------------------------------------

struct table {
    struct text *text;
    struct study_progress sum; // of the counts
};

static int visit_segment(void *context, const struct segment_row *row,
                         struct error *err)
{
    struct table *table = context;
    (void)err;
    wire_segment_write(table->text, row);
    table->sum.invalid += row->progress.invalid;
    for (int state = 0; state < TRIAL_STATES; state++)
        table->sum.count[state] += row->progress.count[state];
    return 0;
}

int route_campaign_write(struct store *store, struct text *text, int64_t id,
                         enum role role, struct error *err)
{
    struct campaign_row row;
    struct arena arena;
    struct table table = {.text = text};
    arena_init(&arena);
    int result = store_campaign_get(store, id, &arena, &row, err);
    if (result == 0) {
        row.role = role;
        wire_campaign_open(text, &row);
        text_add(text, ",\"segments\":[");
        result = store_segment_list(store, id, -1, CAMPAIGN_MAX_SEGMENTS,
                                    visit_segment, &table, err);
        text_add(text, "],\"progress\":");
        wire_counts_write(text, &table.sum);
        text_char(text, '}');
    }
    arena_done(&arena);
    return result;
}

enum route_outcome route_campaign_get(struct call *call, struct error *err)
{
    int64_t id;
    struct text text;
    enum route_outcome found = route_campaign(call, call->args[0], &id, err);
    if (found != ROUTE_DONE)
        return found;
    text_init(&text, &call->request->arena);
    if (route_campaign_write(call->store, &text, id, call->role, err))
        return ROUTE_FAILED;
    return route_json(call, 200, &text);
}

// ---- list -------------------------------------------------------------------

struct listing {
    struct text text;
    int64_t last_id;
    int n;
};

static int visit_campaign(void *context, const struct campaign_row *row,
                          struct error *err)
{
    struct listing *listing = context;
    (void)err;
    listing->last_id = row->id;
    listing->n++;
    wire_campaign_open(&listing->text, row);
    text_key_int(&listing->text, "segments", row->n_segments);
    text_char(&listing->text, '}');
    return 0;
}

enum route_outcome route_campaign_list(struct call *call, struct error *err)
{
    static const char *const known[] = {"limit", "cursor", NULL};
    struct campaign_filter filter = {.user_id = call->principal.user_id,
                                     .only_id = call->principal.campaign_id};
    struct listing listing = {.n = 0};
    int64_t limit;
    if (route_query_known(call, known, err) ||
        route_query_int(call, "limit", 1, 1000, 100, &limit, err) ||
        route_query_int(call, "cursor", 1, INT64_MAX, 0, &filter.before_id,
                        err))
        return ROUTE_FAILED;
    filter.limit = (int)limit;
    text_init(&listing.text, &call->request->arena);
    text_add(&listing.text, "{\"campaigns\":[");
    // A token of one study is of no campaign.
    if (!call->principal.study_id &&
        store_campaign_list(call->store, &filter, visit_campaign, &listing,
                            err))
        return ROUTE_FAILED;
    text_add(&listing.text, "],\"next\":");
    if (listing.n == filter.limit)
        text_print(&listing.text, "\"%" PRId64 "\"}", listing.last_id);
    else
        text_add(&listing.text, "null}");
    return route_json(call, 200, &listing.text);
}

// ---- change -----------------------------------------------------------------

struct change {
    struct command command;
    struct call *call;
    int64_t id;
    const char *name, *notes; // NULL: as it is
    struct text text;
};

static const char *show(struct arena *arena, const struct change *change,
                        const char *name, const char *notes)
{
    struct text text;
    text_init(&text, arena);
    text_char(&text, '{');
    if (change->name)
        text_key_string(&text, "name", name);
    if (change->notes)
        text_key_string(&text, "notes", notes);
    text_char(&text, '}');
    return text.data;
}

static bool differs(const char *wanted, const char *there)
{
    return wanted && strcmp(wanted, there ? there : "") != 0;
}

static int apply_change(struct command *command, struct live *live,
                        struct store *store, struct error *err)
{
    struct change *change = (struct change *)command;
    struct call *call = change->call;
    struct arena *arena = &call->request->arena;
    struct campaign_row row;
    (void)live;
    if (store_campaign_lock(store, change->id, err) ||
        store_campaign_get(store, change->id, arena, &row, err))
        return -1;
    struct audited what = {
        .action = "campaign.patch",
        .object = row.key,
        .before = show(arena, change, row.name, row.notes),
        .after = show(arena, change, change->name, change->notes)};
    if ((differs(change->name, row.name) ||
         differs(change->notes, row.notes)) &&
        (campaign_change(store, &row, change->name, change->notes, err) ||
         route_audited(call, store, &what, err)))
        return -1;
    text_init(&change->text, arena);
    return route_campaign_write(store, &change->text, change->id, call->role,
                                err);
}

static void done_change(struct command *command, const struct live *live)
{
    struct change *change = (struct change *)command;
    (void)live;
    route_finish(change->call, command, &change->text);
}

static const char *read_text(const struct call *call,
                             const struct fields *fields, const char *name,
                             size_t max)
{
    const char *text = fields_text(fields, name, max, NULL);
    return text ? arena_copy(&call->request->arena, text, strlen(text)) : NULL;
}

enum route_outcome route_campaign_patch(struct call *call, struct error *err)
{
    static const char *const known[] = {"name", "notes", NULL};
    struct change *change =
        arena_zeros(&call->request->arena, 1, sizeof *change);
    struct fields fields;
    enum route_outcome found =
        route_campaign(call, call->args[0], &change->id, err);
    if (found != ROUTE_DONE)
        return found;
    json_t *body = route_body(call, err);
    if (body && fields_open(&fields, body, "", known, err) == 0) {
        change->name = read_text(call, &fields, "name", CAMPAIGN_MAX_NAME);
        change->notes = read_text(call, &fields, "notes", STUDY_MAX_NOTES);
        if (change->name && !*change->name)
            fields_fail(&fields, ERROR_INVALID, "name", "must not be empty");
    }
    json_decref(body);
    if (err->code)
        return ROUTE_FAILED;
    change->call = route_keep(call);
    change->command.apply = apply_change;
    change->command.done = done_change;
    route_submit(call, &change->command);
    return ROUTE_LATER;
}
