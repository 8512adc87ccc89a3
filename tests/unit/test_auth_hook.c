// SPDX-License-Identifier: GPL-3.0-or-later
// test_auth_hook.c - secrets and signatures as Standard Webhooks has them

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth_hook.h"

// The example of the Standard Webhooks libraries, which all of them test
// (standard-webhooks/standard-webhooks, "sign function works").
static const char secret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
static const char message[] =
    "msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{\"test\": 2432232314}";

START_TEST(test_the_signature_is_that_of_the_published_example)
{
    char signature[AUTH_HOOK_SIGNATURE_SIZE];
    auth_hook_sign(secret, message, strlen(message), signature);
    ck_assert_str_eq(signature,
                     "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}
END_TEST

// RFC 4231, test case 1 has a key of 20 bytes, too short for a webhook; case 4
// has the 25 bytes 01 02 ... 19 and 50 bytes cd.
START_TEST(test_the_signature_is_hmac_sha_256)
{
    static const char key[] = "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGQ==";
    char data[50], signature[AUTH_HOOK_SIGNATURE_SIZE];
    memset(data, 0xcd, sizeof data);
    auth_hook_sign(key, data, sizeof data, signature);
    // 82558a38 9a443c0e a4cc8198 99f2083a 85f0faa3 e578f807 7a2e3ff4 6729665b
    ck_assert_str_eq(signature,
                     "v1,glWKOJpEPA6kzIGYmfIIOoXw+qPlePgHei4/9GcpZls=");
}
END_TEST

START_TEST(test_a_new_secret_is_one_and_differs_from_the_next)
{
    char one[AUTH_HOOK_SECRET_SIZE], two[AUTH_HOOK_SECRET_SIZE];
    auth_hook_secret(one);
    auth_hook_secret(two);
    ck_assert(auth_is_hook_secret(one) && auth_is_hook_secret(two));
    ck_assert_uint_eq(strlen(one), 6 + 44); // 32 bytes
    ck_assert_str_ne(one, two);
}
END_TEST

// whsec_ and n times "A", which is (n / 4) * 3 bytes.
static bool of_length(size_t n, const char *end)
{
    char text[200] = "whsec_";
    memset(text + 6, 'A', n);
    snprintf(text + 6 + n, sizeof text - 6 - n, "%s", end);
    return auth_is_hook_secret(text);
}

START_TEST(test_a_secret_has_24_to_64_bytes)
{
    ck_assert(!of_length(0, ""));
    ck_assert(!of_length(28, ""));  // 21
    ck_assert(!of_length(31, "=")); // 23
    ck_assert(of_length(32, ""));   // 24
    ck_assert(of_length(34, "==")); // 25
    ck_assert(of_length(84, ""));   // 63
    ck_assert(of_length(86, "==")); // 64
    ck_assert(!of_length(87, "=")); // 65
    ck_assert(!of_length(88, ""));  // 66
    ck_assert(!of_length(92, ""));
}
END_TEST

START_TEST(test_text_of_another_form_is_no_secret)
{
    static const char *const others[] = {
        "",
        "whsec_",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa-w",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwA",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwA===",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaL=Sw",
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        ck_assert_msg(!auth_is_hook_secret(others[i]), "%s", others[i]);
    ck_assert(auth_is_hook_secret(secret));
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("auth_hook");
    tcase_add_test(cases, test_the_signature_is_that_of_the_published_example);
    tcase_add_test(cases, test_the_signature_is_hmac_sha_256);
    tcase_add_test(cases, test_a_new_secret_is_one_and_differs_from_the_next);
    tcase_add_test(cases, test_a_secret_has_24_to_64_bytes);
    tcase_add_test(cases, test_text_of_another_form_is_no_secret);
    Suite *suite = suite_create("auth_hook");
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
