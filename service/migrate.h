// SPDX-License-Identifier: GPL-3.0-or-later
// migrate.h - brings the schema of a database up to date
//
// Migrations are the files sql/NNN_name.sql, compiled into the binary. Each
// runs in a transaction of its own and is recorded with the SHA-256 of its
// text, under a lock that lets one process at a time look and migrate.

#ifndef CUMAE_MIGRATE_H
#define CUMAE_MIGRATE_H

#include "db.h"

// Applies the migrations that are missing. ERROR_CONFLICT: the database is
// newer than this binary, or a migration was applied with another text.
int migrate(struct db *db, struct error *err);

// Is the schema that of this binary? Changes nothing, and takes no lock.
// ERROR_CONFLICT: it is older or newer, or not there.
int migrate_check(struct db *db, struct error *err);

#endif
