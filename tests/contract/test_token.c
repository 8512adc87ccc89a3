// SPDX-License-Identifier: GPL-3.0-or-later
// test_token.c - the life of tokens and sessions in every store

#include "account.h"
#include "auth.h"
#include "databases.h"
#include "session.h"
#include "store_group.h"
#include "token.h"

static struct database database;
static struct store *store;
static struct arena arena;
static struct error err;

enum { NOW_MS = 1000000000 };
static const int64_t day_ms = 86400 * INT64_C(1000);

static void open_database(int kind)
{
    arena_init(&arena);
    store = database_ready(&database, kind);
}

static void close_database(void)
{
    store_close(store);
    database_remove(&database);
    arena_done(&arena);
}

static struct audit_row audit_at(int64_t at_ms)
{
    return (struct audit_row){.at_ms = at_ms, .action = "x", .address = "::1"};
}

// A token of 31 days.
static struct new_token create(int64_t user_id, unsigned scopes)
{
    struct new_token token;
    struct audit_row audit = audit_at(NOW_MS);
    account_new_token(&token, TOKEN_API, user_id, "jobs", scopes,
                      NOW_MS + 31 * day_ms);
    token.row.created_ms = NOW_MS;
    must(token_create(store, &token, &audit, &arena, &err));
    return token;
}

static struct token_row row_of(int64_t id)
{
    struct token_row row;
    must(store_token_get(store, id, &arena, &row, &err));
    return row;
}

static int rotate(struct token_rotation *rotation, int64_t at_ms)
{
    struct audit_row audit = audit_at(at_ms);
    err = (struct error){0};
    return token_rotate(store, rotation, &audit, &arena, &err);
}

START_TEST(test_a_rotation_replaces_the_secret_and_keeps_the_rest)
{
    open_database(_i);
    int64_t anna = new_user(store, "anna");
    struct new_token old = create(anna, SCOPE_READ | SCOPE_ASK);
    struct token_rotation rotation = {
        .reach = {.user_id = anna, .scopes = SCOPE_ALL}, .id = old.row.id};
    int64_t before, after;
    must(store_permissions_revision(store, &before, &err));
    ck_assert_int_eq(rotate(&rotation, NOW_MS + day_ms), 0);
    must(store_permissions_revision(store, &after, &err));
    ck_assert_int_gt(after, before);
    struct token_row made = row_of(rotation.token.row.id);
    ck_assert_str_eq(made.name, "jobs");
    ck_assert_uint_eq(made.scopes, SCOPE_READ | SCOPE_ASK);
    ck_assert_int_eq(made.rotated_from, old.row.id);
    // As long as the old one was made for.
    ck_assert_int_eq(made.expires_ms, NOW_MS + day_ms + 31 * day_ms);
    ck_assert_int_eq(row_of(old.row.id).revoked_ms, NOW_MS + day_ms);
    ck_assert_int_eq(rotate(&rotation, NOW_MS + day_ms), -1);
    ck_assert_int_eq(err.code, ERROR_CONFLICT);
    close_database();
}
END_TEST

// The old token ends when the overlap does, or before if it would have.
static const struct {
    int64_t at_ms, overlap_s, end_ms;
} overlaps[] = {
    {NOW_MS, 60, NOW_MS + 60000},
    {NOW_MS + 31 * INT64_C(86400000) - 5000, 60,
     NOW_MS + 31 * INT64_C(86400000)},
};

START_TEST(test_an_overlap_shortens_and_never_lengthens)
{
    open_database(_i % DATABASES);
    int64_t anna = new_user(store, "anna");
    struct new_token old = create(anna, SCOPE_READ);
    struct token_rotation rotation = {.reach = {.scopes = SCOPE_ALL},
                                      .id = old.row.id,
                                      .overlap_s =
                                          overlaps[_i / DATABASES].overlap_s};
    ck_assert_int_eq(rotate(&rotation, overlaps[_i / DATABASES].at_ms), 0);
    struct token_row row = row_of(old.row.id);
    ck_assert_int_eq(row.revoked_ms, 0);
    ck_assert_int_eq(row.expires_ms, overlaps[_i / DATABASES].end_ms);
    close_database();
}
END_TEST

