// SPDX-License-Identifier: GPL-3.0-or-later
// route_user.c - /api/v1/users, and /api/v1/me

#include <inttypes.h>
#include <string.h>

#include "clock.h"
#include "permit.h"
#include "quota.h"
#include "route.h"
#include "store_campaign.h"
#include "route_audited.h"
#include "store_group.h"
#include "wire_token.h"
#include "wire_user.h"

// ---- a user with all that is shown ------------------------------------------

struct names {
    struct arena *arena;
    const char **list;
    size_t n, capacity;
};

static int keep_name(void *context, const char *name, struct error *err)
{
    struct names *names = context;
    (void)err;
    if (names->n == names->capacity) {
        size_t capacity = names->capacity ? 2 * names->capacity : 8;
        const char **list = arena_zeros(names->arena, capacity, sizeof *list);
        if (names->n)
            memcpy(list, names->list, names->n * sizeof *list);
        names->list = list;
        names->capacity = capacity;
    }
    names->list[names->n++] = arena_copy(names->arena, name, strlen(name));
    return 0;
}

static int read_groups(struct store *store, int64_t id, struct arena *arena,
                       struct user_shown *user, struct error *err)
{
    struct names names = {.arena = arena};
    if (store_groups_of(store, id, keep_name, &names, err))
        return -1;
    user->groups = names.list;
    user->n_groups = names.n;
    return 0;
}

// Reads what belongs to user->row.
static int complete(struct call *call, struct store *store,
                    struct user_shown *user, struct error *err)
{
    user->limits =
        quota_limits(&user->row.quotas, &call->service->config->quotas);
    // Of requests only the user's own limit is known here.
    if (user->limits.requests_per_minute < 0)
        user->limits.requests_per_minute = 0;
    return store_user_use(store, user->row.id, &user->use, err) ||
                   read_groups(store, user->row.id, &call->request->arena, user,
                               err)
               ? -1
               : 0;
}

enum route_outcome route_user_me(struct call *call, struct error *err)
{
    const struct principal *principal = &call->principal;
    struct user_shown user;
    struct arena *arena = &call->request->arena;
    struct study_row study = {0};
    struct campaign_row campaign = {0};
    struct text text;
    if ((principal->study_id &&
         store_study_get(call->store, principal->study_id, arena, &study,
                         err)) ||
        (principal->campaign_id &&
         store_campaign_get(call->store, principal->campaign_id, arena,
                            &campaign, err)))
        return ROUTE_FAILED;
    if (store_user_get(call->store, principal->user_id, &call->request->arena,
                       &user.row, err) ||
        complete(call, call->store, &user, err))
        return ROUTE_FAILED;
    text_init(&text, &call->request->arena);
    text_add(&text, "{\"user\":");
    text_string(&text, principal->guest ? NULL : principal->name);
    text_key_bool(&text, "admin", principal->admin && !principal->guest);
    text_key_bool(&text, "guest", principal->guest);
    text_key_string(&text, "study_id", study.key);
    text_key_string(&text, "campaign_id", campaign.key);
    wire_scopes(&text, principal->scopes);
    text_key_time(&text, "expires", principal->expires_ms);
    text_key_bool(&text, "expires_soon",
                  account_ends_soon(principal, clock_wall_ms()));
    if (!principal->guest) // who has a link learns nothing of who made it
        wire_user_self(&text, &user);
    text_char(&text, '}');
    return route_json(call, 200, &text);
}

// ---- look -------------------------------------------------------------------

struct listing {
    struct arena *arena;
    struct user_shown *users;
    size_t n;
};

static const char *keep(struct arena *arena, const char *text)
{
    return text ? arena_copy(arena, text, strlen(text)) : NULL;
}

static int visit_user(void *context, const struct user_row *row,
                      struct error *err)
{
    struct listing *listing = context;
    struct user_row *kept = &listing->users[listing->n++].row;
    (void)err;
    *kept = *row;
    kept->name = keep(listing->arena, row->name);
    kept->display_name = keep(listing->arena, row->display_name);
    kept->email = keep(listing->arena, row->email);
    return 0;
}

static int read_filter(const struct call *call, struct user_filter *filter,
                       struct error *err)
{
    static const char *const known[] = {"limit", "cursor", "q", NULL};
    int64_t limit;
    if (user_may_administer(&call->principal, err) ||
        route_query_known(call, known, err) ||
        route_query_text(call, "q", USER_MAX_TEXT, &filter->query, err) ||
        route_query_int(call, "limit", 1, 1000, 100, &limit, err) ||
        route_query_int(call, "cursor", 0, INT64_MAX, 0, &filter->after_id,
                        err))
        return -1;
    filter->limit = (int)limit;
    return 0;
}

