// SPDX-License-Identifier: GPL-3.0-or-later
// test_http.c - what an honest client sees

#include "http_probe.h"

#include <zlib.h>

static struct server *server;

static void start(void)
{
    server = server_start(probe_options());
}

static void stop(void)
{
    server_stop(server);
}

// Asks once and compares status and body.
static void expect(const char *request, int status, const char *body)
{
    struct answer answer = ask_once(server->port, request);
    ck_assert_int_eq(answer.status, status);
    if (body != NULL)
        ck_assert_str_eq(answer.body, body);
    answer_done(&answer);
}

START_TEST(test_a_request_reaches_the_handler_byte_for_byte)
{
    expect("POST /echo?q=1 HTTP/1.1\r\nHost: x\r\nUser-Agent: me\r\n"
           "X-Request-Id: abcdefgh\r\nContent-Length: 4\r\n\r\n\n{} ",
           200, "2|/echo|1|me|abcdefgh|\n{} ");
}
END_TEST

START_TEST(test_chunks_are_joined)
{
    expect("POST /later HTTP/1.1\r\nHost: x\r\nX-Request-Id: abcdefgh\r\n"
           "Transfer-Encoding: chunked\r\n\r\n"
           "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n",
           200, "2|/later|-|-|abcdefgh|abcde");
}
END_TEST

START_TEST(test_methods_are_told_apart)
{
    // In the order of enum http_method; HEAD has no body to look at.
    static const char *const names[] = {"GET",   NULL,     "POST",    "PUT",
                                        "PATCH", "DELETE", "OPTIONS", "BREW"};
    char text[200], start[16];
    for (int i = 0; i < 8; i++) {
        if (names[i] == NULL)
            continue;
        sprintf(text, "%s /echo HTTP/1.1\r\nHost: x\r\n\r\n", names[i]);
        struct answer answer = ask_once(server->port, text);
        ck_assert_int_eq(answer.status, 200);
        sprintf(start, "%d|", i);
        ck_assert_int_eq(strncmp(answer.body, start, 2), 0);
        answer_done(&answer);
    }
}
END_TEST

