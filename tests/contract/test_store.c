// SPDX-License-Identifier: GPL-3.0-or-later
// test_store.c - accounts and studies in every store

#include "databases.h"
#include "store_log.h"

static struct database database;
static struct store *store;
static struct arena arena;
static struct error err;

static void open_database(int kind)
{
    arena_init(&arena);
    store = database_ready(&database, kind);
}

static void close_database(void)
{
    store_close(store);
    arena_done(&arena);
    database_remove(&database);
}

// ---- users and tokens -------------------------------------------------------

START_TEST(test_user_is_found_again_and_names_are_unique)
{
    open_database(_i);
    int64_t count;
    must(store_user_count(store, &count, &err));
    ck_assert_int_eq(count, 0);

    struct user_row anna = {.name = "anna", .admin = true, .created_ms = 5};
    struct user_row bert = {.name = "bert", .disabled = true, .created_ms = 6};
    must(store_user_add(store, &anna, &err));
    must(store_user_add(store, &bert, &err));
    ck_assert_int_gt(bert.id, anna.id);
    must_fail(ERROR_CONFLICT, store_user_add(store, &bert, &err));
    must(store_user_count(store, &count, &err));
    ck_assert_int_eq(count, 2);
    close_database();
}
END_TEST

static int see_token(void *context, const struct token_row *row,
                     struct error *error)
{
    (void)error;
    struct seen *seen = context;
    seen->id[seen->n++] = row->id;
    return 0;
}

static struct token_row token_of(int64_t user, enum token_kind kind,
                                 unsigned char first)
{
    struct token_row row = {
        .user_id = user,
        .kind = kind,
        .prefix = "cum_abc",
        .name = "laptop",
        .scopes = 5,
        .created_ms = 7,
    };
    memset(row.hash, 0xee, sizeof row.hash);
    row.hash[0] = first;
    row.hash[1] = '\0';
    return row;
}

START_TEST(test_token_is_found_by_its_hash_with_its_user)
{
    open_database(_i);
    struct user_row anna = {.name = "anna", .admin = true, .created_ms = 5};
    must(store_user_add(store, &anna, &err));
    struct token_row token = token_of(anna.id, TOKEN_LINK, 1), found;
    token.study_id = new_study(store, anna.id, "s");
    token.expires_ms = 99;
    must(store_token_add(store, &token, &err));
    must_fail(ERROR_CONFLICT, store_token_add(store, &token, &err));

    must(store_token_find(store, token.hash, &arena, &found, &err));
    ck_assert_int_eq(found.id, token.id);
    ck_assert_int_eq(found.user_id, anna.id);
    ck_assert_int_eq(found.kind, TOKEN_LINK);
    ck_assert_mem_eq(found.hash, token.hash, STORE_HASH_BYTES);
    ck_assert_str_eq(found.prefix, "cum_abc");
    ck_assert_str_eq(found.name, "laptop");
    ck_assert_uint_eq(found.scopes, 5);
    ck_assert_int_eq(found.study_id, token.study_id);
    ck_assert_int_eq(found.created_ms, 7);
    ck_assert_int_eq(found.expires_ms, 99);
    ck_assert_int_eq(found.revoked_ms, 0);
    ck_assert_int_eq(found.used_ms, 0);
    ck_assert_ptr_null(found.used_address);
    ck_assert_str_eq(found.user_name, "anna");
    ck_assert(found.user_admin && !found.user_disabled);

    const char *address = "::1";
    int64_t used_ms = 77, earlier_ms = 76;
    struct token_uses uses = {&token.id, &used_ms, &address, 1};
    must(store_tokens_used(store, &uses, &err));
    uses.used_ms = &earlier_ms;
    must(store_tokens_used(store, &uses, &err));
    must(store_token_find(store, token.hash, &arena, &found, &err));
    ck_assert_int_eq(found.used_ms, 77);
    ck_assert_str_eq(found.used_address, "::1");
    token.hash[31] = 0;
    must_fail(ERROR_NOT_FOUND,
              store_token_find(store, token.hash, &arena, &found, &err));
    close_database();
}
END_TEST

