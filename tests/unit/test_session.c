// SPDX-License-Identifier: GPL-3.0-or-later
// test_session.c - cookies, and where requests come from

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "session.h"

static struct arena arena;

static void setup(void)
{
    arena_init(&arena);
}

static void teardown(void)
{
    arena_done(&arena);
}

START_TEST(test_only_https_makes_a_cookie_secure)
{
    ck_assert(session_is_secure("https://cumae.example.org"));
    ck_assert(session_is_secure("HTTPS://cumae.example.org"));
    ck_assert(!session_is_secure("http://cumae.example.org"));
    ck_assert(!session_is_secure(""));
    ck_assert(!session_is_secure(NULL));
}
END_TEST

// RFC 6265bis 4.1.3.2: __Host- needs Secure, Path=/ and no Domain.
START_TEST(test_a_cookie_is_written_for_one_host)
{
    ck_assert_str_eq(session_cookie(&arena, "cums_x", true),
                     "__Host-cumae_session=cums_x; Path=/; HttpOnly; "
                     "SameSite=Lax; Max-Age=604800; Secure");
    ck_assert_str_eq(session_cookie(&arena, "cums_x", false),
                     "cumae_session=cums_x; Path=/; HttpOnly; "
                     "SameSite=Lax; Max-Age=604800");
    ck_assert_str_eq(session_cookie(&arena, NULL, false),
                     "cumae_session=; Path=/; HttpOnly; SameSite=Lax; "
                     "Max-Age=0");
}
END_TEST

static const struct {
    const char *cookies;
    bool secure;
    const char *secret;
} headers[] = {
    {NULL, false, NULL},
    {"", false, NULL},
    {"cumae_session=a", false, "a"},
    {"x=y; cumae_session=a", false, "a"},
    {"x=y;cumae_session=a;z=1", false, "a"},
    {"xcumae_session=a", false, NULL},
    {"x=cumae_session=a", false, NULL},
    {"cumae_session", false, NULL},
    {"cumae_session=", false, ""},
    {"cumae_session=a", true, NULL},
    {"cumae_session=a; __Host-cumae_session=b", true, "b"},
    {"__Host-cumae_session=b; cumae_session=a", false, "a"},
};

START_TEST(test_a_secret_is_found_among_cookies)
{
    const char *found =
        session_secret(&arena, headers[_i].cookies, headers[_i].secure);
    if (headers[_i].secret)
        ck_assert_pstr_eq(found, headers[_i].secret);
    else
        ck_assert_ptr_null(found);
}
END_TEST

static const struct {
    struct session_source source;
    bool site, whole; // good for session_check_site, for ..._source
} sources[] = {
    {{.mark = NULL}, true, false},
    {{.mark = "0"}, true, false},
    {{.mark = "1"}, true, true},
    {{.mark = "1", .site = "same-origin"}, true, true},
    {{.mark = "1", .site = "same-site"}, false, false},
    {{.mark = "1", .site = "cross-site"}, false, false},
    {{.mark = "1", .site = "none"}, false, false},
    // What the browser says of the site is better than what Origin says: a
    // proxy may hide Host.
    {{.mark = "1", .site = "same-origin", .origin = "https://a", .host = "b"},
     true,
     true},
    {{.mark = "1", .origin = "http://a:80", .host = "a:80"}, true, true},
    {{.mark = "1", .origin = "http://a:81", .host = "a:80"}, false, false},
    {{.mark = "1", .origin = "http://a"}, false, false},
    {{.mark = "1", .origin = "null", .host = "null"}, false, false},
    {{.mark = "1", .origin = "https://A.org", .public_url = "https://a.org/"},
     true,
     true},
    {{.mark = "1", .origin = "https://a.org", .public_url = "https://a.org/x"},
     true,
     true},
    {{.mark = "1", .origin = "http://a.org", .public_url = "https://a.org"},
     false,
     false},
    {{.mark = "1", .origin = "https://a.or", .public_url = "https://a.org"},
     false,
     false},
    {{.mark = "1",
      .origin = "https://a.org.evil",
      .host = "a.org.evil",
      .public_url = "https://a.org"},
     false,
     false},
};

START_TEST(test_what_comes_from_another_site_is_refused)
{
    struct error err = {0};
    int site = session_check_site(&sources[_i].source, &err);
    ck_assert_int_eq(site, sources[_i].site ? 0 : -1);
    ck_assert_int_eq(err.code, sources[_i].site ? ERROR_NONE : ERROR_FORBIDDEN);
    error_clear(&err);
    int whole = session_check_source(&sources[_i].source, &err);
    ck_assert_int_eq(whole, sources[_i].whole ? 0 : -1);
    ck_assert_int_eq(err.code,
                     sources[_i].whole ? ERROR_NONE : ERROR_FORBIDDEN);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("session");
    TCase *cases = tcase_create("session");
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, test_only_https_makes_a_cookie_secure);
    tcase_add_test(cases, test_a_cookie_is_written_for_one_host);
    tcase_add_loop_test(cases, test_a_secret_is_found_among_cookies, 0,
                        sizeof headers / sizeof *headers);
    tcase_add_loop_test(cases, test_what_comes_from_another_site_is_refused, 0,
                        sizeof sources / sizeof *sources);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
