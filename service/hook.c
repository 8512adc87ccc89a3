// SPDX-License-Identifier: GPL-3.0-or-later
// hook.c - the life of a webhook

#include "hook.h"

#include <inttypes.h>
#include <string.h>

#include "auth_hook.h"
#include "clock.h"

static const int64_t longest_wait_ms = 6 * 3600 * INT64_C(1000);
static const int64_t longest_pause_s = 24 * 3600;

enum { BACK_OFF = 5 };

// ---- commands on the study --------------------------------------------------

static int note(struct live *live, struct store *store, const char *kind,
                int64_t user_id, struct error *err)
{
    struct event_row event = {.study_id = live->id,
                              .revision = live_revise(live),
                              .kind = kind,
                              .number = -1,
                              .at_ms = clock_wall_ms(),
                              .user_id = user_id};
    return store_event_add(store, &event, err);
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

// The webhook of the study with that url; NULL: none.
static const struct hook_row *find(const struct hook_page *page,
                                   const char *url)
{
    for (size_t i = 0; i < page->n; i++)
        if (strcmp(page->hooks[i].url, url) == 0)
            return &page->hooks[i];
    return NULL;
}

int hook_add(struct live *live, struct store *store, struct arena *arena,
             struct hook_row *row, int64_t user_id, bool *created,
             struct error *err)
{
    struct hook_page page = {.limit = HOOK_MAX};
    if (store_hook_list(store, live->id, &page, arena, err))
        return -1;
    const struct hook_row *there = find(&page, row->url);
    *created = !there;
    if (there && same_text(there->kinds, row->kinds) &&
        same_text(there->secret, row->secret)) {
        *row = *there;
        return 0;
    }
    if (there)
        return error_set(err, ERROR_CONFLICT, "url is that of webhook %" PRId64,
                         there->id);
    if (page.n == HOOK_MAX)
        return error_set(err, ERROR_CONFLICT, "a study has at most %d webhooks",
                         HOOK_MAX);
    if (note(live, store, "webhook_created", user_id, err))
        return -1;
    row->study_id = live->id;
    row->created_ms = clock_wall_ms();
    row->delivered = live->progress.revision;
    return store_hook_add(store, row, err);
}

static void forget_failures(struct hook_row *row)
{
    row->failures = row->failing_ms = row->due_ms = 0;
}

static void enter_change(struct hook_row *row, const struct hook_change *change)
{
    if (change->url && strcmp(change->url, row->url) != 0) {
        row->url = change->url;
        row->tried = 0;
        forget_failures(row);
    }
    if (change->has_kinds && !same_text(row->kinds, change->kinds)) {
        row->kinds = change->kinds;
        row->tried = 0;
    }
    if (change->enabled == 0 && !row->disabled_ms) {
        row->disabled_ms = clock_wall_ms();
        row->reason = "disabled by a user";
    } else if (change->enabled == 1) {
        row->disabled_ms = 0;
        row->reason = NULL;
        forget_failures(row);
    }
}

int hook_change(struct live *live, struct store *store, struct arena *arena,
                int64_t id, const struct hook_change *change, int64_t user_id,
                struct hook_row *row, struct error *err)
{
    struct hook_page page = {.limit = HOOK_MAX};
    if (store_hook_get(store, live->id, id, arena, row, err) ||
        store_hook_list(store, live->id, &page, arena, err))
        return -1;
    const struct hook_row *there =
        change->url ? find(&page, change->url) : NULL;
    if (there && there->id != id)
        return error_set(err, ERROR_CONFLICT, "url is that of webhook %" PRId64,
                         there->id);
    bool was_disabled = row->disabled_ms != 0;
    enter_change(row, change);
    const char *kind = was_disabled == (row->disabled_ms != 0)
                           ? "webhook_changed"
                       : was_disabled ? "webhook_enabled"
                                      : "webhook_disabled";
    if (note(live, store, kind, user_id, err))
        return -1;
    return store_hook_change(store, row, err);
}

int hook_remove(struct live *live, struct store *store, int64_t id,
                int64_t user_id, struct error *err)
{
    if (store_hook_remove(store, live->id, id, err))
        return -1;
    return note(live, store, "webhook_deleted", user_id, err);
}

int hook_give_up(struct live *live, struct store *store, int64_t id,
                 const char *reason, struct error *err)
{
    struct arena arena;
    struct hook_row row;
    struct error fault = {0};
    arena_init(&arena);
    int result = store_hook_get(store, live->id, id, &arena, &row, &fault);
    if (result && fault.code == ERROR_NOT_FOUND) {
        result = 0;
    } else if (result) {
        error_set(err, fault.code, "%s", fault.message);
    } else if (!row.disabled_ms) {
        row.disabled_ms = clock_wall_ms();
        row.reason = reason;
        result = note(live, store, "webhook_disabled", 0, err) ||
                         store_hook_change(store, &row, err)
                     ? -1
                     : 0;
    }
    arena_done(&arena);
    return result;
}

// ---- deliveries -------------------------------------------------------------

bool hook_is_kind(const char *word)
{
    size_t n = strlen(word);
    return n > 0 && n <= HOOK_MAX_KIND && word[0] != '_' &&
           word[n - 1] != '_' && !strstr(word, "__") &&
           strspn(word, "abcdefghijklmnopqrstuvwxyz_") == n;
}

// Kinds are " a b ".
static bool wanted(const struct hook_row *hook, const char *kind)
{
    size_t n = strlen(kind);
    for (const char *at = hook->kinds; at && (at = strstr(at, kind)); at += n)
        if (at[-1] == ' ' && at[n] == ' ')
            return true;
    return !hook->kinds;
}

void hook_choose(struct hook_row *hook, struct event_page *page)
{
    int64_t end = hook->tried ? hook->tried : INT64_MAX;
    int64_t last = hook->delivered;
    size_t n = 0;
    for (size_t i = 0;
         i < page->n && page->events[i].revision <= end && n < HOOK_MAX_EVENTS;
         i++) {
        last = page->events[i].revision;
        if (wanted(hook, page->events[i].kind))
            page->events[n++] = page->events[i];
    }
    hook->tried = last;
    page->n = n;
}

void hook_sign(const struct hook_row *hook, const char *id, int64_t now_ms,
               const char *body, struct arena *arena,
               struct hook_headers *headers)
{
    char signature[AUTH_HOOK_SIGNATURE_SIZE];
    int64_t seconds = now_ms / 1000;
    const char *message =
        arena_print(arena, "%s.%" PRId64 ".%s", id, seconds, body);
    auth_hook_sign(hook->secret, message, strlen(message), signature);
    headers->id = arena_print(arena, "webhook-id: %s", id);
    headers->timestamp =
        arena_print(arena, "webhook-timestamp: %" PRId64, seconds);
    headers->signature = arena_print(arena, "webhook-signature: %s", signature);
}

const char *hook_delivery_id(const struct hook_row *hook, struct arena *arena)
{
    return arena_print(arena, "%s_%" PRId64 "_%" PRId64 "_%" PRId64,
                       hook->study_key, hook->id, hook->delivered, hook->tried);
}

static int64_t wait_ms(const struct hook_row *hook,
                       const struct hook_answer *answer,
                       const struct hook_policy *policy)
{
    int64_t ms = policy->retry_ms;
    for (int64_t k = 1; k < hook->failures && ms < longest_wait_ms; k++)
        ms *= BACK_OFF;
    if (ms > longest_wait_ms)
        ms = longest_wait_ms;
    int64_t asked_s = answer->retry_after_s;
    if (asked_s > longest_pause_s)
        asked_s = longest_pause_s;
    if (asked_s * 1000 > ms)
        ms = asked_s * 1000;
    return ms + (int64_t)((double)ms * 0.2 * answer->luck);
}

const char *hook_judge(struct hook_row *hook, const struct hook_answer *answer,
                       const struct hook_policy *policy, struct arena *arena)
{
    hook->last_ms = answer->at_ms;
    hook->last_status = answer->status;
    hook->last_error = answer->status ? NULL : answer->problem;
    if (answer->status >= 200 && answer->status < 300) {
        hook->delivered = hook->tried;
        hook->tried = hook->failures = hook->failing_ms = hook->due_ms = 0;
        return NULL;
    }
    hook->failures++;
    if (!hook->failing_ms)
        hook->failing_ms = answer->at_ms;
    hook->due_ms = answer->at_ms + wait_ms(hook, answer, policy);
    if (answer->status == 410)
        return "the receiver said 410 Gone";
    if (answer->at_ms - hook->failing_ms < policy->give_up_ms)
        return NULL;
    return arena_print(arena, "no delivery succeeded for %" PRId64 " s",
                       (answer->at_ms - hook->failing_ms) / 1000);
}