START_TEST(test_only_the_owner_revokes_a_token_and_once)
{
    open_database(_i);
    int64_t anna = new_user(store, "anna"), bert = new_user(store, "bert");
    struct token_row token = token_of(anna, TOKEN_API, 1), found;
    must(store_token_add(store, &token, &err));
    must_fail(ERROR_NOT_FOUND,
              store_token_revoke(store, bert, TOKEN_API, token.id, 8, &err));
    must(store_token_revoke(store, anna, TOKEN_API, token.id, 9, &err));
    must_fail(ERROR_NOT_FOUND,
              store_token_revoke(store, anna, TOKEN_API, token.id, 10, &err));
    must(store_token_find(store, token.hash, &arena, &found, &err));
    ck_assert_int_eq(found.revoked_ms, 9);
    close_database();
}
END_TEST

START_TEST(test_token_list_has_api_tokens_of_the_user_newest_first)
{
    open_database(_i);
    int64_t anna = new_user(store, "anna"), bert = new_user(store, "bert");
    struct token_row tokens[4] = {
        token_of(anna, TOKEN_API, 1), token_of(anna, TOKEN_SESSION, 2),
        token_of(bert, TOKEN_API, 3), token_of(anna, TOKEN_API, 4)};
    for (int i = 0; i < 4; i++)
        must(store_token_add(store, &tokens[i], &err));
    struct seen seen = {0};
    must(store_token_list(store, anna, TOKEN_API, see_token, &seen, &err));
    ck_assert_uint_eq(seen.n, 2);
    ck_assert_int_eq(seen.id[0], tokens[3].id);
    ck_assert_int_eq(seen.id[1], tokens[0].id);
    close_database();
}
END_TEST

// ---- studies ----------------------------------------------------------------

static void check_study(const struct study_row *found,
                        const struct study_row *study)
{
    ck_assert_int_eq(found->id, study->id);
    ck_assert_str_eq(found->key, study->key);
    ck_assert_int_eq(found->owner_id, study->owner_id);
    ck_assert_str_eq(found->owner_name, "anna");
    ck_assert_str_eq(found->identity, study->identity);
    ck_assert_str_eq(found->name, study->name);
    ck_assert_str_eq(found->definition, study->definition);
    ck_assert_int_eq(found->definition_revision, study->definition_revision);
    ck_assert_int_eq(found->state, study->state);
    ck_assert_pstr_eq(found->reason, study->reason);
    ck_assert_int_eq(found->created_ms, study->created_ms);
    ck_assert_int_eq(found->changed_ms, study->changed_ms);
}

static void check_progress(const struct study_progress *found,
                           const struct study_progress *progress)
{
    ck_assert_int_eq(found->next_number, progress->next_number);
    ck_assert_int_eq(found->revision, progress->revision);
    ck_assert_mem_eq(found->count, progress->count, sizeof found->count);
    ck_assert_int_eq(found->best_number, progress->best_number);
    ck_assert_int_eq(found->invalid, progress->invalid);
    ck_assert_int_eq(found->started, progress->started);
    ck_assert_double_eq(found->cost, progress->cost);
    ck_assert_int_eq(found->iteration, progress->iteration);
    if (isnan(progress->best_value))
        ck_assert_double_nan(found->best_value);
    else
        ck_assert_double_eq(found->best_value, progress->best_value);
}