START_TEST(test_paths_and_queries_are_decoded_once)
{
    static const char *const cases[][3] = {
        // target, path, value of q
        {"/echo", "/echo", "-"},
        {"/echo/%41%c3%A9", "/echo/Aé", "-"},
        {"/echo//a///b/", "/echo/a/b/", "-"},
        {"//echo", "/echo", "-"},
        {"/echo/%2541", "/echo/%41", "-"},
        {"/echo/%2e%2e/../x", "/echo/../../x", "-"},
        {"/echo/a+b", "/echo/a+b", "-"},
        {"/echo?q=a+b%2Bc%26d", "/echo", "a b+c&d"},
        {"/echo?p=1&q=2&q=3", "/echo", "2"},
        {"/echo?q", "/echo", ""},
        {"/echo?&&q==&", "/echo", "="},
        {"/echo?x=%2F?&q=?", "/echo", "?"},
        {"http://x/echo?q=1", "/echo", "1"},
        {"http://x", "/", "-"},
        {"*", "*", "-"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[300], body[300];
        sprintf(text,
                "GET %s HTTP/1.1\r\nHost: x\r\n"
                "X-Request-Id: abcdefgh\r\n\r\n",
                cases[i][0]);
        sprintf(body, "0|%s|%s|-|abcdefgh|", cases[i][1], cases[i][2]);
        expect(text, 200, body);
    }
}
END_TEST

START_TEST(test_broken_targets_are_refused)
{
    static const char *const targets[] = {
        "/%",    "/%4",        "/%zz",        "/a%00b",  "/%ff",
        "/%c3",  "/%ed%a0%80", "/%c0%af",     "/?q=%00", "/?q=%f5%80%80%80",
        "/?%=1", "echo",       "ftp://x/echo"};
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        char text[300];
        sprintf(text, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", targets[i]);
        struct answer answer = ask_once(server->port, text);
        ck_assert_msg(answer.status == 400, "%s: %d", targets[i],
                      answer.status);
        ck_assert_ptr_nonnull(strstr(answer.body, "\"code\":\"malformed\""));
        answer_done(&answer);
    }
}
END_TEST

START_TEST(test_a_query_has_at_most_32_parameters)
{
    char text[400], query[4 * HTTP_MAX_QUERY + 1];
    for (int i = 0; i < HTTP_MAX_QUERY; i++)
        memcpy(query + 4 * i, "a=1&", 5);
    snprintf(text, sizeof text, GET("/echo?%s"), query);
    expect(text, 200, NULL);
    snprintf(text, sizeof text, GET("/echo?%sb"), query);
    expect(text, 400, NULL);
}
END_TEST

START_TEST(test_every_reply_has_the_security_headers_and_the_id)
{
    static const char *const paths[] = {"/echo", "/later", "/%00", "/empty"};
    for (size_t i = 0; i < 4; i++) {
        char text[200], value[256], own[256];
        sprintf(text,
                "GET %s HTTP/1.1\r\nHost: x\r\n"
                "X-Request-Id: 0-9-a-Z-0\r\n\r\n",
                paths[i]);
        struct answer answer = ask_once(server->port, text);
        char *policy = answer_header(&answer, "Content-Security-Policy", value);
        ck_assert_ptr_nonnull(policy);
        ck_assert_ptr_nonnull(strstr(policy, "default-src 'none'"));
        ck_assert_str_eq(
            answer_header(&answer, "X-Content-Type-Options", value), "nosniff");
        ck_assert_str_eq(answer_header(&answer, "Referrer-Policy", value),
                         "no-referrer");
        ck_assert_str_eq(answer_header(&answer, "Cache-Control", value),
                         "no-store");
        ck_assert_ptr_nonnull(
            answer_header(&answer, "Permissions-Policy", value));
        ck_assert_str_eq(answer_header(&answer, "X-Request-Id", own),
                         "0-9-a-Z-0");
        answer_done(&answer);
    }
}
END_TEST

START_TEST(test_a_bad_request_id_is_replaced)
{
    static const char *const ids[] = {
        "with blank", "quote\"quote", "\xc3\xa9",
        "66666666666666666666666666666666666666666666666666666666666666666"};
    char first[256] = "";
    for (size_t i = 0; i < 4; i++) {
        char text[200], value[256];
        sprintf(text,
                "GET /echo HTTP/1.1\r\nHost: x\r\nX-Request-Id: %s"
                "\r\n\r\n",
                ids[i]);
        struct answer answer = ask_once(server->port, text);
        ck_assert_ptr_nonnull(answer_header(&answer, "X-Request-Id", value));
        ck_assert_str_ne(value, ids[i]);
        ck_assert_uint_ge(strlen(value), 8);
        ck_assert_str_ne(value, first);
        memcpy(first, value, sizeof first);
        answer_done(&answer);
    }
}
END_TEST

START_TEST(test_a_handlers_header_replaces_the_standard_one)
{
    char value[256];
    struct answer answer = ask_once(server->port, GET("/headers"));
    ck_assert_str_eq(answer_header(&answer, "Cache-Control", value),
                     "no-cache");
    ck_assert_ptr_null(strstr(answer.head, "no-store"));
    ck_assert_str_eq(answer_header(&answer, "ETag", value), "\"abc\"");
    answer_done(&answer);
}
END_TEST

START_TEST(test_head_has_the_length_and_no_body)
{
    struct client client = client_open(server->port);
    char value[256];
    client_say(&client, "HEAD /text/5000 HTTP/1.1\r\nHost: x\r\n\r\n");
    struct answer answer = client_read_of(&client, true);
    ck_assert_int_eq(answer.status, 200);
    ck_assert_str_eq(answer_header(&answer, "Content-Length", value), "5000");
    answer_done(&answer);
    // The next answer begins right after the headers.
    answer = client_ask(&client, GET("/echo"));
    ck_assert_int_eq(answer.status, 200);
    ck_assert_int_eq(strncmp(answer.body, "0|/echo|", 8), 0);
    answer_done(&answer);
    client_close(&client);
}
END_TEST

START_TEST(test_204_has_no_body_and_keeps_the_connection)
{
    struct client client = client_open(server->port);
    for (int i = 0; i < 3; i++) {
        struct answer answer = client_ask(&client, GET("/empty"));
        ck_assert_int_eq(answer.status, 204);
        ck_assert_uint_eq(answer.body_bytes, 0);
        answer_done(&answer);
    }
    client_close(&client);
}
END_TEST

// ---- gzip -------------------------------------------------------------------

static size_t pack(const char *data, size_t n, char *out, size_t room)
{
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)data,
                       .avail_in = (uInt)n,
                       .next_out = (Bytef *)out,
                       .avail_out = (uInt)room};
    ck_assert_int_eq(
        deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY),
        Z_OK);
    ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size_t used = room - stream.avail_out;
    deflateEnd(&stream);
    return used;
}

