// SPDX-License-Identifier: GPL-3.0-or-later
// route_study.c - studies: created, listed, looked at

#include <inttypes.h>
#include <string.h>

#include "auth.h"
#include "kind.h"
#include "route.h"
#include "route_audited.h"
#include "study.h"
#include "wire_definition.h"
#include "wire_share.h"
#include "wire_trial.h"

// ---- create -----------------------------------------------------------------

struct create {
    struct command command;
    struct call *call;
    struct study_wanted wanted;
    char key[STUDY_KEY_CHARS + 1];
    struct study_row row;
};

static int apply_create(struct command *command, struct live *live,
                        struct store *store, struct error *err)
{
    struct create *create = (struct create *)command;
    (void)live;
    struct call *call = create->call;
    create->wanted.quota = command->quota;
    if (study_find_or_create(store, &create->wanted, err) ||
        access_study(NULL, store, &call->principal, create->wanted.id,
                     call->route->right, &call->role, err) ||
        route_audited_new(call, store, &create->wanted, err))
        return -1;
    return store_study_get(store, create->wanted.id, &call->request->arena,
                           &create->row, err);
}

static void done_create(struct command *command, const struct live *live)
{
    struct create *create = (struct create *)command;
    struct request *request = create->call->request;
    struct text text;
    (void)live;
    text_init(&text, &request->arena);
    if (!command->error.code)
        route_study_write(create->call, &text, &create->row, &command->error);
    if (command->error.code)
        route_problem(create->call->service, request, &command->error);
    else
        route_json(create->call, create->wanted.created ? 201 : 200, &text);
    definition_free(create->wanted.definition);
    http_answer(request);
}

enum route_outcome route_study_create(struct call *call, struct error *err)
{
    struct arena *arena = &call->request->arena;
    json_t *body = route_body(call, err);
    if (!body)
        return ROUTE_FAILED;
    struct sharing sharing;
    struct definition *definition =
        wire_sharing_take(body, "", &sharing, arena, err)
            ? NULL
            : wire_definition_read(body, "", err);
    json_decref(body);
    if (!definition)
        return ROUTE_FAILED;
    struct create *create = arena_zeros(arena, 1, sizeof *create);
    create->command.apply = apply_create;
    create->command.done = done_create;
    create->command.takes = true;
    create->command.owner_id = call->principal.user_id;
    create->call = route_keep(call);
    auth_random(create->key, STUDY_KEY_CHARS);
    create->wanted = (struct study_wanted){
        .owner_id = call->principal.user_id,
        .principal = &create->call->principal,
        .key = create->key,
        .identity = study_identity(definition, arena),
        .definition = definition,
        .sharing = sharing,
        .strict = true,
        .only_find = account_is_bound(&call->principal),
    };
    route_submit(call, &create->command);
    return ROUTE_LATER;
}

// ---- look -------------------------------------------------------------------

struct listing {
    struct call *call;
    struct text *text;
    int64_t last_id;
    int n;
};

static int visit_study(void *context, const struct study_row *row,
                       struct error *err)
{
    struct listing *listing = context;
    listing->last_id = row->id;
    listing->n++;
    listing->call->role =
        access_effective(&listing->call->principal, row->id,
                         listing->call->principal.campaign_id, row->role);
    return route_study_write(listing->call, listing->text, row, err);
}

static int read_sharing(const struct call *call, struct study_filter *filter,
                        struct error *err)
{
    static const char *const names[] = {"", "mine", "with_me", "public"};
    const char *shared = request_query(call->request, "shared");
    const char *role = request_query(call->request, "role");
    if (role && (filter->role = role_from_name(role)) == ROLE_NONE)
        return error_set(err, ERROR_INVALID,
                         "role must be viewer, worker, editor or owner, not "
                         "\"%.40s\"",
                         role);
    if (!shared)
        return 0;
    for (int i = SHARED_MINE; i <= SHARED_PUBLIC; i++)
        if (strcmp(names[i], shared) == 0)
            filter->shared = (enum shared)i;
    if (filter->shared == SHARED_ANY)
        return error_set(err, ERROR_INVALID,
                         "shared must be mine, with_me or public, not "
                         "\"%.40s\"",
                         shared);
    return 0;
}

// What the caller may see as anybody might: an administrator sees the studies
// of others by naming their owner. A guest sees what the user who made the link
// owns, of which the token leaves one.
static void read_viewer(const struct principal *principal,
                        struct study_filter *filter)
{
    bool rules = principal->admin &&
                 (filter->owner ? (principal->scopes & SCOPE_ADMIN) != 0
                                : principal->guest);
    filter->user_id = principal->user_id;
    filter->everything = rules;
    if (principal->guest)
        filter->role = ROLE_OWNER;
}

