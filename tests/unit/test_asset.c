// SPDX-License-Identifier: GPL-3.0-or-later
// test_asset.c - pages from the binary and from a folder
//
// This test brings its own table; test_embed.c looks at how the real one is
// made.

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "asset.h"

#define TAG_A "0123456789abcdef0123456789abcdef"
#define TAG_B "fedcba9876543210fedcba9876543210"

extern const struct asset asset_table[];
extern const size_t asset_count;

const struct asset asset_table[] = {
    {"index.html", TAG_A, "<p>", 3, "zipped", 6},
    {"img/x.png", TAG_B, "\x89PNG\0", 5, NULL, 0},
};
const size_t asset_count = 2;

static struct request *request;
static char folder[] = "/tmp/cumae-web-XXXXXX";

static void put(const char *name, const char *text)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

static void start(void)
{
    char path[300];
    request = calloc(1, sizeof *request);
    arena_init(&request->arena);
    strcpy(folder, "/tmp/cumae-web-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/web", folder);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/web/styles", folder);
    mkdir(path, 0700);
    put("secret.txt", "outside");
    put("web/.hidden", "hidden");
    put("web/index.html", "dev");
    put("web/styles/a.css", "p{}");
    snprintf(path, sizeof path, "%s/web/link.txt", folder);
    ck_assert_int_eq(symlink("../secret.txt", path), 0);
}

static void stop(void)
{
    char command[300];
    snprintf(command, sizeof command, "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0);
    arena_done(&request->arena);
    free(request);
}

static bool ask(const char *path, const char *name, const char *value)
{
    request->path = path;
    request->reply = (struct reply){0};
    request->n_headers = name != NULL;
    request->headers[0] = (struct http_pair){name, value};
    return asset_reply(request, NULL);
}

static const char *header(const char *name)
{
    for (size_t i = 0; i < request->reply.n_headers; i++)
        if (strcmp(request->reply.headers[i].name, name) == 0)
            return request->reply.headers[i].value;
    return NULL;
}

START_TEST(test_a_page_has_its_type_tag_and_bytes)
{
    ck_assert(ask("/", NULL, NULL));
    ck_assert_int_eq(request->reply.status, 200);
    ck_assert_str_eq(request->reply.content_type, "text/html; charset=utf-8");
    ck_assert_uint_eq(request->reply.body_bytes, 3);
    ck_assert_mem_eq(request->reply.body, "<p>", 3);
    ck_assert_str_eq(header("ETag"), "\"" TAG_A "\"");
    ck_assert_str_eq(header("Cache-Control"), "no-cache");
    ck_assert_str_eq(header("Vary"), "Accept-Encoding");
    ck_assert_ptr_null(header("Content-Encoding"));
    ck_assert(ask("/img/x.png", NULL, NULL));
    ck_assert_str_eq(request->reply.content_type, "image/png");
    ck_assert_uint_eq(request->reply.body_bytes, 5);
}
END_TEST

START_TEST(test_the_gzipped_page_is_another_representation)
{
    ck_assert(ask("/index.html", "accept-encoding", "gzip, br"));
    ck_assert_str_eq(header("Content-Encoding"), "gzip");
    ck_assert_str_eq(header("ETag"), "\"" TAG_A "-gzip\"");
    ck_assert_uint_eq(request->reply.body_bytes, 6);
    // There is none of a picture.
    ck_assert(ask("/img/x.png", "accept-encoding", "gzip, br"));
    ck_assert_ptr_null(header("Content-Encoding"));
    ck_assert_uint_eq(request->reply.body_bytes, 5);
}
END_TEST

START_TEST(test_a_known_tag_is_not_modified)
{
    static const char *const known[] = {"\"" TAG_A "\"", "W/\"" TAG_A "\"",
                                        "\"x\", \"" TAG_A "-gzip\"", "*"};
    for (size_t i = 0; i < 4; i++) {
        ck_assert(ask("/index.html", "if-none-match", known[i]));
        ck_assert_int_eq(request->reply.status, 304);
        ck_assert_ptr_null(request->reply.content_type);
        ck_assert_str_eq(header("ETag"), "\"" TAG_A "\"");
    }
    ck_assert(ask("/index.html", "if-none-match", "\"" TAG_B "\""));
    ck_assert_int_eq(request->reply.status, 200);
}
END_TEST

START_TEST(test_an_unknown_path_is_no_page)
{
    static const char *const paths[] = {
        "/nothing", "/index", "/index.html/", "/../index.html", "/img", "*"};
    for (size_t i = 0; i < 6; i++)
        ck_assert_msg(!ask(paths[i], NULL, NULL), "%s", paths[i]);
}
END_TEST

static bool ask_folder(const char *path)
{
    char web[300];
    snprintf(web, sizeof web, "%s/web", folder);
    request->path = path;
    request->reply = (struct reply){0};
    return asset_reply(request, web);
}

START_TEST(test_a_folder_replaces_the_built_in_pages)
{
    ck_assert(ask_folder("/"));
    ck_assert_int_eq(request->reply.status, 200);
    ck_assert_str_eq(request->reply.body, "dev");
    ck_assert_uint_eq(request->reply.body_bytes, 3);
    ck_assert_ptr_null(header("ETag"));
    ck_assert(ask_folder("/styles/a.css"));
    ck_assert_str_eq(request->reply.content_type, "text/css; charset=utf-8");
    ck_assert(!ask_folder("/img/x.png"));
}
END_TEST

START_TEST(test_nothing_outside_of_the_folder_is_served)
{
    static const char *const paths[] = {
        "/../secret.txt",
        "/styles/../../secret.txt",
        "/.hidden",
        "/./index.html",
        "/..",
        "/styles",
        "/styles/",
        "//etc/passwd",
        "/styles/..",
        "/link.txt",
        "/styles//../../secret.txt",
        "/../web/index.html",
    };
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        ck_assert_msg(!ask_folder(paths[i]), "%s", paths[i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("asset");
    TCase *tests = tcase_create("asset");
    tcase_add_checked_fixture(tests, start, stop);
    tcase_add_test(tests, test_a_page_has_its_type_tag_and_bytes);
    tcase_add_test(tests, test_the_gzipped_page_is_another_representation);
    tcase_add_test(tests, test_a_known_tag_is_not_modified);
    tcase_add_test(tests, test_an_unknown_path_is_no_page);
    tcase_add_test(tests, test_a_folder_replaces_the_built_in_pages);
    tcase_add_test(tests, test_nothing_outside_of_the_folder_is_served);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
