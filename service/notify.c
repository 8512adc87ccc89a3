// SPDX-License-Identifier: GPL-3.0-or-later
// notify.c - one datagram

#include "notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int notify_systemd(const char *state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = getenv("NOTIFY_SOCKET");
    size_t n = path == NULL ? 0 : strlen(path);
    if (n == 0)
        return 0;
    if (n >= sizeof address.sun_path)
        return -1;
    memcpy(address.sun_path, path, n);
    if (*path == '@') // the abstract namespace
        address.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    socklen_t bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
    ssize_t sent = sendto(fd, state, strlen(state), MSG_NOSIGNAL,
                          (const void *)&address, bytes);
    close(fd);
    return sent < 0 ? -1 : 1;
}