static size_t unpack(const char *data, size_t n, char *out, size_t room)
{
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)data,
                       .avail_in = (uInt)n,
                       .next_out = (Bytef *)out,
                       .avail_out = (uInt)room};
    ck_assert_int_eq(inflateInit2(&stream, 15 + 16), Z_OK);
    ck_assert_int_eq(inflate(&stream, Z_FINISH), Z_STREAM_END);
    size_t used = room - stream.avail_out;
    inflateEnd(&stream);
    return used;
}

static struct answer ask_packed(const char *body, size_t n)
{
    struct client client = client_open(server->port);
    char head[200];
    sprintf(head,
            "POST /echo HTTP/1.1\r\nHost: x\r\nX-Request-Id: abcdefgh\r\n"
            "Content-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n",
            n);
    client_say(&client, head);
    client_write(&client, body, n);
    struct answer answer = client_read(&client);
    client_close(&client);
    return answer;
}

START_TEST(test_a_gzipped_body_is_inflated)
{
    char text[50000], packed[60000];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)('a' + i * i % 23);
    size_t n = pack(text, sizeof text, packed, sizeof packed);
    struct answer answer = ask_packed(packed, n);
    ck_assert_int_eq(answer.status, 200);
    const char *echoed = strstr(answer.body, "abcdefgh|") + 9;
    ck_assert_uint_eq(strlen(echoed), sizeof text);
    ck_assert_mem_eq(echoed, text, sizeof text);
    answer_done(&answer);
}
END_TEST

START_TEST(test_an_empty_body_may_be_called_gzip)
{
    struct answer answer = ask_packed("", 0);
    ck_assert_int_eq(answer.status, 200);
    answer_done(&answer);
}
END_TEST

START_TEST(test_a_zip_bomb_costs_no_more_than_the_limit)
{
    static char zeros[20000000], packed[40000];
    size_t n = pack(zeros, sizeof zeros, packed, sizeof packed);
    struct answer answer = ask_packed(packed, n);
    ck_assert_int_eq(answer.status, 413);
    ck_assert_ptr_nonnull(strstr(answer.body, "100000 bytes"));
    answer_done(&answer);
}
END_TEST

START_TEST(test_a_broken_gzip_stream_is_refused)
{
    char packed[100];
    size_t n = pack("hello", 5, packed, sizeof packed);
    struct answer answer = ask_packed("hello, I am plain", 17);
    ck_assert_int_eq(answer.status, 400);
    answer_done(&answer);
    answer = ask_packed(packed, n - 1); // its end is missing
    ck_assert_int_eq(answer.status, 400);
    answer_done(&answer);
    packed[n] = 'x'; // something follows the end
    answer = ask_packed(packed, n + 1);
    ck_assert_int_eq(answer.status, 400);
    answer_done(&answer);
    packed[n - 6] ^= 1; // a wrong checksum
    answer = ask_packed(packed, n);
    ck_assert_int_eq(answer.status, 400);
    answer_done(&answer);
}
END_TEST

START_TEST(test_another_content_encoding_is_refused)
{
    char value[256];
    struct answer answer = ask_once(
        server->port, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
                      "Content-Encoding: br\r\n\r\nx");
    ck_assert_int_eq(answer.status, 415);
    ck_assert_str_eq(answer_header(&answer, "Accept-Encoding", value), "gzip");
    answer_done(&answer);
}
END_TEST

static struct answer ask_accepting(const char *path, const char *accepted)
{
    char text[300];
    sprintf(text, "GET %s HTTP/1.1\r\nHost: x\r\nAccept-Encoding: %s\r\n\r\n",
            path, accepted);
    return ask_once(server->port, text);
}