START_TEST(test_study_keeps_every_field)
{
    open_database(_i);
    struct study_row study = study_of(new_user(store, "anna"), "k-1"), found;
    bool created;
    study.identity = "sha:17";
    study.name = "Müller's \"größte\" \\ Studie; -- 漢字";
    study.definition = "{\"name\":\"é\\u0000\"}";
    study.definition_revision = 3;
    study.state = STUDY_PAUSED;
    study.reason = "by hand";
    study.progress = (struct study_progress){
        .next_number = 9,
        .revision = 1LL << 40,
        .count = {1, 2, 3, 4, 5, 6, 7, 8},
        .best_number = 4,
        .best_value = -0.1,
    };
    must(store_study_add(store, &study, &arena, &created, &err));
    ck_assert(created);
    must(store_study_get(store, study.id, &arena, &found, &err));
    check_study(&found, &study);
    check_progress(&found.progress, &study.progress);
    must(store_study_find(store, "k-1", &arena, &found, &err));
    check_study(&found, &study);
    must(store_study_find_identity(store, study.owner_id, "sha:17", &arena,
                                   &found, &err));
    check_study(&found, &study);

    must_fail(ERROR_NOT_FOUND,
              store_study_get(store, study.id + 1, &arena, &found, &err));
    must_fail(ERROR_NOT_FOUND,
              store_study_find(store, "k-2", &arena, &found, &err));
    must_fail(ERROR_NOT_FOUND,
              store_study_find_identity(store, study.owner_id + 1, "sha:17",
                                        &arena, &found, &err));
    close_database();
}
END_TEST

START_TEST(test_study_of_the_same_identity_is_found_not_made)
{
    open_database(_i);
    int64_t anna = new_user(store, "anna"), bert = new_user(store, "bert");
    int64_t id = new_study(store, anna, "first");
    struct study_row again = study_of(anna, "second"), other;
    bool created;
    again.identity = "first";
    must(store_study_add(store, &again, &arena, &created, &err));
    ck_assert(!created);
    ck_assert_int_eq(again.id, id);
    ck_assert_str_eq(again.key, "first");
    ck_assert_str_eq(again.name, "second");

    other = study_of(bert, "third");
    other.identity = "first";
    must(store_study_add(store, &other, &arena, &created, &err));
    ck_assert(created);
    other = study_of(bert, "first");
    other.identity = "of its own";
    must_fail(ERROR_CONFLICT,
              store_study_add(store, &other, &arena, &created, &err));
    close_database();
}
END_TEST

START_TEST(test_locked_study_is_advanced_and_defined)
{
    open_database(_i);
    struct study_row study = study_of(new_user(store, "anna"), "s"), found;
    study.id = new_study(store, study.owner_id, "s");
    struct study_progress progress;
    int64_t definition_revision, id, owner;
    enum study_state state;

    must(store_begin(store, &err));
    must(store_study_lock(store, study.id, &progress, &definition_revision,
                          &state, NULL, &err));
    check_progress(&progress, &study.progress);
    ck_assert_int_eq(definition_revision, 0);
    ck_assert_int_eq(state, STUDY_RUNNING);
    study.name = "renamed";
    study.definition = "{\"a\":1}";
    study.definition_revision = 2;
    study.state = STUDY_FINISHED;
    study.reason = "budget";
    study.changed_ms = 44;
    study.progress = (struct study_progress){
        .next_number = 5,
        .revision = 2,
        .count = {0, 1, 4},
        .best_number = 3,
        .best_value = 0.25,
        .started = 4,
        .cost = 2.5,
        .iteration = 7,
        .invalid = 1,
    };
    must(store_study_define(store, &study, &err));
    must(store_study_advance(store, study.id, &study.progress, 44, &err));
    must(store_commit(store, &err));

    must(store_study_get(store, study.id, &arena, &found, &err));
    check_study(&found, &study);
    check_progress(&found.progress, &study.progress);
    must(store_study_progress(store, "s", &id, &owner, &progress, &err));
    ck_assert_int_eq(id, study.id);
    ck_assert_int_eq(owner, study.owner_id);
    check_progress(&progress, &study.progress);
    must_fail(ERROR_NOT_FOUND,
              store_study_progress(store, "t", &id, &owner, &progress, &err));
    must(store_begin(store, &err));
    must_fail(ERROR_NOT_FOUND,
              store_study_lock(store, study.id + 1, &progress,
                               &definition_revision, &state, NULL, &err));
    store_rollback(store);
    close_database();
}
END_TEST

static int see_study(void *context, const struct study_row *row,
                     struct error *error)
{
    (void)error;
    struct seen *seen = context;
    seen->id[seen->n++] = row->id;
    return 0;
}

static void check_studies(struct study_filter filter, size_t n,
                          const int64_t *expected)
{
    struct seen seen = {0};
    must(store_study_list(store, &filter, see_study, &seen, &err));
    ck_assert_uint_eq(seen.n, n);
    for (size_t i = 0; i < n; i++)
        ck_assert_int_eq(seen.id[i], expected[i]);
}

