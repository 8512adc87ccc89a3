// SPDX-License-Identifier: GPL-3.0-or-later
// wire_user.c - the JSON of users and of what they may use

#include "wire_user.h"

#include <inttypes.h>
#include <string.h>

enum { MAX_GROUP_NAME = 200 };

static const char *const quota_names[] = {"max_studies", "max_trials",
                                          "max_running", "max_bytes",
                                          "requests_per_minute"};
enum { QUOTAS = sizeof quota_names / sizeof *quota_names };

// ---- writing ----------------------------------------------------------------

// `none` is written as null.
static void write_quotas(struct text *text, const char *name,
                         const struct user_quotas *quotas, int64_t none)
{
    const int64_t values[QUOTAS] = {quotas->max_studies, quotas->max_trials,
                                    quotas->max_running, quotas->max_bytes,
                                    quotas->requests_per_minute};
    text_key(text, name);
    text_char(text, '{');
    for (size_t i = 0; i < QUOTAS; i++) {
        if (values[i] == none)
            text_key_json(text, quota_names[i], NULL);
        else
            text_key_int(text, quota_names[i], values[i]);
    }
    text_char(text, '}');
}

static void write_groups(struct text *text, const char *const *groups, size_t n)
{
    text_key(text, "groups");
    text_char(text, '[');
    for (size_t i = 0; i < n; i++) {
        text_next(text);
        text_string(text, groups[i]);
    }
    text_char(text, ']');
}

void wire_user_self(struct text *text, const struct user_shown *user)
{
    text_key_string(text, "display_name", user->row.display_name);
    text_key_string(text, "email", user->row.email);
    write_groups(text, user->groups, user->n_groups);
    write_quotas(text, "quotas", &user->row.quotas, USER_AS_SET);
    write_quotas(text, "limits", &user->limits, 0);
    text_key(text, "use");
    text_char(text, '{');
    text_key_int(text, "studies", user->use.studies);
    text_key_int(text, "trials", user->use.trials);
    text_key_int(text, "running", user->use.running);
    text_key_int(text, "bytes", user->use.bytes);
    text_char(text, '}');
}

void wire_user_write(struct text *text, const struct user_shown *user)
{
    text_next(text);
    text_char(text, '{');
    text_key_string(text, "name", user->row.name);
    text_key_bool(text, "admin", user->row.admin);
    text_key_bool(text, "disabled", user->row.disabled);
    text_key_time(text, "created", user->row.created_ms);
    text_key_time(text, "last_seen", user->row.seen_ms);
    wire_user_self(text, user);
    text_char(text, '}');
}

char *wire_user_brief(const struct user_row *row, const char *const *groups,
                      size_t n_groups, struct arena *arena)
{
    struct text text;
    text_init(&text, arena);
    text_char(&text, '{');
    text_key_bool(&text, "admin", row->admin);
    text_key_bool(&text, "disabled", row->disabled);
    text_key_string(&text, "display_name", row->display_name);
    text_key_string(&text, "email", row->email);
    write_groups(&text, groups, n_groups);
    write_quotas(&text, "quotas", &row->quotas, USER_AS_SET);
    text_char(&text, '}');
    return text.data;
}

// ---- reading ----------------------------------------------------------------

static bool has(const struct fields *fields, const char *name)
{
    return json_object_get(fields->object, name) != NULL;
}

static const char *read_text(const struct fields *fields, const char *name,
                             bool *given, struct arena *arena)
{
    const char *text = fields_text(fields, name, USER_MAX_TEXT, NULL);
    *given = has(fields, name);
    return text ? arena_copy(arena, text, strlen(text)) : NULL;
}

static int read_groups(const struct fields *fields, struct user_change *change,
                       struct arena *arena)
{
    const json_t *list = fields_get(fields, "groups"), *item;
    size_t i, n = json_array_size(list);
    change->has_groups = list != NULL;
    if (!list)
        return 0;
    if (!json_is_array(list) || n > USER_MAX_GROUPS)
        return fields_fail(fields, ERROR_INVALID, "groups",
                           "must be a list of at most %d names of groups",
                           USER_MAX_GROUPS);
    const char **names = arena_zeros(arena, n + 1, sizeof *names);
    json_array_foreach(list, i, item)
    {
        const char *name = json_string_value(item);
        if (!name || !*name || strlen(name) > MAX_GROUP_NAME)
            return fields_fail(fields, ERROR_INVALID, "groups",
                               "must hold names of 1 to %d bytes, not %.40s",
                               MAX_GROUP_NAME, name ? name : wire_type(item));
        names[i] = arena_copy(arena, name, strlen(name));
    }
    change->groups = names;
    change->n_groups = n;
    return 0;
}

// null: as the settings say.
static int read_quotas(const struct fields *fields, struct user_change *change)
{
    const json_t *object = fields_get(fields, "quotas");
    struct fields quotas;
    static const char *const known[QUOTAS + 1] = {
        "max_studies", "max_trials",          "max_running",
        "max_bytes",   "requests_per_minute", NULL};
    int64_t *values[QUOTAS] = {
        &change->quotas.max_studies, &change->quotas.max_trials,
        &change->quotas.max_running, &change->quotas.max_bytes,
        &change->quotas.requests_per_minute};
    if (!object)
        return 0;
    if (fields_open(&quotas, object, "quotas", known, fields->err))
        return -1;
    for (size_t i = 0; i < QUOTAS; i++) {
        change->has_quota[i] = has(&quotas, quota_names[i]);
        *values[i] =
            fields_int(&quotas, quota_names[i], 0, USER_MAX_QUOTA, USER_AS_SET);
    }
    return fields->err->code ? -1 : 0;
}

int wire_user_change(const struct fields *fields, struct user_change *change,
                     struct arena *arena)
{
    *change = (struct user_change){.disabled = -1, .admin = -1};
    if (fields_get(fields, "disabled"))
        change->disabled = fields_bool(fields, "disabled", false);
    if (fields_get(fields, "admin"))
        change->admin = fields_bool(fields, "admin", false);
    change->display_name =
        read_text(fields, "display_name", &change->has_display_name, arena);
    change->email = read_text(fields, "email", &change->has_email, arena);
    return fields->err->code || read_groups(fields, change, arena) ||
                   read_quotas(fields, change)
               ? -1
               : 0;
}
