// SPDX-License-Identifier: GPL-3.0-or-later
// db_file.c - makes the file of a SQLite database, for one process

#include "db_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

static int make_parents(const char *path, struct error *err)
{
    char folder[PATH_BYTES];
    size_t n = strlen(path);
    if (n >= sizeof folder)
        return error_set(err, ERROR_INVALID,
                         "the path of the database is "
                         "longer than %d bytes",
                         PATH_BYTES - 1);
    memcpy(folder, path, n + 1);
    for (char *slash = strchr(folder + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(folder, 0700) && errno != EEXIST)
            return error_set(err, ERROR_STORE, "cannot create %s: %s", folder,
                             strerror(errno));
        *slash = '/';
    }
    return 0;
}

// WAL needs memory that all connections share, and locks that work.
static int check_file_system(const char *path, struct error *err)
{
    static const struct {
        unsigned long type;
        const char *name;
    } refused[] = {
        {0x6969, "NFS"},       {0x517b, "SMB"},     {0xff534d42, "CIFS"},
        {0xfe534d42, "SMB 2"}, {0x5346414f, "AFS"},
    };
    struct statfs found;
    if (statfs(path, &found))
        return 0;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (((unsigned long)found.f_type & 0xffffffffUL) == refused[i].type)
            return error_set(err, ERROR_STORE,
                             "%s is on a network file system (%s): SQLite "
                             "needs a local disk",
                             path, refused[i].name);
    return 0;
}

static int open_private(const char *path, struct error *err)
{
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0)
        return error_set(err, ERROR_STORE, "cannot open %s: %s", path,
                         strerror(errno));
    return file;
}

// Holds the lock by never closing the descriptor.
static int lock_file(const char *path, struct error *err)
{
    char lock_path[PATH_BYTES + 8];
    snprintf(lock_path, sizeof lock_path, "%s.lock", path);
    int file = open_private(lock_path, err);
    if (file < 0)
        return -1;
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(file, F_SETLK, &lock) == 0)
        return 0;
    struct flock holder = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(file, F_GETLK, &holder) == 0 && holder.l_type != F_UNLCK)
        error_set(err, ERROR_BUSY, "%s is in use by process %ld", path,
                  (long)holder.l_pid);
    else
        error_set(err, ERROR_BUSY, "%s is in use by another process", path);
    close(file);
    return -1;
}

int db_file_create(const char *path, struct error *err)
{
    if (*path == '\0')
        return error_set(err, ERROR_INVALID, "sqlite: needs a path");
    if (make_parents(path, err) || lock_file(path, err))
        return -1;
    // A file that exists is not opened: closing any descriptor of it would
    // drop the record locks that SQLite holds on it in this process.
    struct stat status;
    if (stat(path, &status)) {
        int file = open_private(path, err);
        if (file < 0)
            return -1;
        close(file);
    }
    return check_file_system(path, err);
}