START_TEST(test_a_large_text_is_gzipped_for_those_who_take_it)
{
    static const char *const yes[] = {"gzip", "br, gzip;q=0.5", "*",
                                      "deflate,GZIP"};
    static const char *const no[] = {"identity", "gzip;q=0", "br", "gzipped",
                                     "gzip; q=0.0, br"};
    char value[256], plain[6000], expected[5000];
    for (size_t i = 0; i < sizeof expected; i++)
        expected[i] = (char)('a' + i % 7); // as the probe's server does
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
        struct answer answer = ask_accepting("/text/5000", yes[i]);
        ck_assert_str_eq(answer_header(&answer, "Content-Encoding", value),
                         "gzip");
        ck_assert_str_eq(answer_header(&answer, "Vary", value),
                         "Accept-Encoding");
        size_t n = unpack(answer.body, answer.body_bytes, plain, sizeof plain);
        ck_assert_uint_eq(n, 5000);
        ck_assert_mem_eq(plain, expected, 5000);
        answer_done(&answer);
    }
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
        struct answer answer = ask_accepting("/text/5000", no[i]);
        ck_assert_ptr_null(answer_header(&answer, "Content-Encoding", value));
        ck_assert_uint_eq(answer.body_bytes, 5000);
        answer_done(&answer);
    }
}
END_TEST

START_TEST(test_small_and_incompressible_bodies_are_sent_as_they_are)
{
    static const char *const paths[] = {"/text/1023", "/noise/5000"};
    char value[256];
    for (size_t i = 0; i < 2; i++) {
        struct answer answer = ask_accepting(paths[i], "gzip");
        ck_assert_int_eq(answer.status, 200);
        ck_assert_ptr_null(answer_header(&answer, "Content-Encoding", value));
        answer_done(&answer);
    }
}
END_TEST

START_TEST(test_the_entity_tag_of_a_gzipped_body_is_weak)
{
    char value[256];
    struct answer answer = ask_accepting("/headers", "gzip");
    ck_assert_str_eq(answer_header(&answer, "ETag", value), "W/\"abc\"");
    answer_done(&answer);
}
END_TEST

// ---- connections ------------------------------------------------------------

START_TEST(test_a_large_reply_arrives_whole)
{
    struct answer answer = ask_once(server->port, GET("/noise/1500000"));
    ck_assert_int_eq(answer.status, 200);
    ck_assert_uint_eq(answer.body_bytes, 1500000);
    answer_done(&answer);
}
END_TEST

START_TEST(test_a_connection_serves_many_requests)
{
    struct client client = client_open(server->port);
    for (int i = 0; i < 100; i++) {
        struct answer answer =
            client_ask(&client, i % 2 ? GET("/later")
                                      : "POST /echo HTTP/1.1\r\nHost: x\r\n"
                                        "Content-Length: 3\r\n\r\nabc");
        ck_assert_int_eq(answer.status, 200);
        answer_done(&answer);
    }
    client_close(&client);
}
END_TEST

START_TEST(test_a_client_that_expects_100_continue_gets_it)
{
    struct client client = client_open(server->port);
    struct answer answer = client_ask(
        &client, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
                 "Expect: 100-continue\r\n\r\n");
    ck_assert_int_eq(answer.status, 100);
    answer_done(&answer);
    answer = client_ask(&client, "abc");
    ck_assert_int_eq(answer.status, 200);
    answer_done(&answer);
    client_close(&client);
}
END_TEST

START_TEST(test_ipv6_is_served)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6,
                                   .sin6_addr = in6addr_loopback};
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (void *)&address, sizeof address) != 0) {
        fprintf(stderr, "no IPv6 on this machine\n");
        close(fd);
        return;
    }
    close(fd);
    struct http_options options = probe_options();
    options.listen = "[::1]:0";
    struct server *other = server_start(options);
    struct client client = {.fd = socket(AF_INET6, SOCK_STREAM, 0)};
    address.sin6_port = htons((uint16_t)other->port);
    ck_assert_int_eq(connect(client.fd, (void *)&address, sizeof address), 0);
    patience(client.fd, PROBE_PATIENCE_S);
    struct answer answer = client_ask(&client, GET("/echo"));
    ck_assert_int_eq(answer.status, 200);
    ck_assert_str_eq(other->last_peer, "::1");
    answer_done(&answer);
    client_close(&client);
    server_stop(other);
}
END_TEST

