// SPDX-License-Identifier: GPL-3.0-or-later
// copy_private.h - what the files of copy.h share

#ifndef CUMAE_COPY_PRIVATE_H
#define CUMAE_COPY_PRIVATE_H

#include "copy.h"

// The definition of the study that has the trials, as it is now.
struct definition *copy_read_source(struct store *store,
                                    const struct copy *copy,
                                    struct arena *arena, struct error *err);

#endif
