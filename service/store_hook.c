// SPDX-License-Identifier: GPL-3.0-or-later
// store_hook.c - the webhooks of studies, as the store keeps them

#include "store_hook.h"

#include "store_private.h"

int store_hook_add(struct store *store, struct hook_row *row, struct error *err)
{
    struct store_one one = {
        .call =
            DB_CALL(QUERY_HOOK_ADD, db_int(row->study_id), db_text(row->url),
                    db_text(row->kinds), db_text(row->secret),
                    db_int(row->created_ms), db_int(row->delivered)),
        .visit = store_keep_int,
        .context = &row->id,
        .what = "webhook",
    };
    return store_read_one(store, &one, err);
}

static int read_hook(void *context, struct db_row *row, struct error *err)
{
    struct hook_row *hook = context;
    (void)err;
    hook->id = db_next_int(row);
    hook->study_id = db_next_int(row);
    hook->study_key = db_next_text(row);
    hook->url = db_next_text(row);
    hook->kinds = db_next_text(row);
    hook->secret = db_next_text(row);
    hook->created_ms = db_next_int(row);
    hook->disabled_ms = db_next_int_or(row, 0);
    hook->reason = db_next_text(row);
    hook->delivered = db_next_int(row);
    hook->tried = db_next_int(row);
    hook->failures = db_next_int(row);
    hook->failing_ms = db_next_int(row);
    hook->due_ms = db_next_int(row);
    hook->lease_ms = db_next_int(row);
    hook->last_ms = db_next_int(row);
    hook->last_status = db_next_int_or(row, 0);
    hook->last_error = db_next_text(row);
    return 0;
}

int store_hook_get(struct store *store, int64_t study_id, int64_t id,
                   struct arena *arena, struct hook_row *row, struct error *err)
{
    struct store_one one = {
        .call = DB_CALL(QUERY_HOOK_GET, db_int(study_id), db_int(id)),
        .visit = read_hook,
        .context = row,
        .arena = arena,
        .what = "webhook",
    };
    return store_read_one(store, &one, err);
}

int store_hook_remove(struct store *store, int64_t study_id, int64_t id,
                      struct error *err)
{
    int64_t removed;
    struct store_one one = {
        .call = DB_CALL(QUERY_HOOK_REMOVE, db_int(study_id), db_int(id)),
        .visit = store_keep_int,
        .context = &removed,
        .what = "webhook",
    };
    return store_read_one(store, &one, err);
}

int store_hook_change(struct store *store, const struct hook_row *row,
                      struct error *err)
{
    return db_write(
        store->db,
        DB_CALL(QUERY_HOOK_CHANGE, db_int(row->study_id), db_int(row->id),
                db_text(row->url), db_text(row->kinds),
                db_int_unless(row->disabled_ms, 0), db_text(row->reason),
                db_int(row->tried), db_int(row->failures),
                db_int(row->failing_ms), db_int(row->due_ms)),
        err);
}

static int visit_hook(void *context, struct db_row *row, struct error *err)
{
    struct hook_page *page = context;
    return read_hook(&page->hooks[page->n++], row, err);
}

static int read_page(struct store *store, const struct db_call *call,
                     struct hook_page *page, struct arena *arena,
                     struct error *err)
{
    struct db_reader reader = {visit_hook, page, arena};
    page->n = 0;
    page->hooks = arena_alloc(arena, page->limit * sizeof *page->hooks);
    return db_read(store->db, call, &reader, err) < 0 ? -1 : 0;
}

int store_hook_list(struct store *store, int64_t study_id,
                    struct hook_page *page, struct arena *arena,
                    struct error *err)
{
    return read_page(store,
                     DB_CALL(QUERY_HOOK_LIST, db_int(study_id),
                             db_int((int64_t)page->limit)),
                     page, arena, err);
}

int store_hook_pending(struct store *store, const struct hook_row *row,
                       int64_t limit, int64_t *pending, struct error *err)
{
    struct store_one one = {
        .call =
            DB_CALL(QUERY_HOOK_PENDING, db_int(row->study_id),
                    db_int(row->delivered), db_text(row->kinds), db_int(limit)),
        .visit = store_keep_int,
        .context = pending,
        .what = "count",
    };
    return store_read_one(store, &one, err);
}

int store_hooks_due(struct store *store, int64_t now_ms, struct hook_page *page,
                    struct arena *arena, struct error *err)
{
    return read_page(
        store,
        DB_CALL(QUERY_HOOKS_DUE, db_int(now_ms), db_int((int64_t)page->limit)),
        page, arena, err);
}

// Runs an update that returns the id of the row that it changed.
static int changes(struct store *store, const struct db_call *call,
                   bool *changed, struct error *err)
{
    int64_t id;
    struct db_reader reader = {store_keep_int, &id, NULL};
    int rows = db_read(store->db, call, &reader, err);
    *changed = rows > 0;
    return rows < 0 ? -1 : 0;
}

int store_hook_claim(struct store *store, const struct hook_claim *claim,
                     bool *granted, struct error *err)
{
    return changes(store,
                   DB_CALL(QUERY_HOOK_CLAIM, db_int(claim->id),
                           db_int(claim->was_delivered), db_int(claim->now_ms),
                           db_int(claim->delivered), db_int(claim->tried),
                           db_int(claim->lease_ms)),
                   granted, err);
}

int store_hook_settle(struct store *store, const struct hook_row *row,
                      bool *held, struct error *err)
{
    return changes(store,
                   DB_CALL(QUERY_HOOK_SETTLE, db_int(row->id),
                           db_int(row->lease_ms), db_int(row->delivered),
                           db_int(row->failures), db_int(row->failing_ms),
                           db_int(row->due_ms), db_int(row->last_ms),
                           db_int_unless(row->last_status, 0),
                           db_text(row->last_error)),
                   held, err);
}

int store_hooks_release(struct store *store, struct error *err)
{
    if (store_begin(store, err))
        return -1;
    if (db_write(store->db, DB_CALL(QUERY_HOOKS_RELEASE, db_int(0)), err)) {
        store_rollback(store);
        return -1;
    }
    return store_commit(store, err);
}
