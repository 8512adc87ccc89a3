// SPDX-License-Identifier: GPL-3.0-or-later
// test_address.c - whom an IP address reaches

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"

struct row {
    const char *text;
    enum address_reach reach;
};

// The first and last address of each block of IANA's registries of
// special-purpose addresses, and their neighbours outside.
static const struct row rows[] = {
    {"0.0.0.0", ADDRESS_NEVER},
    {"0.255.255.255", ADDRESS_NEVER},
    {"1.0.0.0", ADDRESS_PUBLIC},
    {"9.255.255.255", ADDRESS_PUBLIC},
    {"10.0.0.0", ADDRESS_PRIVATE},
    {"10.255.255.255", ADDRESS_PRIVATE},
    {"11.0.0.0", ADDRESS_PUBLIC},
    {"100.63.255.255", ADDRESS_PUBLIC},
    {"100.64.0.0", ADDRESS_PRIVATE},
    {"100.127.255.255", ADDRESS_PRIVATE},
    {"100.128.0.0", ADDRESS_PUBLIC},
    {"126.255.255.255", ADDRESS_PUBLIC},
    {"127.0.0.1", ADDRESS_PRIVATE},
    {"127.255.255.255", ADDRESS_PRIVATE},
    {"128.0.0.0", ADDRESS_PUBLIC},
    {"169.253.255.255", ADDRESS_PUBLIC},
    {"169.254.0.0", ADDRESS_NEVER},
    {"169.254.169.254", ADDRESS_NEVER},
    {"169.255.0.0", ADDRESS_PUBLIC},
    {"172.15.255.255", ADDRESS_PUBLIC},
    {"172.16.0.0", ADDRESS_PRIVATE},
    {"172.31.255.255", ADDRESS_PRIVATE},
    {"172.32.0.0", ADDRESS_PUBLIC},
    {"192.0.0.8", ADDRESS_NEVER},
    {"192.0.1.0", ADDRESS_PUBLIC},
    {"192.0.2.1", ADDRESS_NEVER},
    {"192.88.99.1", ADDRESS_NEVER},
    {"192.167.255.255", ADDRESS_PUBLIC},
    {"192.168.0.0", ADDRESS_PRIVATE},
    {"192.168.255.255", ADDRESS_PRIVATE},
    {"192.169.0.0", ADDRESS_PUBLIC},
    {"198.17.255.255", ADDRESS_PUBLIC},
    {"198.18.0.0", ADDRESS_NEVER},
    {"198.19.255.255", ADDRESS_NEVER},
    {"198.20.0.0", ADDRESS_PUBLIC},
    {"198.51.100.7", ADDRESS_NEVER},
    {"203.0.113.7", ADDRESS_NEVER},
    {"223.255.255.255", ADDRESS_PUBLIC},
    {"224.0.0.1", ADDRESS_NEVER},
    {"239.255.255.255", ADDRESS_NEVER},
    {"240.0.0.1", ADDRESS_NEVER},
    {"255.255.255.255", ADDRESS_NEVER},
    {"8.8.8.8", ADDRESS_PUBLIC},
    {"::", ADDRESS_NEVER},
    {"::1", ADDRESS_PRIVATE},
    {"::2", ADDRESS_NEVER},
    {"::127.0.0.1", ADDRESS_NEVER},
    {"::ffff:127.0.0.1", ADDRESS_PRIVATE},
    {"::ffff:169.254.169.254", ADDRESS_NEVER},
    {"::ffff:8.8.8.8", ADDRESS_PUBLIC},
    {"::ffff:0:8.8.8.8", ADDRESS_NEVER},
    {"64:ff9b::10.0.0.1", ADDRESS_PRIVATE},
    {"64:ff9b::8.8.8.8", ADDRESS_PUBLIC},
    {"64:ff9b:1::8.8.8.8", ADDRESS_NEVER},
    {"100::1", ADDRESS_NEVER},
    {"1fff:ffff::1", ADDRESS_NEVER},
    {"2001::1", ADDRESS_NEVER},
    {"2001:1ff:ffff::1", ADDRESS_NEVER},
    {"2001:200::1", ADDRESS_PUBLIC},
    {"2001:db8::1", ADDRESS_NEVER},
    {"2001:db9::1", ADDRESS_PUBLIC},
    {"2002:7f00:1::1", ADDRESS_PRIVATE},
    {"2002:808:808::1", ADDRESS_PUBLIC},
    {"2a00:1450:4001::1", ADDRESS_PUBLIC},
    {"3fff:fff::1", ADDRESS_NEVER},
    {"3fff:1000::1", ADDRESS_PUBLIC},
    {"4000::1", ADDRESS_NEVER},
    {"fbff::1", ADDRESS_NEVER},
    {"fc00::1", ADDRESS_PRIVATE},
    {"fdff::1", ADDRESS_PRIVATE},
    {"fe80::1", ADDRESS_NEVER},
    {"fec0::1", ADDRESS_NEVER},
    {"ff02::1", ADDRESS_NEVER},
};
enum { ROWS = sizeof rows / sizeof *rows };

START_TEST(test_an_address_reaches_what_the_registries_say)
{
    const struct row *row = &rows[_i];
    ck_assert_msg(address_reach_of(row->text) == row->reach, "%s", row->text);
}
END_TEST

START_TEST(test_a_socket_address_is_the_same_as_its_text)
{
    const struct row *row = &rows[_i];
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    struct sockaddr_storage both;
    memset(&both, 0, sizeof both);
    if (inet_pton(AF_INET, row->text, &in.sin_addr) == 1)
        memcpy(&both, &in, sizeof in);
    else if (inet_pton(AF_INET6, row->text, &in6.sin6_addr) == 1)
        memcpy(&both, &in6, sizeof in6);
    ck_assert(address_reach((const struct sockaddr *)&both) == row->reach);
}
END_TEST

START_TEST(test_what_is_no_ip_address_is_not_connected_to)
{
    const struct sockaddr local = {.sa_family = AF_UNIX};
    ck_assert(address_reach(&local) == ADDRESS_NEVER);
}
END_TEST

START_TEST(test_a_name_is_looked_at_when_it_is_an_address)
{
    ck_assert(address_reach_of("localhost") == ADDRESS_PUBLIC);
    ck_assert(address_reach_of("") == ADDRESS_PUBLIC);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("address");
    tcase_add_loop_test(cases, test_an_address_reaches_what_the_registries_say,
                        0, ROWS);
    tcase_add_loop_test(cases, test_a_socket_address_is_the_same_as_its_text, 0,
                        ROWS);
    tcase_add_test(cases, test_what_is_no_ip_address_is_not_connected_to);
    tcase_add_test(cases, test_a_name_is_looked_at_when_it_is_an_address);
    Suite *suite = suite_create("address");
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