static int read_filter(const struct call *call, struct study_filter *filter,
                       struct error *err)
{
    static const char *const known[] = {"limit",  "cursor", "q",   "state",
                                        "owner",  "kind",   "tag", "role",
                                        "shared", NULL};
    const struct principal *principal = &call->principal;
    const struct request *request = call->request;
    const char *state = request_query(request, "state");
    const char *kind = request_query(request, "kind");
    int64_t limit;
    *filter = (struct study_filter){.state = -1,
                                    .kind = -1,
                                    .only_id = principal->study_id,
                                    .only_campaign_id = principal->campaign_id};
    if (route_query_known(call, known, err) ||
        route_query_int(call, "limit", 1, 1000, 100, &limit, err) ||
        route_query_int(call, "cursor", 1, INT64_MAX, 0, &filter->before_id,
                        err) ||
        route_query_text(call, "q", STUDY_MAX_NAME, &filter->query, err) ||
        route_query_text(call, "owner", STUDY_MAX_NAME, &filter->owner, err) ||
        route_query_text(call, "tag", STUDY_MAX_TAG, &filter->tag, err))
        return -1;
    filter->limit = (int)limit;
    if (read_sharing(call, filter, err))
        return -1;
    read_viewer(principal, filter);
    if (kind && (filter->kind = kind_from_name(kind)) < 0)
        return error_set(err, ERROR_INVALID,
                         "kind must be hpo, grid, limit or contour, not "
                         "\"%.40s\"",
                         kind);
    if (state && (filter->state = study_state_from_name(state)) < 0)
        return error_set(err, ERROR_INVALID,
                         "state must be running, paused, draining or finished, "
                         "not \"%.40s\"",
                         state);
    return 0;
}

enum route_outcome route_study_list(struct call *call, struct error *err)
{
    struct study_filter filter;
    struct text text;
    struct listing listing = {.call = call, .text = &text};
    if (read_filter(call, &filter, err))
        return ROUTE_FAILED;
    text_init(&text, &call->request->arena);
    text_add(&text, "{\"studies\":[");
    if (store_study_list(call->store, &filter, visit_study, &listing, err))
        return ROUTE_FAILED;
    text_add(&text, "],\"next\":");
    if (listing.n == filter.limit)
        text_print(&text, "\"%" PRId64 "\"}", listing.last_id);
    else
        text_add(&text, "null}");
    return route_json(call, 200, &text);
}

// Reads the study that the path names, if it is the caller's.
static int read_study(struct call *call, struct study_row *row,
                      struct error *err)
{
    struct directory_entry entry;
    if (route_study(call, call->args[0], &entry, err) != ROUTE_DONE)
        return -1;
    return store_study_get(call->store, entry.study_id, &call->request->arena,
                           row, err);
}

enum route_outcome route_study_get(struct call *call, struct error *err)
{
    struct study_row row;
    struct text text;
    text_init(&text, &call->request->arena);
    if (read_study(call, &row, err) ||
        route_study_write(call, &text, &row, err))
        return ROUTE_FAILED;
    return route_json(call, 200, &text);
}

static enum route_outcome answer_best(struct call *call,
                                      const struct definition *definition,
                                      const struct study_row *study,
                                      struct error *err)
{
    struct trial_row trial;
    struct text text;
    text_init(&text, &call->request->arena);
    if (definition->n_objectives > 1) {
        error_set(err, ERROR_INVALID,
                  "best is for a study with one objective, not %zu: its "
                  "/pareto has the trials that no other one dominates",
                  definition->n_objectives);
        return ROUTE_FAILED;
    }
    if (study->progress.best_number < 0) {
        text_add(&text, "{\"trial\":null}");
        return route_json(call, 200, &text);
    }
    if (store_trial_get(call->store, study->id, study->progress.best_number,
                        &call->request->arena, &trial, err))
        return ROUTE_FAILED;
    text_add(&text, "{\"trial\":");
    if (wire_trial_open(&text, definition, study->key, &trial, err))
        return ROUTE_FAILED;
    text_add(&text, "}}");
    return route_json(call, 200, &text);
}

enum route_outcome route_study_best(struct call *call, struct error *err)
{
    struct study_row study;
    if (read_study(call, &study, err))
        return ROUTE_FAILED;
    struct definition *definition = wire_definition_load(study.definition, err);
    if (!definition)
        return ROUTE_FAILED;
    enum route_outcome outcome = answer_best(call, definition, &study, err);
    definition_free(definition);
    return outcome;
}
