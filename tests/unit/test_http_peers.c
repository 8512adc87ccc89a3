// SPDX-License-Identifier: GPL-3.0-or-later
// test_http_peers.c - addresses, networks, and who speaks for whom

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "http_peers.h"

static struct peers *trusting(const char *network)
{
    const char *const list[] = {network, NULL};
    struct error err = {0};
    struct peers *peers = peers_new(0, list, &err);
    ck_assert_msg(peers != NULL, "%s: %s", network, err.message);
    return peers;
}

static const struct {
    const char *network, *inside, *outside;
} networks[] = {
    {"10.1.2.3", "10.1.2.3", "10.1.2.4"},
    {"10.0.0.0/8", "10.255.255.255", "11.0.0.0"},
    {"10.128.0.0/9", "10.128.0.1", "10.127.255.255"},
    {"192.0.2.16/30", "192.0.2.19", "192.0.2.20"},
    {"192.0.2.16/32", "192.0.2.16", "192.0.2.17"},
    {"0.0.0.0/0", "203.0.113.9", "2001:db8::1"},
    {"::1", "::1", "::2"},
    {"2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"},
    {"2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::"},
    // IPv4 in IPv6 is IPv4.
    {"::ffff:192.0.2.0/120", "192.0.2.255", "192.0.3.0"},
    {"192.0.2.0/24", "::ffff:192.0.2.1", "::ffff:192.0.3.1"},
};

START_TEST(test_a_network_holds_its_addresses_and_no_other)
{
    struct peers *peers = trusting(networks[_i].network);
    ck_assert(peers_trusted(peers, networks[_i].inside));
    ck_assert(!peers_trusted(peers, networks[_i].outside));
    ck_assert(!peers_trusted(peers, "nonsense"));
    peers_free(peers);
}
END_TEST

START_TEST(test_what_is_no_network_is_refused_by_name)
{
    static const char *const wrong[] = {
        "",          "proxy.example.org", "10.0.0.0/33",
        "10.0.0.0/", "10.0.0.0/8x",       "10.0.0.0/-1",
        "::/129",    "10.0.0/8",          "10.0.0.0/0000000000000008",
        "/8"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const char *const list[] = {"10.0.0.1", wrong[i], NULL};
        struct error err = {0};
        ck_assert_ptr_null(peers_new(0, list, &err));
        ck_assert_int_eq(err.code, ERROR_INVALID);
        ck_assert_ptr_nonnull(strstr(err.message, wrong[i]));
    }
}
END_TEST

START_TEST(test_a_key_is_an_ipv4_address_or_an_ipv6_network)
{
    ck_assert_uint_ne(peers_key("192.0.2.1"), peers_key("192.0.2.2"));
    ck_assert_uint_eq(peers_key("192.0.2.1"), peers_key("::ffff:192.0.2.1"));
    ck_assert_uint_eq(peers_key("2001:db8:0:1::1"),
                      peers_key("2001:db8:0:1:ffff::2"));
    ck_assert_uint_ne(peers_key("2001:db8:0:1::1"),
                      peers_key("2001:db8:0:2::1"));
    ck_assert_uint_eq(peers_key("unknown"), 0);
}
END_TEST

START_TEST(test_connections_are_counted_to_the_limit_and_back)
{
    struct error err = {0};
    struct peers *peers = peers_new(2, NULL, &err);
    uint64_t key = peers_key("2001:db8::1");
    struct peer *peer = peers_enter(peers, key);
    ck_assert(peers_welcome(peers, "2001:db8::2")); // the same network
    ck_assert_ptr_eq(peers_enter(peers, key), peer);
    ck_assert_uint_eq(peer_connections(peer), 2);
    ck_assert(!peers_welcome(peers, "2001:db8::3"));
    ck_assert(peers_welcome(peers, "2001:db8:0:1::3"));
    peers_leave(peers, peer);
    ck_assert(peers_welcome(peers, "2001:db8::3"));
    peers_leave(peers, peer);
    peers_free(peers);
}
END_TEST

START_TEST(test_many_addresses_are_told_apart)
{
    enum { N = 5000 };
    struct error err = {0};
    struct peers *peers = peers_new(1, NULL, &err);
    static struct peer *all[N];
    for (uint64_t i = 0; i < N; i++)
        all[i] = peers_enter(peers, i << 16);
    for (size_t i = 0; i < N; i++)
        ck_assert_uint_eq(peer_connections(all[i]), 1);
    for (size_t i = 0; i < N; i += 2)
        peers_leave(peers, all[i]);
    for (size_t i = 1; i < N; i += 2)
        ck_assert_uint_eq(peer_connections(all[i]), 1);
    peers_free(peers);
}
END_TEST

START_TEST(test_only_what_proxies_add_is_believed)
{
    struct peers *peers = trusting("10.0.0.0/8");
    char name[PEER_TEXT_BYTES] = "10.0.0.1";
    peers_forwarded(peers, "198.51.100.1, 203.0.113.7, 10.9.9.9", name);
    ck_assert_str_eq(name, "203.0.113.7");
    // A stranger's word is not taken.
    peers_forwarded(peers, "198.51.100.1", name);
    ck_assert_str_eq(name, "203.0.113.7");
    peers_free(peers);
}
END_TEST

int main(void)
{
    const TTest *const all[] = {
        test_what_is_no_network_is_refused_by_name,
        test_a_key_is_an_ipv4_address_or_an_ipv6_network,
        test_connections_are_counted_to_the_limit_and_back,
        test_many_addresses_are_told_apart,
        test_only_what_proxies_add_is_believed,
    };
    Suite *suite = suite_create("http_peers");
    TCase *cases = tcase_create("http_peers");
    tcase_add_loop_test(cases, test_a_network_holds_its_addresses_and_no_other,
                        0, sizeof networks / sizeof *networks);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        tcase_add_test(cases, all[i]);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
