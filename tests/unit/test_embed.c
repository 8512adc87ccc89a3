// SPDX-License-Identifier: GPL-3.0-or-later
// test_embed.c - what embed.sh put into the binary is what is in web/

#include <check.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "asset.h"

extern const struct asset asset_table[];
extern const size_t asset_count;

START_TEST(test_the_page_is_there)
{
    const struct asset *page = asset_find("index.html");
    ck_assert_ptr_nonnull(page);
    ck_assert_ptr_nonnull(strstr(page->data, "<html"));
    ck_assert_uint_gt(page->gzip_bytes, 0);
    ck_assert_ptr_null(asset_find("web/index.html"));
}
END_TEST

// The folder of the sources is the working folder when tests run.
START_TEST(test_every_asset_is_its_file)
{
    ck_assert_uint_gt(asset_count, 1);
    for (size_t i = 0; i < asset_count; i++) {
        const struct asset *asset = &asset_table[i];
        char path[300];
        snprintf(path, sizeof path, "web/%s", asset->path);
        FILE *file = fopen(path, "r");
        ck_assert_msg(file != NULL, "%s", path);
        char *data = malloc(asset->bytes + 1);
        ck_assert_uint_eq(fread(data, 1, asset->bytes + 1, file), asset->bytes);
        ck_assert_mem_eq(data, asset->data, asset->bytes);
        fclose(file);
        free(data);
    }
}
END_TEST

START_TEST(test_every_tag_is_the_hash_of_its_bytes)
{
    for (size_t i = 0; i < asset_count; i++) {
        const struct asset *asset = &asset_table[i];
        unsigned char hash[SHA256_DIGEST_LENGTH];
        char hex[33];
        SHA256((const unsigned char *)asset->data, asset->bytes, hash);
        for (size_t k = 0; k < 16; k++)
            sprintf(hex + 2 * k, "%02x", hash[k]);
        ck_assert_str_eq(asset->tag, hex);
    }
}
END_TEST

START_TEST(test_every_gzipped_form_unpacks_to_its_asset)
{
    size_t packed = 0;
    for (size_t i = 0; i < asset_count; i++) {
        const struct asset *asset = &asset_table[i];
        if (asset->gzip_bytes == 0)
            continue;
        char *data = malloc(asset->bytes + 1);
        z_stream stream = {.next_in = (Bytef *)(uintptr_t)asset->gzip,
                           .avail_in = (uInt)asset->gzip_bytes,
                           .next_out = (Bytef *)data,
                           .avail_out = (uInt)asset->bytes + 1};
        ck_assert_int_eq(inflateInit2(&stream, 15 + 16), Z_OK);
        ck_assert_int_eq(inflate(&stream, Z_FINISH), Z_STREAM_END);
        ck_assert_uint_eq(stream.total_out, asset->bytes);
        ck_assert_uint_eq(stream.avail_in, 0);
        ck_assert_mem_eq(data, asset->data, asset->bytes);
        inflateEnd(&stream);
        free(data);
        packed++;
    }
    ck_assert_uint_gt(packed, 1);
}
END_TEST

START_TEST(test_every_asset_has_a_known_type)
{
    for (size_t i = 0; i < asset_count; i++)
        ck_assert_msg(strcmp(asset_type(asset_table[i].path),
                             "application/octet-stream") != 0,
                      "%s", asset_table[i].path);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("embed");
    TCase *tests = tcase_create("embed");
    tcase_add_test(tests, test_the_page_is_there);
    tcase_add_test(tests, test_every_asset_is_its_file);
    tcase_add_test(tests, test_every_tag_is_the_hash_of_its_bytes);
    tcase_add_test(tests, test_every_gzipped_form_unpacks_to_its_asset);
    tcase_add_test(tests, test_every_asset_has_a_known_type);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
