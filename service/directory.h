// SPDX-License-Identifier: GPL-3.0-or-later
// directory.h - the way from a name in a request to a study
//
// A bounded cache: names (public ids, digests of definitions) to studies. An
// entry never goes stale except by deletion, which the engine finds out when it
// locks the row; then directory_drop forgets it.

#ifndef CUMAE_DIRECTORY_H
#define CUMAE_DIRECTORY_H

#include <stdbool.h>
#include <stdint.h>

enum { DIRECTORY_MAX_NAME = 63 };

struct directory_entry {
    int64_t study_id;
    char key[DIRECTORY_MAX_NAME + 1]; // public id
};

struct directory;

struct directory *directory_new(void);
void directory_free(struct directory *directory);

// False when the name is not known (it may still exist in the store).
bool directory_get(struct directory *directory, const char *name,
                   struct directory_entry *entry);

void directory_put(struct directory *directory, const char *name,
                   const struct directory_entry *entry);

// Forgets every name of this study.
void directory_drop(struct directory *directory, int64_t study_id);

#endif