START_TEST(test_bad_addresses_are_named)
{
    static const char *const addresses[] = {
        "127.0.0.1",       "127.0.0.1:",       ":80",
        "127.0.0.1:65536", "127.0.0.1:http",   "[::1]",
        "[]:80",           "127.0.0.1:999999", "no.such.host.invalid:80"};
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        struct http_options options = probe_options();
        struct error err = {0};
        options.listen = addresses[i];
        options.handle = probe_handle;
        ck_assert_ptr_null(http_start(&options, &err));
        ck_assert_int_eq(err.code, ERROR_INVALID);
        ck_assert_ptr_nonnull(strstr(err.message, addresses[i]));
    }
}
END_TEST

START_TEST(test_a_port_in_use_is_an_error)
{
    struct http_options options = probe_options();
    struct error err = {0};
    char address[40];
    sprintf(address, "127.0.0.1:%u", server->port);
    options.listen = address;
    options.handle = probe_handle;
    ck_assert_ptr_null(http_start(&options, &err));
    ck_assert_ptr_nonnull(strstr(err.message, "in use"));
}
END_TEST

START_TEST(test_only_a_trusted_proxy_may_speak_for_others)
{
    static const char *const trusted[] = {"127.0.0.1", "10.0.0.9", NULL};
    static const char *const cases[][2] = {
        // X-Forwarded-For, the peer that the handler sees
        {"203.0.113.7", "203.0.113.7"},
        {"1.2.3.4, 203.0.113.7", "203.0.113.7"},
        {"203.0.113.7, 10.0.0.9", "203.0.113.7"},
        {"2001:db8::1", "2001:db8::1"},
        {"1.2.3.4, nonsense", "127.0.0.1"},
        {"", "127.0.0.1"},
        {"10.0.0.9", "10.0.0.9"},
    };
    struct http_options options = probe_options();
    options.trusted_proxies = trusted;
    struct server *behind = server_start(options);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[200];
        sprintf(text,
                "GET /echo HTTP/1.1\r\nHost: x\r\n"
                "X-Forwarded-For: %s\r\n\r\n",
                cases[i][0]);
        struct answer answer = ask_once(behind->port, text);
        ck_assert_int_eq(answer.status, 200);
        ck_assert_str_eq(behind->last_peer, cases[i][1]);
        answer_done(&answer);
        answer = ask_once(server->port, text); // trusts nobody
        ck_assert_str_eq(server->last_peer, "127.0.0.1");
        answer_done(&answer);
    }
    server_stop(behind);
}
END_TEST

int main(void)
{
    const TTest *const all[] = {
        test_a_request_reaches_the_handler_byte_for_byte,
        test_chunks_are_joined,
        test_methods_are_told_apart,
        test_paths_and_queries_are_decoded_once,
        test_broken_targets_are_refused,
        test_a_query_has_at_most_32_parameters,
        test_every_reply_has_the_security_headers_and_the_id,
        test_a_bad_request_id_is_replaced,
        test_a_handlers_header_replaces_the_standard_one,
        test_head_has_the_length_and_no_body,
        test_204_has_no_body_and_keeps_the_connection,
        test_a_gzipped_body_is_inflated,
        test_an_empty_body_may_be_called_gzip,
        test_a_zip_bomb_costs_no_more_than_the_limit,
        test_a_broken_gzip_stream_is_refused,
        test_another_content_encoding_is_refused,
        test_a_large_text_is_gzipped_for_those_who_take_it,
        test_small_and_incompressible_bodies_are_sent_as_they_are,
        test_the_entity_tag_of_a_gzipped_body_is_weak,
        test_a_large_reply_arrives_whole,
        test_a_connection_serves_many_requests,
        test_a_client_that_expects_100_continue_gets_it,
        test_ipv6_is_served,
        test_bad_addresses_are_named,
        test_a_port_in_use_is_an_error,
        test_only_a_trusted_proxy_may_speak_for_others,
        NULL,
    };
    Suite *suite = suite_create("http");
    TCase *tests = tcase_create("http");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, start, stop);
    for (size_t i = 0; all[i] != NULL; i++)
        tcase_add_test(tests, all[i]);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