enum route_outcome route_user_list(struct call *call, struct error *err)
{
    struct listing listing = {.arena = &call->request->arena};
    struct user_filter filter;
    struct text text;
    if (read_filter(call, &filter, err))
        return ROUTE_FAILED;
    size_t limit = (size_t)filter.limit;
    listing.users = arena_zeros(listing.arena, limit, sizeof *listing.users);
    if (store_user_list(call->store, &filter, visit_user, &listing, err))
        return ROUTE_FAILED;
    text_init(&text, listing.arena);
    text_add(&text, "{\"users\":[");
    for (size_t i = 0; i < listing.n; i++) {
        if (complete(call, call->store, &listing.users[i], err))
            return ROUTE_FAILED;
        wire_user_write(&text, &listing.users[i]);
    }
    text_add(&text, "],\"next\":");
    if (listing.n == limit)
        text_print(&text, "\"%" PRId64 "\"}", listing.users[limit - 1].row.id);
    else
        text_add(&text, "null}");
    return route_json(call, 200, &text);
}

// The user that the path names.
static int find(struct call *call, struct user_row *row, struct error *err)
{
    return user_may_administer(&call->principal, err) ||
                   store_user_find(call->store, call->args[0],
                                   &call->request->arena, row, err)
               ? -1
               : 0;
}

enum route_outcome route_user_get(struct call *call, struct error *err)
{
    struct user_shown user;
    struct text text;
    if (find(call, &user.row, err) || complete(call, call->store, &user, err))
        return ROUTE_FAILED;
    text_init(&text, &call->request->arena);
    wire_user_write(&text, &user);
    return route_json(call, 200, &text);
}

// ---- change -----------------------------------------------------------------

struct changing {
    struct command command;
    struct call *call;
    struct user_new made;      // POST /users
    struct user_change change; // PATCH
    struct user_shown user;    // the one that is changed or invited; as it is
    struct new_token link;     // POST .../invitation
};

static struct changing *
start(struct call *call,
      int (*apply)(struct command *command, struct live *live,
                   struct store *store, struct error *err),
      void (*done)(struct command *command, const struct live *live))
{
    struct changing *changing =
        arena_zeros(&call->request->arena, 1, sizeof *changing);
    changing->command.apply = apply;
    changing->command.done = done;
    changing->call = route_keep(call);
    return changing;
}

static enum route_outcome submit(struct changing *changing)
{
    // The row of the user is locked in the order of all that lock owners.
    changing->command.takes = changing->user.row.id != 0;
    changing->command.owner_id = changing->user.row.id;
    route_submit(changing->call, &changing->command);
    return ROUTE_LATER;
}

static int record(const struct changing *changing, struct store *store,
                  const char *action, const char *before, const char *after,
                  struct error *err)
{
    struct audited what = {.action = action,
                           .object = changing->user.row.name,
                           .before = before,
                           .after = after};
    return route_audited(changing->call, store, &what, err);
}

// Answers with the user as it is now.
static void answer(struct changing *changing, int status)
{
    struct call *call = changing->call;
    struct text text;
    text_init(&text, &call->request->arena);
    if (changing->command.error.code) {
        route_problem(call->service, call->request, &changing->command.error);
    } else {
        wire_user_write(&text, &changing->user);
        route_json(call, status, &text);
    }
    http_answer(call->request);
}

static int apply_create(struct command *command, struct live *live,
                        struct store *store, struct error *err)
{
    struct changing *changing = (struct changing *)command;
    struct user_shown *user = &changing->user;
    struct arena *arena = &changing->call->request->arena;
    (void)live;
    if (user_create(store, &changing->made, err))
        return -1;
    user->row = changing->made.row;
    return complete(changing->call, store, user, err) ||
                   record(changing, store, "user.create", NULL,
                          wire_user_brief(&user->row, user->groups,
                                          user->n_groups, arena),
                          err)
               ? -1
               : 0;
}

static void done_create(struct command *command, const struct live *live)
{
    (void)live;
    answer((struct changing *)command, 201);
}

