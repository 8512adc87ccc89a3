// SPDX-License-Identifier: GPL-3.0-or-later
// store.h - sessions and transactions; every query by value
//
// The store is the only truth. Its queries are in a header for each noun:
// store_account.h, store_study.h, store_trial.h and so on. A `struct store` is
// one session: one database connection used by one thread at a time; it
// reconnects by itself, with back-off, on the next call after a failure.
// PostgreSQL (libpq) and SQLite (WAL, synchronous=FULL) behave alike:
// tests/contract/test_store.c runs over both.
//
// Writes happen between store_begin and store_commit. They may be sent late
// (libpq pipeline mode), so a failure can surface at a later call or at the
// commit; after any failure in a transaction the caller rolls back and starts
// over. ERROR_STORE: the database is away or the outcome of the commit is
// unknown; ERROR_FULL: no space left; ERROR_CONFLICT: a unique key exists;
// ERROR_BUSY: lock or statement timeout, deadlock (the caller may try again).
//
// Times are milliseconds since 1970 UTC and come from the caller. Text is
// UTF-8 and NUL-terminated, NULL is SQL NULL; NaN is stored as NULL. What a
// read returns is copied into the caller's arena, visitors get rows that live
// until they return. A visitor returns 0 to go on, -1 to stop (the read then
// returns -1 with the visitor's error).

#ifndef CUMAE_STORE_H
#define CUMAE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../optimizers/arena.h"
#include "../optimizers/error.h"

struct store;

// True when the URL names PostgreSQL: then several writing sessions may work
// at once. A SQLite file takes one writer at a time.
bool store_is_shared(const char *url);

// Brings the schema up to date, under a lock (PostgreSQL: advisory lock;
// SQLite: BEGIN IMMEDIATE). Refuses a database newer than this binary and a
// migration whose text has changed. Creates the SQLite file (mode 0600), and
// holds an exclusive lock on it until the process ends, so that a second
// process on the same file fails fast with a clear message.
int store_migrate(const char *url, struct error *err);

// Is the schema there, and that of this binary? Changes nothing and takes no
// lock, so services may run. ERROR_CONFLICT says what is different.
int store_check(const char *url, struct error *err);

// Opens a session. url: sqlite:PATH, or postgresql://... (also postgres://).
// The connection is made on first use; a bad URL is an error here.
struct store *store_open(const char *url, struct error *err);
void store_close(struct store *store);

// One round trip; for /readyz.
int store_ping(struct store *store, struct error *err);

// ---- transactions ---------------------------------------------------------

int store_begin(struct store *store, struct error *err);
// After a failure the transaction is over: rolled back, or lost with the
// connection.
int store_commit(struct store *store, struct error *err);
// Does nothing outside a transaction.
void store_rollback(struct store *store);

// For tests: the n-th database call from now loses the connection (0: never).
// A commit counts twice: before it has an effect, and after it, when the
// answer is on the way back.
void store_fail_at(struct store *store, unsigned n);

#endif