START_TEST(test_study_list_filters_newest_first)
{
    open_database(_i);
    int64_t anna = new_user(store, "anna"), bert = new_user(store, "bert");
    int64_t a = new_study(store, anna, "Alpha_1");
    int64_t b = new_study(store, bert, "beta%2");
    int64_t c = new_study(store, anna, "ALPHABET");
    struct study_row paused = study_of(bert, "beta%2");
    paused.id = b;
    paused.state = STUDY_PAUSED;
    must(store_study_define(store, &paused, &err));

    struct study_filter all = {.state = -1, .limit = 10, .everything = true};
    struct study_filter some = all;
    check_studies(all, 3, (int64_t[]){c, b, a});
    some.limit = 2;
    check_studies(some, 2, (int64_t[]){c, b});
    some.before_id = b;
    check_studies(some, 1, (int64_t[]){a});
    some = all;
    some.owner = "anna";
    check_studies(some, 2, (int64_t[]){c, a});
    some = all;
    some.state = STUDY_PAUSED;
    check_studies(some, 1, (int64_t[]){b});
    some = all;
    some.only_id = a;
    check_studies(some, 1, (int64_t[]){a});
    some.state = STUDY_PAUSED;
    check_studies(some, 0, NULL);
    some = all;
    some.query = "alpha";
    check_studies(some, 2, (int64_t[]){c, a});
    some.query = "%";
    check_studies(some, 1, (int64_t[]){b});
    some.query = "_";
    check_studies(some, 1, (int64_t[]){a});
    close_database();
}
END_TEST

START_TEST(test_study_is_deleted_with_everything_in_it)
{
    open_database(_i);
    int64_t anna = new_user(store, "anna");
    int64_t study = new_study(store, anna, "s");
    int64_t other = new_study(store, anna, "t");
    struct token_row token = token_of(anna, TOKEN_API, 1), found;
    token.study_id = study;
    must(store_token_add(store, &token, &err));
    int64_t studies[2] = {study, other};
    for (int i = 0; i < 2; i++) {
        struct trial_row trial = trial_of(studies[i], 0, 1);
        struct report_row report = {studies[i], 0, 1, 0.5, 20, 2};
        struct event_row event = {
            .study_id = studies[i], .revision = 1, .kind = "trial_started"};
        must(store_trial_add(store, &trial, &err));
        must(store_report_put(store, &report, &err));
        must(store_event_add(store, &event, &err));
    }
    must(store_begin(store, &err));
    must(store_study_delete(store, study, &err));
    must(store_commit(store, &err));

    struct study_row row;
    struct trial_row trial;
    must_fail(ERROR_NOT_FOUND,
              store_study_get(store, study, &arena, &row, &err));
    must_fail(ERROR_NOT_FOUND,
              store_trial_get(store, study, 0, &arena, &trial, &err));
    must_fail(ERROR_NOT_FOUND,
              store_token_find(store, token.hash, &arena, &found, &err));
    must(store_trial_get(store, other, 0, &arena, &trial, &err));
    ck_assert_int_gt(new_study(store, anna, "s"), other);
    close_database();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store");
    TCase *tc = tcase_create("both databases");
    const TTest *const tests[] = {
        test_user_is_found_again_and_names_are_unique,
        test_token_is_found_by_its_hash_with_its_user,
        test_only_the_owner_revokes_a_token_and_once,
        test_token_list_has_api_tokens_of_the_user_newest_first,
        test_study_keeps_every_field,
        test_study_of_the_same_identity_is_found_not_made,
        test_locked_study_is_advanced_and_defined,
        test_study_list_filters_newest_first,
        test_study_is_deleted_with_everything_in_it,
        NULL,
    };
    tcase_set_timeout(tc, 60);
    for (size_t i = 0; tests[i] != NULL; i++)
        tcase_add_loop_test(tc, tests[i], 0, DATABASES);
    suite_add_tcase(suite, tc);
    return databases_run(suite);
}