static int read_new(const struct fields *fields, struct changing *changing,
                    struct arena *arena)
{
    const char *name = fields_text(fields, "name", USER_MAX_NAME, NULL);
    struct user_change *given = &changing->change;
    struct user_new *made = &changing->made;
    if (fields->err->code)
        return -1;
    if (!name)
        return fields_fail(fields, ERROR_INVALID, "name", "is required");
    if (user_name_check(name, fields->err) ||
        wire_user_change(fields, given, arena))
        return -1;
    made->row = (struct user_row){.name = keep(arena, name),
                                  .display_name = given->display_name,
                                  .email = given->email,
                                  .admin = given->admin > 0};
    made->groups = given->groups;
    made->n_groups = given->n_groups;
    return 0;
}

enum route_outcome route_user_create(struct call *call, struct error *err)
{
    static const char *const known[] = {"name",  "display_name", "email",
                                        "admin", "groups",       NULL};
    struct changing *changing = start(call, apply_create, done_create);
    struct fields fields;
    if (user_may_administer(&call->principal, err))
        return ROUTE_FAILED;
    json_t *body = route_body(call, err);
    bool good = body && fields_open(&fields, body, "", known, err) == 0 &&
                read_new(&fields, changing, &call->request->arena) == 0;
    json_decref(body);
    return good ? submit(changing) : ROUTE_FAILED;
}

static int apply_patch(struct command *command, struct live *live,
                       struct store *store, struct error *err)
{
    struct changing *changing = (struct changing *)command;
    struct user_shown *user = &changing->user, before = {0};
    struct arena *arena = &changing->call->request->arena;
    (void)live;
    if (read_groups(store, user->row.id, arena, &before, err) ||
        user_change(store, user->row.id, &changing->change, arena, &before.row,
                    &user->row, err) ||
        complete(changing->call, store, user, err))
        return -1;
    const char *was =
        wire_user_brief(&before.row, before.groups, before.n_groups, arena);
    const char *is =
        wire_user_brief(&user->row, user->groups, user->n_groups, arena);
    return strcmp(was, is) == 0
               ? 0
               : record(changing, store, "user.patch", was, is, err);
}

static void done_patch(struct command *command, const struct live *live)
{
    struct changing *changing = (struct changing *)command;
    (void)live;
    permit_changed(changing->call->service->permit);
    answer(changing, 200);
}

enum route_outcome route_user_patch(struct call *call, struct error *err)
{
    static const char *const known[] = {
        "disabled", "admin", "quotas", "email", "groups", "display_name", NULL};
    struct changing *changing = start(call, apply_patch, done_patch);
    struct fields fields;
    if (find(call, &changing->user.row, err))
        return ROUTE_FAILED;
    json_t *body = route_body(call, err);
    bool good = body && fields_open(&fields, body, "", known, err) == 0 &&
                wire_user_change(&fields, &changing->change,
                                 &call->request->arena) == 0;
    json_decref(body);
    return good ? submit(changing) : ROUTE_FAILED;
}

// ---- invite -----------------------------------------------------------------

static int apply_invite(struct command *command, struct live *live,
                        struct store *store, struct error *err)
{
    struct changing *changing = (struct changing *)command;
    struct arena *arena = &changing->call->request->arena;
    struct user_row *user = &changing->user.row;
    (void)live;
    return store_user_get(store, user->id, arena, user, err) ||
                   user_invite(store, user, &changing->link, err) ||
                   record(changing, store, "user.invite", NULL, NULL, err)
               ? -1
               : 0;
}

static void done_invite(struct command *command, const struct live *live)
{
    struct changing *changing = (struct changing *)command;
    struct call *call = changing->call;
    struct arena *arena = &call->request->arena;
    struct text text;
    (void)live;
    text_init(&text, arena);
    if (command->error.code) {
        route_problem(call->service, call->request, &command->error);
    } else {
        text_char(&text, '{');
        text_key_string(&text, "user", changing->user.row.name);
        text_key_string(&text, "url",
                        arena_print(arena, "%s/#code=%s",
                                    route_public_url(call),
                                    changing->link.secret));
        text_key_time(&text, "expires", changing->link.row.expires_ms);
        text_char(&text, '}');
        route_json(call, 201, &text);
    }
    http_answer(call->request);
}

enum route_outcome route_user_invite(struct call *call, struct error *err)
{
    static const char *const known[] = {NULL};
    struct changing *changing = start(call, apply_invite, done_invite);
    struct fields fields;
    if (find(call, &changing->user.row, err))
        return ROUTE_FAILED;
    json_t *body = route_body(call, err);
    bool good = body && fields_open(&fields, body, "", known, err) == 0;
    json_decref(body);
    return good ? submit(changing) : ROUTE_FAILED;
}
