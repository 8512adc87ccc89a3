// SPDX-License-Identifier: GPL-3.0-or-later
// test_auth.c - secrets: making, recognising and hashing them

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth.h"

static const char base62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                             "abcdefghijklmnopqrstuvwxyz";
static const char *const prefixes[] = {"cum_", "cums_", "cuml_"};
enum { PREFIXES = sizeof prefixes / sizeof *prefixes };

START_TEST(test_a_secret_is_its_prefix_and_36_base62_characters)
{
    char secret[AUTH_SECRET_SIZE];
    for (int i = 0; i < PREFIXES; i++) {
        size_t n = strlen(prefixes[i]);
        auth_secret(prefixes[i], secret);
        ck_assert_int_eq(strncmp(secret, prefixes[i], n), 0);
        ck_assert_uint_eq(strlen(secret), n + 36);
        ck_assert_uint_eq(strspn(secret + n, base62), 36);
        ck_assert(auth_is_secret(secret));
    }
}
END_TEST

START_TEST(test_secrets_differ)
{
    char secrets[100][AUTH_SECRET_SIZE];
    for (int i = 0; i < 100; i++) {
        auth_secret("cum_", secrets[i]);
        for (int j = 0; j < i; j++)
            ck_assert_str_ne(secrets[i], secrets[j]);
    }
}
END_TEST

// An error of up to 32 bits in a row never escapes a CRC-32, so neither does
// any change of one character; and the checksum has one spelling only.
START_TEST(test_every_change_of_one_character_is_noticed)
{
    char secret[AUTH_SECRET_SIZE];
    auth_secret("cums_", secret);
    for (size_t i = 0; secret[i]; i++) {
        char right = secret[i];
        for (int c = 1; c < 256; c++) {
            if ((char)c == right)
                continue;
            secret[i] = (char)c;
            ck_assert_msg(!auth_is_secret(secret), "%s", secret);
        }
        secret[i] = right;
    }
    ck_assert(auth_is_secret(secret));
}
END_TEST

START_TEST(test_swapped_neighbours_are_noticed)
{
    char secret[AUTH_SECRET_SIZE];
    auth_secret("cum_", secret);
    for (size_t i = 0; secret[i + 1]; i++) {
        char left = secret[i], right = secret[i + 1];
        if (left == right)
            continue;
        secret[i] = right;
        secret[i + 1] = left;
        ck_assert_msg(!auth_is_secret(secret), "%s", secret);
        secret[i] = left;
        secret[i + 1] = right;
    }
}
END_TEST

START_TEST(test_text_of_another_form_is_no_secret)
{
    char secret[AUTH_SECRET_SIZE + 1], other[64];
    auth_secret("cum_", secret);
    ck_assert(!auth_is_secret(""));
    ck_assert(!auth_is_secret("cum_"));
    ck_assert(!auth_is_secret("_"));
    snprintf(other, sizeof other, "xum_%s", secret + 4);
    ck_assert(!auth_is_secret(other));
    snprintf(other, sizeof other, "%s0", secret);
    ck_assert(!auth_is_secret(other));
    snprintf(other, sizeof other, " %s", secret);
    ck_assert(!auth_is_secret(other));
    secret[39] = '\0';
    ck_assert(!auth_is_secret(secret));
}
END_TEST

// By zlib.crc32, which gives cbf43926 for "123456789", the published check
// value, "cum_" and 30 zeros have the CRC-32 9905d8a0 = 2567297184 =
// ((((2 * 62 + 49) * 62 + 46) * 62 + 7) * 62 + 17) * 62 + 6: digits 2nk7H6.
START_TEST(test_the_checksum_is_crc_32_in_base62)
{
    ck_assert(auth_is_secret("cum_000000000000000000000000000000"
                             "2nk7H6"));
}
END_TEST

START_TEST(test_random_text_uses_all_characters_evenly)
{
    enum { N = 62000 };
    static char text[N + 1];
    int count[256] = {0};
    auth_random(text, N);
    ck_assert_uint_eq(strlen(text), N);
    ck_assert_uint_eq(strspn(text, base62), N);
    for (int i = 0; i < N; i++)
        count[(unsigned char)text[i]]++;
    // 1000 of each, with a standard deviation of 31.4: 7 of them, at 62
    // characters, are exceeded once in 10^10 runs.
    for (const char *c = base62; *c; c++)
        ck_assert_int_le(abs(count[(unsigned char)*c] - 1000), 220);
    auth_random(text, 0);
    ck_assert_str_eq(text, "");
}
END_TEST

// FIPS 180-2, appendix B.1: SHA-256 of "abc".
static const unsigned char abc[AUTH_HASH_BYTES] = {
    0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
    0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
    0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};

START_TEST(test_the_hash_is_sha_256)
{
    unsigned char hash[AUTH_HASH_BYTES];
    auth_hash("abc", 3, hash);
    ck_assert_mem_eq(hash, abc, sizeof hash);
}
END_TEST

// Bytes fb ff bf are the sextets 62 63 62 63, in base64url "-_-_"; 30 of the
// 32 bytes make 40 characters, the last two the sextets 62 63 60: "-_8".
START_TEST(test_base64url_is_safe_in_urls)
{
    unsigned char bytes[AUTH_HASH_BYTES];
    char text[AUTH_BASE64_SIZE];
    for (int i = 0; i < AUTH_HASH_BYTES; i++)
        bytes[i] = (const unsigned char[]){0xfb, 0xff, 0xbf}[i % 3];
    auth_base64url(bytes, text);
    ck_assert_str_eq(text, "-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_8");
    memset(bytes, 0, sizeof bytes);
    auth_base64url(bytes, text);
    ck_assert_str_eq(text, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("auth");
    tcase_add_test(cases, test_a_secret_is_its_prefix_and_36_base62_characters);
    tcase_add_test(cases, test_secrets_differ);
    tcase_add_test(cases, test_every_change_of_one_character_is_noticed);
    tcase_add_test(cases, test_swapped_neighbours_are_noticed);
    tcase_add_test(cases, test_text_of_another_form_is_no_secret);
    tcase_add_test(cases, test_the_checksum_is_crc_32_in_base62);
    tcase_add_test(cases, test_random_text_uses_all_characters_evenly);
    tcase_add_test(cases, test_the_hash_is_sha_256);
    tcase_add_test(cases, test_base64url_is_safe_in_urls);
    Suite *suite = suite_create("auth");
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
