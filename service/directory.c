// SPDX-License-Identifier: GPL-3.0-or-later
// directory.c - the way from a name in a request to a study

#include "directory.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 16384 };

struct slot {
    char name[DIRECTORY_MAX_NAME + 1]; // "": empty
    struct directory_entry entry;
};

struct directory {
    pthread_mutex_t mutex;
    struct slot slots[SLOTS];
};

struct directory *directory_new(void)
{
    struct directory *directory = calloc(1, sizeof *directory);
    if (!directory)
        abort();
    pthread_mutex_init(&directory->mutex, NULL);
    return directory;
}

void directory_free(struct directory *directory)
{
    if (!directory)
        return;
    pthread_mutex_destroy(&directory->mutex);
    free(directory);
}

static struct slot *slot_of(struct directory *directory, const char *name)
{
    uint64_t hash = 14695981039346656037u; // FNV-1a
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 1099511628211u;
    return &directory->slots[(hash >> 32) % SLOTS];
}

bool directory_get(struct directory *directory, const char *name,
                   struct directory_entry *entry)
{
    pthread_mutex_lock(&directory->mutex);
    const struct slot *slot = slot_of(directory, name);
    bool found = *name && strcmp(slot->name, name) == 0;
    if (found)
        *entry = slot->entry;
    pthread_mutex_unlock(&directory->mutex);
    return found;
}

void directory_put(struct directory *directory, const char *name,
                   const struct directory_entry *entry)
{
    size_t n = strlen(name);
    if (n > DIRECTORY_MAX_NAME)
        return;
    pthread_mutex_lock(&directory->mutex);
    struct slot *slot = slot_of(directory, name);
    memcpy(slot->name, name, n + 1);
    slot->entry = *entry;
    pthread_mutex_unlock(&directory->mutex);
}

void directory_drop(struct directory *directory, int64_t study_id)
{
    pthread_mutex_lock(&directory->mutex);
    for (size_t i = 0; i < SLOTS; i++)
        if (directory->slots[i].entry.study_id == study_id)
            directory->slots[i].name[0] = '\0';
    pthread_mutex_unlock(&directory->mutex);
}
