// SPDX-License-Identifier: GPL-3.0-or-later
// test_store_group.c - groups and the revision of permissions in every store

#include "databases.h"
#include "store_group.h"

static struct database database;
static struct store *store;
static struct error err;

enum { SEEN_BYTES = 200 };

static int append(void *context, const char *name, struct error *error)
{
    char *seen = context;
    (void)error;
    size_t n = strlen(seen);
    snprintf(seen + n, SEEN_BYTES - n, "%s ", name);
    return 0;
}

static void check_groups(int64_t user_id, const char *expected)
{
    char seen[SEEN_BYTES] = "";
    must(store_groups_of(store, user_id, append, seen, &err));
    ck_assert_str_eq(seen, expected);
}

START_TEST(test_each_source_changes_only_its_own_memberships)
{
    static const char *const claimed[] = {"cms", "atlas"};
    store = database_ready(&database, _i);
    struct user_row anna = {.name = "anna"}, bert = {.name = "bert"};
    must(store_user_add(store, &anna, &err));
    must(store_user_add(store, &bert, &err));
    must(
        store_groups_replace(store, anna.id, "https://a", claimed, 2, 5, &err));
    must(store_groups_replace(store, anna.id, "", claimed, 1, 6, &err));
    must(store_groups_replace(store, bert.id, "", claimed + 1, 1, 6, &err));
    check_groups(anna.id, "atlas cms ");
    must(store_groups_replace(store, anna.id, "https://a", NULL, 0, 7, &err));
    check_groups(anna.id, "cms ");
    check_groups(bert.id, "atlas ");
    store_close(store);
    database_remove(&database);
}
END_TEST

START_TEST(test_a_change_of_permissions_is_seen_by_other_sessions)
{
    int64_t before, after;
    store = database_ready(&database, _i);
    struct store *other = store_open(database.url, &err);
    ck_assert_ptr_nonnull(other);
    must(store_permissions_revision(other, &before, &err));
    must(store_permissions_change(store, &err));
    must(store_permissions_revision(other, &after, &err));
    ck_assert_int_eq(after, before + 1);
    store_close(other);
    store_close(store);
    database_remove(&database);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store_group");
    TCase *tc = tcase_create("both databases");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, test_each_source_changes_only_its_own_memberships,
                        0, DATABASES);
    tcase_add_loop_test(tc,
                        test_a_change_of_permissions_is_seen_by_other_sessions,
                        0, DATABASES);
    suite_add_tcase(suite, tc);
    return databases_run(suite);
}
