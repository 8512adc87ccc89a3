// SPDX-License-Identifier: GPL-3.0-or-later
// store_load.h - how large the database is
//
// None of these reads a large table: PostgreSQL keeps estimates of the numbers
// of rows (as of the last vacuum or analysis), and SQLite knows the highest
// number that it gave to a row.

#ifndef CUMAE_STORE_LOAD_H
#define CUMAE_STORE_LOAD_H

#include "store.h"

// bytes with all indexes; -1 where it is not known.
int store_table_sizes(struct store *store,
                      int (*visit)(void *context, const char *name,
                                   int64_t rows, int64_t bytes,
                                   struct error *err),
                      void *context, struct error *err);

int store_database_bytes(struct store *store, int64_t *bytes,
                         struct error *err);

#endif
