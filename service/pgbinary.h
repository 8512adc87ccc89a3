// SPDX-License-Identifier: GPL-3.0-or-later
// pgbinary.h - values as PostgreSQL sends and takes them
//
// The binary formats of the types that the store uses: integers and doubles
// are big-endian, an array is a header and then each element after its size.
// Sizes and layouts are those of the *_send and *_recv functions of
// PostgreSQL, which are the same in all versions that are in use.

#ifndef CUMAE_PGBINARY_H
#define CUMAE_PGBINARY_H

#include "db.h"

// The OID of the type of a parameter.
unsigned pgbinary_type(enum db_type type);

// The bytes of a parameter, NULL for NULL. They are the value's own or taken
// from the arena.
const char *pgbinary_encode(struct arena *arena, const struct db_value *value,
                            int *bytes);

// A bool or an integer of n bytes.
int64_t pgbinary_int(const char *from, size_t n);

// A float8; NaN for another size.
double pgbinary_double(const char *from, size_t n);

// A float8[] without NULLs, in the arena.
const double *pgbinary_doubles(struct arena *arena, const char *from,
                               size_t bytes, size_t *n);

#endif
