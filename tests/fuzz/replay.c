// SPDX-License-Identifier: GPL-3.0-or-later
// replay.c - gives a fuzz target its corpus, without a fuzzer
//
//     fuzz_X FOLDER
//
// The target aborts on a finding; the name of its input was printed before.

#include <dirent.h>

#include "fuzz.h"

enum { MOST_BYTES = 1 << 20 };

// Gives the target one file in a block of exactly its size.
static int replay(const char *path)
{
    static uint8_t buffer[MOST_BYTES];
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        return -1;
    }
    size_t n = fread(buffer, 1, sizeof buffer, file);
    fclose(file);
    uint8_t *exact = malloc(n ? n : 1);
    if (!exact)
        abort();
    memcpy(exact, buffer, n);
    printf("%s\n", path);
    fflush(stdout);
    LLVMFuzzerTestOneInput(exact, n);
    free(exact);
    return 0;
}

int main(int argc, char **argv)
{
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    int found = 0, unread = 0;
    if (!folder) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char path[4096];
        if (*entry->d_name == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
        unread += replay(path) != 0;
        found++;
    }
    closedir(folder);
    return found == 0 || unread > 0;
}