START_TEST(test_nobody_rotates_or_revokes_beyond_their_reach)
{
    open_database(_i);
    int64_t anna = new_user(store, "anna"), bert = new_user(store, "bert");
    int64_t study = new_study(store, anna, "s");
    struct new_token token = create(anna, SCOPE_READ | SCOPE_STEER);
    const struct {
        struct token_reach reach;
        enum error_code rotate, revoke;
    } cases[] = {
        {{bert, 0, 0, SCOPE_ALL}, ERROR_NOT_FOUND, ERROR_NOT_FOUND},
        {{anna, study, 0, SCOPE_ALL}, ERROR_NOT_FOUND, ERROR_NOT_FOUND},
        {{anna, 0, 7, SCOPE_ALL}, ERROR_NOT_FOUND, ERROR_NOT_FOUND},
        {{anna, 0, 0, SCOPE_READ | SCOPE_ADMIN}, ERROR_FORBIDDEN, ERROR_NONE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct token_rotation rotation = {.reach = cases[i].reach,
                                          .id = token.row.id};
        struct audit_row audit = audit_at(NOW_MS);
        ck_assert_int_eq(rotate(&rotation, NOW_MS), -1);
        ck_assert_int_eq(err.code, cases[i].rotate);
        err = (struct error){0};
        token_revoke(store, &cases[i].reach, token.row.id, &audit, &err);
        ck_assert_int_eq(err.code, cases[i].revoke);
    }
    close_database();
}
END_TEST

START_TEST(test_what_has_ended_is_not_rotated)
{
    open_database(_i);
    int64_t anna = new_user(store, "anna");
    struct new_token token = create(anna, SCOPE_READ);
    struct token_rotation rotation = {.reach = {.scopes = SCOPE_ALL},
                                      .id = token.row.id};
    ck_assert_int_eq(rotate(&rotation, NOW_MS + 31 * day_ms), -1);
    ck_assert_int_eq(err.code, ERROR_CONFLICT);
    must(
        store_token_revoke(store, anna, TOKEN_API, token.row.id, NOW_MS, &err));
    ck_assert_int_eq(rotate(&rotation, NOW_MS), -1);
    ck_assert_int_eq(err.code, ERROR_CONFLICT);
    close_database();
}
END_TEST

// ---- uses and sweeps --------------------------------------------------------

START_TEST(test_last_uses_are_written_together_and_never_go_back)
{
    open_database(_i);
    int64_t anna = new_user(store, "anna");
    enum { TOKENS = 3 };
    static const char *const addresses[TOKENS] = {"::1", "::2", "::3"};
    int64_t ids[TOKENS], late[TOKENS] = {30, 20, 10}, soon[TOKENS] = {5, 25, 5};
    for (int i = 0; i < TOKENS; i++)
        ids[i] = create(anna, SCOPE_READ).row.id;
    must(store_tokens_used(
        store, &(struct token_uses){ids, late, addresses, TOKENS}, &err));
    must(store_tokens_used(
        store, &(struct token_uses){ids, soon, addresses, TOKENS}, &err));
    ck_assert_int_eq(row_of(ids[0]).used_ms, 30);
    ck_assert_int_eq(row_of(ids[1]).used_ms, 25);
    ck_assert_int_eq(row_of(ids[2]).used_ms, 10);
    ck_assert_str_eq(row_of(ids[1]).used_address, "::2");
    close_database();
}
END_TEST

START_TEST(test_a_note_of_a_use_waits_for_nobody)
{
    open_database(ON_POSTGRES);
    int64_t anna = new_user(store, "anna"), used_ms = 7;
    int64_t held = create(anna, SCOPE_READ).row.id;
    int64_t free_one = create(anna, SCOPE_READ).row.id;
    struct store *other = session(&database);
    const char *address = "::1";
    must(store_begin(other, &err));
    must(store_token_revoke(other, anna, TOKEN_API, held, 9, &err));
    must(store_begin(store, &err));
    for (int i = 0; i < 2; i++)
        must(store_tokens_used(
            store,
            &(struct token_uses){i ? &free_one : &held, &used_ms, &address, 1},
            &err));
    must(store_commit(store, &err));
    must(store_commit(other, &err));
    ck_assert_int_eq(row_of(held).used_ms, 0);
    ck_assert_int_eq(row_of(free_one).used_ms, 7);
    store_close(other);
    close_database();
}
END_TEST

START_TEST(test_only_what_ended_before_is_swept_and_only_so_much)
{
    open_database(_i);
    int64_t anna = new_user(store, "anna");
    int64_t ids[5];
    struct token_row row;
    for (int i = 0; i < 5; i++)
        ids[i] = create(anna, SCOPE_READ).row.id;
    must(store_token_revoke(store, anna, TOKEN_API, ids[0], 50, &err));
    must(store_token_shorten(store, ids[1], 50, &err));
    must(store_token_revoke(store, anna, TOKEN_API, ids[2], 100, &err));
    must(store_tokens_sweep(store, 100, 1, &err));
    int left = 0;
    for (int i = 0; i < 5; i++)
        left += store_token_get(store, ids[i], &arena, &row, &err) == 0;
    ck_assert_int_eq(left, 4);
    must(store_tokens_sweep(store, 100, 10, &err));
    for (int i = 0; i < 5; i++) {
        err = (struct error){0};
        int found = store_token_get(store, ids[i], &arena, &row, &err);
        ck_assert_int_eq(found, i < 2 ? -1 : 0);
    }
    close_database();
}
END_TEST

// ---- sessions ---------------------------------------------------------------

static int64_t sign_in(int64_t user_id, const char *former,
                       struct new_token *session)
{
    const struct session_start start = {.user_id = user_id,
                                        .scopes = SCOPE_ALL,
                                        .former = former,
                                        .audit = audit_at(NOW_MS)};
    must(session_open(store, &start, session, &err));
    return session->row.id;
}

START_TEST(test_a_sign_in_ends_the_session_that_the_browser_had)
{
    open_database(_i);
    int64_t anna = new_user(store, "anna");
    struct new_token first, second, third;
    int64_t a = sign_in(anna, NULL, &first);
    int64_t b = sign_in(anna, first.secret, &second);
    sign_in(anna, "nonsense", &third);
    ck_assert_str_ne(first.secret, second.secret);
    ck_assert_int_eq(row_of(a).revoked_ms, NOW_MS);
    ck_assert_int_eq(row_of(b).revoked_ms, 0);
    ck_assert_int_eq(row_of(b).expires_ms,
                     NOW_MS + SESSION_MAX_S * INT64_C(1000));
    ck_assert_str_eq(row_of(b).used_address, "::1");
    close_database();
}
END_TEST

START_TEST(test_a_token_is_not_ended_by_a_cookie_that_holds_it)
{
    open_database(_i);
    int64_t anna = new_user(store, "anna");
    struct new_token token = create(anna, SCOPE_READ), session;
    sign_in(anna, token.secret, &session);
    ck_assert_int_eq(row_of(token.row.id).revoked_ms, 0);
    close_database();
}
END_TEST

START_TEST(test_the_oldest_sessions_beyond_the_limit_end)
{
    open_database(_i);
    int64_t anna = new_user(store, "anna"), bert = new_user(store, "bert");
    struct new_token session;
    int64_t other = sign_in(bert, NULL, &session), ids[SESSION_MAX + 2];
    for (int i = 0; i < SESSION_MAX + 2; i++)
        ids[i] = sign_in(anna, NULL, &session);
    for (int i = 0; i < SESSION_MAX + 2; i++)
        ck_assert_int_eq(row_of(ids[i]).revoked_ms != 0, i < 2);
    ck_assert_int_eq(row_of(other).revoked_ms, 0);
    close_database();
}
END_TEST

START_TEST(test_all_sessions_end_or_those_of_a_study)
{
    open_database(_i);
    int64_t anna = new_user(store, "anna"), bert = new_user(store, "bert");
    int64_t study = new_study(store, anna, "s");
    struct new_token session;
    int64_t other = sign_in(bert, NULL, &session);
    int64_t free_one = sign_in(anna, NULL, &session);
    const struct session_start start = {.user_id = anna,
                                        .study_id = study,
                                        .scopes = SCOPE_READ,
                                        .audit = audit_at(NOW_MS)};
    must(session_open(store, &start, &session, &err));
    int64_t bound = session.row.id;
    ck_assert_int_eq(store_sessions_end(store, anna, study, 0, 8, &err), 1);
    ck_assert_int_eq(row_of(bound).revoked_ms, 8);
    ck_assert_int_eq(row_of(free_one).revoked_ms, 0);
    ck_assert_int_eq(store_sessions_end(store, anna, 0, 0, 9, &err), 1);
    ck_assert_int_eq(store_sessions_end(store, anna, 0, 0, 9, &err), 0);
    ck_assert_int_eq(row_of(bound).revoked_ms, 8);
    ck_assert_int_eq(row_of(free_one).revoked_ms, 9);
    ck_assert_int_eq(row_of(other).revoked_ms, 0);
    close_database();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("token");
    TCase *tc = tcase_create("both databases");
    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc,
                        test_a_rotation_replaces_the_secret_and_keeps_the_rest,
                        0, DATABASES);
    tcase_add_loop_test(tc, test_an_overlap_shortens_and_never_lengthens, 0,
                        DATABASES * (int)(sizeof overlaps / sizeof *overlaps));
    tcase_add_loop_test(tc, test_nobody_rotates_or_revokes_beyond_their_reach,
                        0, DATABASES);
    tcase_add_loop_test(tc, test_what_has_ended_is_not_rotated, 0, DATABASES);
    tcase_add_loop_test(tc,
                        test_last_uses_are_written_together_and_never_go_back,
                        0, DATABASES);
    tcase_add_test(tc, test_a_note_of_a_use_waits_for_nobody);
    tcase_add_loop_test(tc,
                        test_only_what_ended_before_is_swept_and_only_so_much,
                        0, DATABASES);
    tcase_add_loop_test(
        tc, test_a_sign_in_ends_the_session_that_the_browser_had, 0, DATABASES);
    tcase_add_loop_test(tc, test_a_token_is_not_ended_by_a_cookie_that_holds_it,
                        0, DATABASES);
    tcase_add_loop_test(tc, test_the_oldest_sessions_beyond_the_limit_end, 0,
                        DATABASES);
    tcase_add_loop_test(tc, test_all_sessions_end_or_those_of_a_study, 0,
                        DATABASES);
    suite_add_tcase(suite, tc);
    return databases_run(suite);
}
