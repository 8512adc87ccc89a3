// SPDX-License-Identifier: GPL-3.0-or-later
// test_notify.c - systemd, played by a datagram socket

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "notify.h"

// Listens at `path`, where a leading @ stands for the abstract namespace.
static int listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t n = strlen(path);
    memcpy(address.sun_path, path, n);
    if (*path == '@')
        address.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    socklen_t bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
    ck_assert_int_eq(bind(fd, (void *)&address, bytes), 0);
    return fd;
}

START_TEST(test_a_state_arrives_as_one_datagram)
{
    char path[100], text[100] = "";
    snprintf(path, sizeof path, "%s/tmp/cumae-notify-%d", _i ? "@" : "",
             (int)getpid());
    int fd = listen_at(path);
    setenv("NOTIFY_SOCKET", path, 1);
    ck_assert_int_eq(notify_systemd("READY=1"), 1);
    ck_assert_int_eq(recv(fd, text, sizeof text - 1, MSG_DONTWAIT), 7);
    ck_assert_str_eq(text, "READY=1");
    close(fd);
    unlink(path);
}
END_TEST

START_TEST(test_without_a_listener_nothing_happens)
{
    unsetenv("NOTIFY_SOCKET");
    ck_assert_int_eq(notify_systemd("READY=1"), 0);
    setenv("NOTIFY_SOCKET", "/no/such/socket", 1);
    ck_assert_int_eq(notify_systemd("READY=1"), -1);
    char path[200];
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    setenv("NOTIFY_SOCKET", path, 1);
    ck_assert_int_eq(notify_systemd("READY=1"), -1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("notify");
    TCase *tests = tcase_create("notify");
    tcase_add_loop_test(tests, test_a_state_arrives_as_one_datagram, 0, 2);
    tcase_add_test(tests, test_without_a_listener_nothing_happens);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
